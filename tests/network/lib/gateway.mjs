// gateway.mjs - a stand-in for dstack's gateway: TCP at a port, passed on unread by the name in the ClientHello.
// gateway PORT PREFIX: <instance>-<port>s.<domain> is PREFIX and the last byte of the instance, at that port.
import { connect, createServer } from 'node:net';

const HELLO_MAX = 16384;
const [port, prefix] = process.argv.slice(2);

/* The name of a ClientHello (RFC 8446, RFC 6066), null where there is none, undefined while more has to come. */
function nameOf(data) {
    if (data.length >= 1 && data[0] !== 22) return null;
    if (data.length < 5 || data.length < 5 + data.readUInt16BE(3)) return data.length > HELLO_MAX ? null : undefined;
    let at = 5 + 4 + 2 + 32;
    at += 1 + data[at];
    at += 2 + data.readUInt16BE(at);
    at += 1 + data[at];
    const end = at + 2 + data.readUInt16BE(at);
    for (at += 2; at < end; at += 4 + data.readUInt16BE(at + 2))
        if (data.readUInt16BE(at) === 0) return data.toString('latin1', at + 9, at + 9 + data.readUInt16BE(at + 7));
    return null;
}

function passOn(from, hello, name) {
    const found = /^([0-9a-f]{40})-(\d+)s\./.exec(name ?? '');
    if (!found) return from.destroy();
    const to = connect(Number(found[2]), `${prefix}${parseInt(found[1].slice(-2), 16)}`);
    for (const [one, other] of [[from, to], [to, from]]) {
        one.setNoDelay(true);
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
    }
    to.write(hello);
    from.pipe(to);
    to.pipe(from);
    process.stdout.write(`${JSON.stringify({ name })}\n`);
}

createServer((from) => {
    let hello = Buffer.alloc(0);
    from.on('error', () => from.destroy());
    from.on('data', function look(data) {
        hello = Buffer.concat([hello, data]);
        let name = null;
        try {
            name = nameOf(hello);
        } catch {
            // Cut off, or rubbish.
        }
        if (name === undefined) return;
        from.off('data', look);
        from.pause();
        passOn(from, hello, name);
    });
}).listen(Number(port), () => process.stdout.write('{"listening":true}\n'));

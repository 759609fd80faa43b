// probe.mjs - traffic inside a namespace: listen PORT, stream ADDRESS PORT, reach ADDRESS PORT WORD [FROM [PORT]],
// take PORT, give ADDRESS PORT BYTES.
import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, createServer, isIPv6 } from 'node:net';

const PATIENCE_MS = 1000; /* for an answer through a tunnel, which takes some milliseconds */
const say = (object) => process.stdout.write(`${JSON.stringify(object)}\n`);
const [mode, ...args] = process.argv.slice(2);

/* "::" takes IPv4 too: what an application does that listens everywhere. */
function listen(port) {
    createServer((socket) => {
        socket.on('error', () => {});
        socket.on('data', (data) => {
            for (const got of data.toString().split('\n')) if (got !== '' && !/^\d+$/.test(got)) say({ got, by: 'tcp', from: socket.remoteAddress });
            socket.write(data);
        });
    }).listen({ port, host: '::' }, () => {
        const udp = createSocket({ type: 'udp6' });
        udp.on('message', (data, { address }) => say({ got: data.toString(), by: 'udp', from: address }));
        udp.bind(port, '::', () => say({ listening: port }));
    });
}

function stream(address, port) {
    let sent = 0, echoed = 0;
    const socket = connect({ host: address, port });
    socket.on('error', () => process.exit(1));
    socket.on('close', () => process.exit(1));
    socket.on('data', (data) => {
        echoed += data.toString().split('\n').length - 1;
        say({ echoed });
    });
    socket.on('connect', () => setInterval(() => socket.write(`${++sent}\n`), 20));
}

function reach(address, port, word, from, fromPort) {
    const end = (reached) => {
        say({ reached });
        process.exit(0);
    };
    const udp = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const send = () => udp.send(word, port, address, () => {});
    udp.on('error', () => {});
    if (from) udp.bind({ address: from, port: fromPort }, send);
    else send();
    const socket = connect({ host: address, port, ...(from ? { localAddress: from, localPort: fromPort } : {}) });
    socket.on('error', () => setTimeout(end, PATIENCE_MS / 2, false));
    socket.on('connect', () => socket.write(`${word}\n`));
    socket.on('data', () => end(true));
    setTimeout(end, PATIENCE_MS, false);
}

const hashOf = (data) => createHash('sha256').update(data).digest('hex');

/* Answers what it was given by its hash. */
function take(port) {
    createServer({ allowHalfOpen: true }, (socket) => {
        const hash = createHash('sha256');
        socket.on('error', () => {});
        socket.on('data', (data) => hash.update(data));
        socket.on('end', () => socket.end(hash.digest('hex')));
    }).listen({ port, host: '::' }, () => say({ listening: port }));
}

function give(address, port, count) {
    const data = randomBytes(count), begin = Date.now();
    const socket = connect({ host: address, port, allowHalfOpen: true });
    let answer = '';
    socket.on('error', () => process.exit(1));
    socket.on('data', (piece) => (answer += piece));
    socket.on('end', () => {
        say({ given: hashOf(data), taken: answer, ms: Date.now() - begin });
        process.exit(0);
    });
    socket.end(data);
}

if (mode === 'listen') listen(Number(args[0]));
if (mode === 'stream') stream(args[0], Number(args[1]));
if (mode === 'take') take(Number(args[0]));
if (mode === 'give') give(args[0], Number(args[1]), Number(args[2]));
if (mode === 'reach') reach(args[0], Number(args[1]), args[2], args[3], Number(args[4]));

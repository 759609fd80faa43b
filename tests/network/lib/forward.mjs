// forward.mjs - PORT SOCKET: takes connections at a port of a namespace to a Unix socket, which is of no namespace.
import { connect, createServer } from 'node:net';

const [port, path] = process.argv.slice(2);

createServer((from) => {
    const to = connect(path);
    for (const [one, other] of [[from, to], [to, from]]) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
        one.pipe(other);
    }
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('{"listening":true}\n'));

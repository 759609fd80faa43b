// intruder.mjs - what a stranger does to a node's port of streams: intruder WHAT ADDRESS PORT; it says when it is through.
import { randomBytes } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';

const MANY = 1000;
const PATIENCE_MS = 14_000; /* longer than a handshake may take, and shorter than who is unknown may stay */
const LOOK_MS = 500;
const [what, host, port] = process.argv.slice(2);

const say = (object) => process.stdout.write(`${JSON.stringify(object)}\n`);
const ended = (socket) => new Promise((done) => socket.on('error', () => {}).on('close', () => done(true)));
const within = (promise) => Promise.race([promise, new Promise((done) => setTimeout(done, PATIENCE_MS, false))]);

/* Returns: whether the node ended it */
async function send(bytes, tls = true) {
    const socket = tls ? connectTls({ host, port: Number(port), rejectUnauthorized: false }) : connectTcp({ host, port: Number(port) });
    const end = within(ended(socket));
    socket.on('data', () => {});
    socket.on(tls ? 'secureConnect' : 'connect', () => socket.write(bytes));
    const over = await end;
    socket.destroy();
    return over;
}

/* A record of TLS that begins a ClientHello, and goes no further. */
const half = Buffer.from('16030100ff010000fb0303', 'hex');
const frame = (length, bytes) => Buffer.concat([Buffer.from([length >> 8, length & 255]), bytes]);

const deeds = {
    rubbish: async () => send(randomBytes(4096), false),
    zero: async () => send(frame(0, randomBytes(64))),
    oversize: async () => send(frame(2051, randomBytes(4096))),
    half: async () => send(half, false),
    /* Datagrams that are framed well, and are nobody's: WireGuard answers none, and the stream stays for a while. */
    nobody: async () => send(Buffer.concat(Array.from({ length: 200 }, () => frame(150, Buffer.concat([Buffer.from([1, 0, 0, 0]), randomBytes(144)]))))),
    /* Half open, all at once; some of them speak TLS. */
    many: async () => {
        const sockets = Array.from({ length: MANY }, (_, i) => (i % 10 === 0 ? connectTls({ host, port: Number(port), rejectUnauthorized: false }) : connectTcp({ host, port: Number(port) })));
        let there = 0, gone = 0;
        for (const socket of sockets) {
            socket.on('connect', () => there++).on('secureConnect', () => {}).on('error', () => {}).on('close', () => gone++);
            socket.resume();
        }
        setInterval(() => say({ there, gone }), LOOK_MS);
        await new Promise((done) => process.once('SIGTERM', done));
    },
};
say({ over: await deeds[what]() });
process.exit(0);

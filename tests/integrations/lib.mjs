// lib.mjs - peers files, hooks run on them, and servers that end with the test.
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after } from 'node:test';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const CONTRACT = '0x5FbDB2315678afecb367f032d93F642f64180aa3';

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export const dir = mkdtempSync(join(tmpdir(), 'dp-integrations-'));
const running = new Set();
const endings = [];

/* Something more to undo at the end, before the servers are stopped. */
export const atEnd = (undo) => endings.push(undo);

async function end() {
    for (const undo of endings.splice(0)) await undo();
    await Promise.all([...running].map((server) => server.stop()));
    rmSync(dir, { recursive: true, force: true });
}
after(end);
/* A test that is cut off ends what it started as well. */
process.on('exit', () => running.forEach(({ child }) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => end().finally(() => process.exit(1)));

/* A server of a test: .output gathers what it says; stop() waits for its end, with -9 if need be.
 * The kernel ends it where the test is killed. */
export function serve(command, options = {}) {
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', ...command], { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const server = { child, output: '' };
    const exit = new Promise((done) => child.once('close', done));
    for (const stream of [child.stdout, child.stderr])
        stream.on('data', (data) => (server.output = (server.output + data).slice(-100_000)));
    child.once('error', (err) => (server.output += err));
    child.once('close', () => running.delete(server));
    server.stop = async (signal = 'SIGTERM', patience = 5000) => {
        child.kill(signal);
        const timer = setTimeout(() => child.kill('SIGKILL'), patience);
        await exit;
        clearTimeout(timer);
    };
    server.exit = exit;
    running.add(server);
    return server;
}

/* Ask until the answer is true, no longer than ms; what() says what there was instead. */
export async function until(ms, answer, what = () => 'it did not come true') {
    for (const limit = Date.now() + ms; ; await sleep(100)) {
        const got = await answer();
        if (got) return got;
        if (Date.now() > limit) throw new Error(`after ${ms} ms: ${await what()}`);
    }
}

export function run(command, { timeout = 30_000, ...options } = {}) {
    return new Promise((done) =>
        execFile(command[0], command.slice(1), { timeout, maxBuffer: 1 << 26, ...options }, (err, stdout, stderr) =>
            done({ code: err ? (typeof err.code === 'number' ? err.code : String(err.signal ?? err.code)) : 0, stdout, stderr })));
}

/* A program that must succeed; its output. */
export async function must(command, options) {
    const { code, stdout, stderr } = await run(command, options);
    if (code !== 0) throw new Error(`${command.join(' ')}: ${code}\n${stdout}${stderr}`);
    return stdout;
}

/* The hook of a folder of integrations/ on a peers file, as devproof cluster run starts it. */
export const hook = (name, file, env = {}, options = {}) =>
    run([join(ROOT, 'integrations', name, 'hook'), file],
        { timeout: 170_000, ...options, env: { PATH: '/usr/bin:/bin', DSTACK_PEERS_FILE: file, ...env } });

export function freePort(host = '127.0.0.1') {
    return new Promise((done, fail) => {
        const server = createServer();
        server.once('error', fail);
        server.listen(0, host, () => {
            const { port } = server.address();
            server.close(() => done(port));
        });
    });
}

export const instance = (token) => token.toString(16).padStart(40, '0');

/* A peer as the daemon writes it. */
export const peer = (tokenId, more = {}) => ({
    tokenId, instanceId: instance(tokenId), appId: 'ab'.repeat(20), network: 'wireguard', endpoint: `192.0.2.${tokenId % 256}:51820`,
    wireguardKey: Buffer.alloc(32, tokenId).toString('base64'), address: `10.0.1.${tokenId % 256}`, address6: null,
    leaseUntil: Math.floor(Date.now() / 1000) + 3600, self: false, verified: true, ...more,
});

export const document = (mode, peers, more = {}) => ({
    schema: 'devproof.peers/1', contract: CONTRACT, chainId: 31337, mode,
    self: { instanceId: instance(1), appId: 'ab'.repeat(20), account: CONTRACT, tokenId: 1, leaseUntil: null, registration: 'registered', detail: null },
    block: { number: 12, hash: `0x${'11'.repeat(32)}`, time: 1790000000, tag: 'latest' }, digest: `0x${'22'.repeat(32)}`,
    readAtMs: Date.now(), writtenAtMs: Date.now(), error: null, peers, ...more,
});

/* Write a peers file as the daemon does, by rename, in a folder of its own. */
export function peersFile(name, content) {
    const folder = join(dir, name);
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 'peers.json');
    writeFileSync(`${path}.new`, typeof content === 'string' ? content : JSON.stringify(content));
    renameSync(`${path}.new`, path);
    return path;
}

/* Texts that a stranger could try to write into a setting or an argument list. */
export const HOSTILE = ['"', "'", ';', '\n', '\r', '\\', '$(touch PWNED)', '`touch PWNED`', '${x}', '-', '--config=x', '{', '}', '#', '\0', ' ', '%0a', '../x'];

/* Files that no hook may act on, by why not. */
export const UNUSABLE = (mode, peers) => ({
    'an error': document(mode, peers, { error: { code: 'node', detail: 'rpc.example does not answer\u001b[31m' } }),
    'another schema': document(mode, peers, { schema: 'devproof.peers/2' }),
    'no JSON': JSON.stringify(document(mode, peers)).slice(0, -1),
    'nothing': '',
    'a list that is none': document(mode, null),
    'another mode': document('udp', peers),
    'a daemon that has ended': document(mode, peers, { writtenAtMs: Date.now() - 31_000 }),
    'one token twice': document(mode, [...peers, peers[0]]),
    'two that are this node': document(mode, [...peers, peer(98, { endpoint: 'https://b98.gw.test' })].map((one) => ({ ...one, self: true }))),
    'a peer without instance': document(mode, [...peers, peer(99, { instanceId: 'no' })]),
    'brackets without end': '['.repeat(200_000),
});

// nodes.mjs - machines of a test: network namespaces on one bridge, each with a simulator and tunnels.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { askAgent } from '../../api/lib/agent.mjs';

const ROOT = new URL('../../..', import.meta.url).pathname;
const BUILD_DIR = process.env.BUILD_DIR ?? join(ROOT, 'build');
const STRANGER = new URL('stranger.mjs', import.meta.url).pathname;
const PROBE = new URL('probe.mjs', import.meta.url).pathname;
const ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

export const CONTRACT = '0x0102030405060708090a0b0c0d0e0f1011121314';
export const CHAIN_ID = 31337;
export const PORT = 51820;

/* The names of interfaces are those of the whole machine: wireguard-go's sockets stand in one folder. */
const PREFIX = `dp${process.pid.toString(36)}`;

export const run = (...argv) => execFileSync(argv[0], argv.slice(1), { encoding: 'utf8', env: ENV, stdio: ['ignore', 'pipe', 'pipe'] });
export const within = (machine, ...argv) => ['ip', 'netns', 'exec', machine.namespace, ...argv];
export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/* Look again and again until it is so; says what it was at the end. */
export async function until(what, look, ms = 20_000) {
    const end = Date.now() + ms;
    let last;
    while (Date.now() < end) {
        last = await look();
        if (last) return last;
        await sleep(20);
    }
    throw new Error(`${typeof what === 'function' ? what() : what}: not within ${ms} ms`);
}

/* A child whose standard output is lines of JSON. */
export function startLines(argv) {
    const child = spawn(argv[0], argv.slice(1), { env: ENV, stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = [];
    createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line)));
    const exit = once(child, 'close');
    const exited = () => child.exitCode !== null || child.signalCode !== null;
    return {
        lines,
        exit,
        exited,
        async stop() {
            if (!exited()) child.kill('SIGTERM');
            await exit;
        },
    };
}

function tryRun(...argv) {
    try {
        run(...argv);
    } catch {
        // It may never have been made.
    }
}

/* Machines that reach each other at 192.0.2.N; close takes all of it away. */
export function openNetwork() {
    const dir = mkdtempSync(join(tmpdir(), 'dp-network-'));
    const bridge = `${PREFIX}br`;
    const open = [];
    run('ip', 'netns', 'add', bridge);
    run('ip', '-n', bridge, 'link', 'add', 'br0', 'type', 'bridge');
    run('ip', '-n', bridge, 'link', 'set', 'br0', 'up');
    return {
        dir,
        machine(number) {
            const namespace = `${PREFIX}n${number}`;
            const machine = { number, namespace, interface: `${PREFIX}w${number}`, address: `192.0.2.${number}` };
            run('ip', 'netns', 'add', namespace);
            open.push(() => tryRun('ip', 'netns', 'delete', namespace));
            run('ip', '-n', namespace, 'link', 'set', 'lo', 'up');
            run('ip', '-n', namespace, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', `v${number}`, 'netns', bridge);
            run('ip', '-n', bridge, 'link', 'set', `v${number}`, 'master', 'br0', 'up');
            run('ip', '-n', namespace, 'addr', 'add', `${machine.address}/24`, 'dev', 'eth0');
            run('ip', '-n', namespace, 'link', 'set', 'eth0', 'up');
            return machine;
        },
        /* What is stopped before the machines are taken away. */
        keep(child) {
            open.push(() => child.stop());
            return child;
        },
        async close() {
            /* Whatever fails, the rest is taken away. */
            const faults = [];
            while (open.length > 0) await Promise.resolve().then(open.pop()).catch((error) => faults.push(error));
            tryRun('ip', 'netns', 'delete', bridge);
            rmSync(dir, { recursive: true, force: true });
            if (faults.length > 0) throw faults[0];
        },
    };
}

/* --- simulators --- */

/* The instance of a machine: its number, in 20 bytes. */
export const instanceOf = (number) => number.toString(16).padStart(40, '0');

export async function startSimulator(network, number, ...args) {
    const at = (name) => join(network.dir, `${number}.${name}`);
    const argv = ['--data', join(ROOT, 'bin/sim/gen2'), '--socket', at('sock'), '--root', at('root'), '--collateral', at('collateral'), '--instance-id', instanceOf(number), ...args];
    const child = spawn(join(BUILD_DIR, 'bin/dstack-sim'), argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(child, 'exit');
    network.keep({ stop: async () => { child.kill('SIGTERM'); await exit; } });
    await Promise.race([once(child.stdout, 'data'), exit.then(([code]) => { throw new Error(`dstack-sim ends with ${code}`); })]);
    const info = await askAgent(at('sock'), '/Info');
    return { socket: at('sock'), platform: { root: at('root'), collateral: at('collateral') }, appId: info.app_id, instanceId: info.instance_id, composeHash: info.compose_hash };
}

/* --- nodes --- */

function writeList(path, peers) {
    writeFileSync(`${path}.new`, JSON.stringify({ schema: 'devproof.peers/1', peers }));
    renameSync(`${path}.new`, path);
}

/* A node: its simulator, and the program that keeps its tunnels. platforms: of all simulators. */
export async function startNode(network, machine, simulator, platforms, settings = {}) {
    const path = (name) => join(network.dir, `${machine.number}.${name}`);
    const config = {
        interface: machine.interface, contract: CONTRACT, chainId: CHAIN_ID, tokenId: machine.number, instanceId: simulator.instanceId,
        guestSocket: simulator.socket, platforms, peers: path('peers'), ...settings,
    };
    writeFileSync(path('config'), JSON.stringify(config));
    writeList(config.peers, []);
    const program = network.keep(startLines(within(machine, join(BUILD_DIR, 'tests/network/tunnel'), path('config'))));
    const last = (name) => program.lines.findLast(({ event }) => event === name);
    await until(`node ${machine.number} is ready`, () => last('ready') || last('error') || program.exited());
    const peer = (tokenId) => last('status')?.peers.find((one) => one.tokenId === tokenId);
    return {
        machine, simulator, program, last, peer,
        error: () => last('error'),
        publicKey: () => last('ready').publicKey,
        list: (peers) => writeList(config.peers, peers),
        count: () => last('status')?.peers.length,
        verified: (tokenId, want = true) => until(() => `node ${machine.number} has ${JSON.stringify(peer(tokenId))}`, () => peer(tokenId)?.verified === want),
        daemon: () => processOf(machine, 'wireguard-go'),
    };
}

/* A process of the machine, by how its name begins; 0: there is none. */
function processOf(machine, name) {
    for (const pid of run('ip', 'netns', 'pids', machine.namespace).trim().split('\n')) {
        try {
            if (readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith(name)) return Number(pid);
        } catch {
            // It has ended since.
        }
    }
    return 0;
}

/* A member of the list, as the contract would have it. */
export function member(node, fields = {}) {
    return { tokenId: node.machine.number, instanceId: node.simulator.instanceId, appId: node.simulator.appId, network: 'wireguard', endpoint: `${node.machine.address}:${PORT}`, wireguardKey: node.publicKey(), leaseUntil: 4_000_000_000, ...fields };
}

/* A machine with a key of its own making, whose server proves whatever it is told to. */
export async function startStranger(network, machine, simulator, net, peers) {
    const path = join(network.dir, `${machine.number}.key`);
    writeFileSync(path, run('wg', 'genkey'), { mode: 0o600 });
    const publicKey = execFileSync('wg', ['pubkey'], { input: readFileSync(path), encoding: 'utf8' }).trim();
    const child = spawn('ip', within(machine, 'wireguard-go', '-f', machine.interface).slice(1), { env: { ...ENV, WG_PROCESS_FOREGROUND: '1' }, stdio: 'ignore' });
    const exit = once(child, 'exit');
    network.keep({ stop: async () => { child.kill('SIGTERM'); await exit; } });
    await until('its wireguard-go is there', () => { try { return run(...within(machine, 'wg', 'show', machine.interface, 'listen-port')); } catch { return false; } });
    run(...within(machine, 'wg', 'set', machine.interface, 'private-key', path, 'listen-port', String(PORT)));
    for (const peer of peers)
        run(...within(machine, 'wg', 'set', machine.interface, 'peer', peer.key, 'endpoint', peer.endpoint, 'persistent-keepalive', '1', 'allowed-ips', peer.allowed.join(',')));
    for (const address of [`${net.four}/24`, `${net.six}/64`, `${net.proof}/64`])
        run('ip', '-n', machine.namespace, 'address', 'add', address, 'dev', machine.interface, ...(address.includes(':') ? ['nodad'] : []));
    run('ip', '-n', machine.namespace, 'link', 'set', machine.interface, 'up');
    let server;
    return {
        machine, simulator, publicKey: () => publicKey,
        /* claim: fields of what its quotes are over, where they are not the true ones. */
        async prove(claim) {
            await server?.stop();
            const known = Object.fromEntries(peers.map((peer) => [peer.proof, peer.key]));
            const truth = { contract: CONTRACT, chainId: CHAIN_ID, instanceId: simulator.instanceId, key: publicKey };
            server = network.keep(startLines(within(machine, process.execPath, STRANGER, JSON.stringify({ socket: simulator.socket, address: net.proof, known, claim: { ...truth, ...claim } }))));
            await until('its server listens', () => server.lines.length > 0);
        },
    };
}

/* How long changing so many peers takes, in a namespace of its own. */
export function measure(network, machine, count) {
    const path = join(network.dir, 'measure');
    writeFileSync(path, JSON.stringify({ interface: machine.interface, contract: CONTRACT, instanceId: instanceOf(machine.number) }));
    return JSON.parse(run(...within(machine, join(BUILD_DIR, 'tests/network/tunnel'), path, String(count))));
}

/* --- traffic --- */

/* Whatever arrives at a port, by TCP and UDP, at all addresses of the machine. */
export async function listen(network, machine, port) {
    const probe = network.keep(startLines(within(machine, process.execPath, PROBE, 'listen', String(port))));
    await until('the probe listens', () => probe.lines.length > 0);
    return { got: (word) => probe.lines.filter((line) => line.got === word).length };
}

/* A stream that sends a number every 20 ms and counts what comes back. */
export function stream(network, machine, address, port) {
    const probe = network.keep(startLines(within(machine, process.execPath, PROBE, 'stream', address, String(port))));
    return { echoed: () => probe.lines.at(-1)?.echoed ?? 0, ended: probe.exited, stop: probe.stop };
}

/* Whether a connection comes about and carries a word; the word is sent by UDP too. */
export async function reaches(machine, address, port, word, from = '', fromPort = 0) {
    const probe = startLines(within(machine, process.execPath, PROBE, 'reach', address, String(port), word, from, String(fromPort)));
    await probe.exit;
    return probe.lines[0].reached;
}

/* Whatever is given to a port of the machine, of which the giver hears the hash. */
export async function take(network, machine, port) {
    const probe = network.keep(startLines(within(machine, process.execPath, PROBE, 'take', String(port))));
    await until('the probe takes', () => probe.lines.length > 0);
}

export async function give(machine, address, port, bytes) {
    const probe = startLines(within(machine, process.execPath, PROBE, 'give', address, String(port), String(bytes)));
    await probe.exit;
    return probe.lines[0];
}

export function pings(machine, address) {
    try {
        run(...within(machine, 'ping', '-c', '1', '-W', '1', address));
        return true;
    } catch {
        return false;
    }
}

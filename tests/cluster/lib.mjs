// lib.mjs - a cluster's contract on a real anvil, and nodes of it: each a dstack-sim with an instance id of its own.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BUILD_DIR, freePort, sleep } from '../api/lib/stack.mjs';
import { artifact, atEnd, buildContracts, CONTRACTS, DEPLOYER, devproof, encodeFunctionData, KEY, operator, startAnvil } from '../contracts/lib.mjs';
import { startSim } from '../attest/lib/sim.mjs';

export { artifact, DEPLOYER, devproof, startAnvil };
export const DEVPROOF = join(BUILD_DIR, 'bin/devproof/devproof');
export const DAY = 86_400;
export const LEASE = 3600;
/* Blocks after which anvil calls one finalized. */
export const SETTLE = 70;
const ETHER = '0x8ac7230489e80000';
buildContracts();
export const abi = artifact('DstackClusterNFT').abi;

/* What dstack-sim's app is, and who vouches for its keys. */
const APP = '0x5bb4ff9a3837357f19dc176407a5709c62eb6c56';
const ROOT = '0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf';

const AUTH = {
    minimumNotice: DAY, notice: 2 * DAY, exitWindow: 7 * DAY, proposalLifetime: 14 * DAY, pauseLength: DAY,
    allowAnyDevice: true, requireTcbUpToDate: false, composeHash: `0x${'ab'.repeat(32)}`, deviceId: `0x${'00'.repeat(32)}`,
};

export const setup = (change = {}) => ({
    name: 'Cluster', symbol: 'NODE', owner: DEPLOYER, guardian: DEPLOYER, auth: AUTH,
    member: { maxNodes: 1024, networkMode: 2, ownerAdmits: true, publicAdmits: true, refundWindow: 7 * DAY },
    peer: { kmsRoot: ROOT, appIds: [APP], leaseDuration: LEASE },
    bootNeedsSeat: false, ballot: '0x0000000000000000000000000000000000000000', founders: [], ...change,
});

let holders = 0;
/* A wallet has one token at most. */
export const newHolder = () => `0x${(0xcafe0000 + ++holders).toString(16).padStart(40, '0')}`;

/* The contract, and what its owner does: read(view, ...), send(function, ...), sendAs(account, ...). */
export async function startCluster({ anvil, change } = {}) {
    anvil ??= await startAnvil(undefined, '--no-request-size-limit');
    const ran = await operator(anvil.url, { contracts: CONTRACTS }).deploy(['--no-build', 'DstackClusterNFT', JSON.stringify(setup(change))]);
    if (ran.code !== 0) throw new Error(ran.said);
    const { address } = JSON.parse(ran.stdout);
    const read = (functionName, ...args) => anvil.client.readContract({ address, abi, functionName, args });
    async function sendAs(account, functionName, ...args) {
        await anvil.client.simulateContract({ address, abi, functionName, args, account });
        const hash = await anvil.ask('eth_sendTransaction', { from: account, to: address, data: encodeFunctionData({ abi, functionName, args }), gas: '0x2dc6c0' });
        const receipt = await anvil.mined(hash);
        if (receipt.status !== 'success') throw new Error(`${functionName} reverted`);
        return receipt;
    }
    const cluster = {
        anvil, address, read, sendAs,
        send: (functionName, ...args) => sendAs(DEPLOYER, functionName, ...args),
        guard: async (functionName) => anvil.mined(await anvil.ask('eth_sendTransaction', { from: DEPLOYER, to: await read('rules'), data: encodeFunctionData({ abi: artifact('TimelockAppAuth').abi, functionName, args: [] }) })),
        mine: (blocks = 1) => anvil.ask('anvil_mine', `0x${blocks.toString(16)}`),
        async later(seconds) {
            await anvil.ask('evm_increaseTime', seconds);
            await anvil.ask('evm_mine');
        },
        async mint(instance) {
            const before = await read('lastTokenId');
            await cluster.send('mintNodeAccess', newHolder(), instance);
            return Number(before) + 1;
        },
    };
    await cluster.mine(SETTLE);
    return cluster;
}

/* A node: its guest agent, its seat if it gets one, and gas. env is what its programs need. */
export async function startNode(cluster, { instance = randomBytes(20).toString('hex'), seat = true, gas = true, args = [] } = {}) {
    const sim = await startSim('--instance-id', instance, ...args);
    const env = {
        DSTACK_SIMULATOR_ENDPOINT: sim.at('sock'), CLUSTER_CONTRACT: cluster.address, RPC_URL: cluster.anvil.url,
        DSTACK_GATEWAY_DOMAIN: 'gateway.example',
    };
    let stopped;
    const stop = () => (stopped ??= sim.stop());
    atEnd(stop);
    const node = { sim, instance, env, token: seat ? await cluster.mint(instance) : null, stop };
    node.run = (...words) => devproof(['cluster', ...words], { env });
    if (gas) {
        const { stdout, code, said } = await node.run('account', '--json');
        if (code !== 0) throw new Error(said);
        node.account = JSON.parse(stdout).account;
        await cluster.anvil.ask('anvil_setBalance', node.account, ETHER);
        /* Ether from nowhere is in no block's state: the next one has it. */
        await cluster.mine();
    }
    return node;
}

/* A program that goes on: its lines come one by one; end() stops it. */
export function start(program, words, env) {
    const child = spawn(program, words, { env: { ...process.env, ...env } });
    const lines = [];
    let rest = '', stderr = '', wake = () => {};
    child.stdout.on('data', (data) => {
        const parts = (rest + data).split('\n');
        rest = parts.pop();
        lines.push(...parts);
        wake();
    });
    child.stderr.on('data', (data) => (stderr += data));
    const gone = new Promise((done) => child.on('close', (code, signal) => (wake(), done(code ?? signal))));
    atEnd(() => (child.kill('SIGKILL'), gone));
    async function line(matches = () => true, within = 20_000) {
        const end = Date.now() + within;
        for (;;) {
            const at = lines.findIndex(matches);
            if (at >= 0) return lines.splice(0, at + 1).at(-1);
            if (Date.now() > end || child.exitCode !== null) throw new Error(`no such line; standard error: ${stderr}`);
            await new Promise((done) => { wake = done; setTimeout(done, 50); });
        }
    }
    return { child, line, gone, said: () => stderr, end: (signal = 'SIGTERM') => (child.kill(signal), gone) };
}

/* devproof cluster run in a node, with a hook that keeps what it was told. node.inside: words before it, of its namespace. */
export async function startDaemon(node, words = [], { hook = true } = {}) {
    const dir = mkdtempSync(join(tmpdir(), 'dp-cluster-'));
    const path = join(dir, 'peers.json'), told = join(dir, 'told'), script = join(dir, 'hook');
    writeFileSync(script, `#!/bin/sh\ncat "$1" >"${told}.new" && mv "${told}.new" "${told}" && echo run >>"${dir}/runs"\n`);
    chmodSync(script, 0o755);
    const argv = [...(node.inside ?? []), DEVPROOF, 'cluster', 'run', '--peers-file', path, ...(hook ? ['--hook', script] : []), ...words];
    const daemon = start(argv[0], argv.slice(1), node.env);
    const read = (name) => (existsSync(name) ? JSON.parse(readFileSync(name, 'utf8')) : null);
    async function poll(name, matches, within = 30_000) {
        const end = Date.now() + within;
        for (;;) {
            const at = read(name);
            if (at && matches(at)) return at;
            if (Date.now() > end || daemon.child.exitCode !== null) throw new Error(`the file never came to that: ${JSON.stringify(at)}\n${daemon.said()}`);
            await sleep(50);
        }
    }
    return {
        ...daemon, path, script, dir,
        now: () => read(path),
        until: (matches, within) => poll(path, matches, within),
        hooked: (matches, within) => poll(told, matches, within),
        runs: () => (existsSync(join(dir, 'runs')) ? readFileSync(join(dir, 'runs'), 'utf8').trim().split('\n').length : 0),
        async end(signal) {
            const code = await daemon.end(signal);
            rmSync(dir, { recursive: true, force: true });
            return code;
        },
    };
}

/* Hand a voucher to a relay; what it says. */
export async function relay(node, voucher, env = {}) {
    const path = join(mkdtempSync(join(tmpdir(), 'dp-voucher-')), 'call.json');
    writeFileSync(path, typeof voucher === 'string' ? voucher : JSON.stringify(voucher));
    const ran = await devproof(['cluster', 'relay', path, '--json'], { env: { ...node.env, DEPLOYER_KEY: KEY, ...env } });
    rmSync(dirname(path), { recursive: true });
    return ran;
}

/* devproof cluster relay --listen, which pays by the deployer's key. */
export async function startRelay(cluster) {
    const port = await freePort();
    const words = ['cluster', 'relay', '--listen', `127.0.0.1:${port}`, '--contract', cluster.address, '--rpc', cluster.anvil.url];
    const served = start(DEVPROOF, words, { DEPLOYER_KEY: KEY });
    for (const end = Date.now() + 20_000; !served.said().includes('"listening"'); await sleep(20)) {
        if (Date.now() > end || served.child.exitCode !== null) throw new Error(`no relay: ${served.said()}`);
    }
    return { ...served, url: `http://127.0.0.1:${port}/` };
}

/* Enter a node once. */
export async function enter(node, ...words) {
    const { stdout, code, said } = await node.run('voucher', ...words);
    if (code !== 0) throw new Error(said);
    const ran = await relay(node, stdout);
    if (ran.code !== 0) throw new Error(ran.said);
    return JSON.parse(ran.stdout);
}

// lib.mjs - a real anvil, devproof contracts against it, and nodes that stand between them and lie.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { BUILD_DIR, freePort, ROOT, sleep } from '../api/lib/stack.mjs';

const viem = createRequire(join(ROOT, 'tests/api/'))('viem');
export const { concat, createPublicClient, decodeFunctionData, encodeDeployData, encodeFunctionData, encodeFunctionResult, getAddress, getContractAddress, hashTypedData, http, keccak256, pad, toHex } = viem;
export const CONTRACTS = join(ROOT, 'contracts');
const BIN = join(CONTRACTS, 'node_modules/.bin');

/* Accounts that anvil begins with. */
export const DEPLOYER = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';
export const KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
export const OTHER = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
export const ROOT_A = '0x8f2cF602C9695b23130367ed78d8F557554de7C5';
export const ROOT_B = '0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf';

export const dir = mkdtempSync(join(tmpdir(), 'dp-contracts-'));

/* What a test starts is stopped at the end of the file, not of the test: others may use it. */
const stops = [];
export const atEnd = (stop) => stops.push(stop);
after(async () => {
    for (const stop of stops.reverse()) await stop();
    rmSync(dir, { recursive: true, force: true });
});

/* The sources, built once: what forge says is seen if it fails. */
export function buildContracts() {
    execFileSync(join(BIN, 'forge'), ['build', 'src'], { cwd: CONTRACTS, stdio: ['ignore', 'ignore', 'inherit'] });
}

/* A folder of contracts whose forge has built all already, and writes down what it was started with. */
export function quickContracts() {
    const folder = join(dir, 'quick');
    if (existsSync(folder)) return folder;
    mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
    symlinkSync(join(CONTRACTS, 'out'), join(folder, 'out'));
    const forge = join(folder, 'node_modules/.bin/forge');
    writeFileSync(forge, `#!/bin/sh\nenv >"${folder}/environment"\n[ -z "$4" ] || cp -r "${CONTRACTS}/out" "$4"\n`);
    chmodSync(forge, 0o755);
    return folder;
}

export const artifact = (name) => JSON.parse(readFileSync(join(CONTRACTS, `out/${name}.sol/${name}.json`)));

/* A transaction's receipt. viem's own wait looks again at a new block only, and anvil makes none without a transaction:
 * a receipt that is missed once is waited for in vain. */
async function mined(client, hash) {
    for (let i = 0; ; i++) {
        try {
            return await client.getTransactionReceipt({ hash });
        } catch (err) {
            if (i === 1500 || err.name !== 'TransactionReceiptNotFoundError') throw err;
            await sleep(20);
        }
    }
}

export async function startAnvil(port, ...args) {
    port ??= await freePort();
    const child = spawn(join(BIN, 'anvil'), ['--port', String(port), '--silent', ...args], { stdio: 'ignore' });
    const gone = new Promise((done) => child.on('exit', done));
    const url = `http://127.0.0.1:${port}`;
    const client = createPublicClient({ transport: http(url, { retryCount: 0, timeout: 60_000 }) });
    for (let i = 0; ; i++) {
        try {
            await client.getChainId();
            break;
        } catch (err) {
            if (i === 100 || child.exitCode !== null) throw err;
            await sleep(100);
        }
    }
    const stop = () => (child.kill(), gone);
    atEnd(stop);
    return { url, port, client, stop, mined: (hash) => mined(client, hash), ask: (method, ...params) => client.request({ method, params }) };
}

/* devproof WORDS, in a folder of its own. */
export function devproof(words, { env = {}, cwd = dir } = {}) {
    const { RPC_URL, DEPLOYER_KEY, ...rest } = process.env;
    return new Promise((done) => {
        const child = spawn(join(BUILD_DIR, 'bin/devproof/devproof'), words, { cwd, env: { ...rest, ...env } });
        let stdout = '', stderr = '';
        child.stdout.on('data', (data) => (stdout += data));
        child.stderr.on('data', (data) => (stderr += data));
        child.on('close', (code) => done({ code, stdout, stderr, said: stdout + stderr }));
    });
}

export const run = (words, options) => devproof(['contracts', ...words], options);

let keyFiles = 0;
export function keyFile(text = `${KEY}\n`, mode = 0o600) {
    const path = join(dir, `key-${keyFiles++}`);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
}

let places = 0;
/* Somebody with a key and a folder for records, at a node: deploy(NAME, ...) and verify(...). */
export function operator(url, options = {}) {
    const deployments = join(dir, `deployments-${places++}`);
    const common = ['--deployments', deployments, '--contracts', options.contracts ?? quickContracts()];
    const key = options.as ?? ['--key-file', keyFile()];
    const at = (node) => ['--rpc', node ?? url, ...common];
    return {
        deployments,
        file: (chain = 31337) => join(deployments, `${chain}.json`),
        records: (chain = 31337) => JSON.parse(readFileSync(join(deployments, `${chain}.json`))).contracts,
        deploy: (words, node) => run(['deploy', ...at(node), ...key, '--json', ...words], options),
        verify: (words = [], node) => run(['verify', ...at(node), '--json', ...words], options),
    };
}

/* A node in front of another. change(method, answer, request) returns what is said instead: an object, or a
 * function that has the response for itself. */
export async function liar(upstream, change) {
    const server = createServer(async (request, response) => {
        const pieces = [];
        for await (const piece of request) pieces.push(piece);
        const asked = JSON.parse(Buffer.concat(pieces));
        const real = await fetch(upstream, { method: 'POST', body: JSON.stringify(asked), headers: { 'content-type': 'application/json' } });
        const said = await change(asked.method, await real.json(), asked);
        if (typeof said === 'function') said(response);
        else response.end(JSON.stringify(said));
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    const stop = () => (server.closeAllConnections(), server.close());
    atEnd(stop);
    return { url: `http://127.0.0.1:${server.address().port}`, stop };
}

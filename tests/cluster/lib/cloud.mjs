// cloud.mjs - a stand-in for the cloud's API, whose CVMs are dstack-sims that run the daemon with what was sealed for them.
import { createDecipheriv, createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../api/lib/stack.mjs';
import { atEnd } from '../../contracts/lib.mjs';
import { DEVPROOF, start, startNode } from '../lib.mjs';

const require = createRequire(join(ROOT, 'tests/api/'));
const { getComposeHash } = require('@phala/dstack-sdk');
const { verifyEnvEncryptPublicKey, verifyEnvEncryptPublicKeyLegacy } = require('@phala/dstack-sdk/verify-env-encrypt-public-key');
const { secp256k1 } = require('@noble/curves/secp256k1');
const { keccak_256 } = require('@noble/hashes/sha3');
const { publicKeyToAddress } = require('viem/accounts');

export const APP = '5bb4ff9a3837357f19dc176407a5709c62eb6c56';
export const TOKEN = 'phak_stand-in';
const GEN2 = join(ROOT, 'bin/sim/gen2');

/* --- the KMS --- */

const key = () => Buffer.from(secp256k1.utils.randomPrivateKey());
const signBy = (key, ...parts) => {
    const signature = secp256k1.sign(keccak_256(Buffer.concat(parts.map((part) => Buffer.from(part)))), key);
    return Buffer.concat([signature.toCompactRawBytes(), Buffer.from([signature.recovery])]);
};
const u64be = (value) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(value));
    return bytes;
};

/* A root of our own, an X25519 key for the app, and the simulator's files with the app's key vouched for by that root. */
export function makeKms() {
    const root = key(), { publicKey, privateKey } = generateKeyPairSync('x25519');
    const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
    const data = mkdtempSync(join(tmpdir(), 'dp-kms-'));
    cpSync(GEN2, data, { recursive: true });
    const keys = JSON.parse(readFileSync(join(GEN2, 'appkeys.json')));
    const app = secp256k1.getPublicKey(Buffer.from(keys.k256_key, 'hex'), true);
    keys.k256_signature = signBy(root, 'dstack-kms-issued:', Buffer.from(APP, 'hex'), app).toString('hex');
    writeFileSync(join(data, 'appkeys.json'), JSON.stringify(keys));
    atEnd(() => rmSync(data, { recursive: true, force: true }));
    const tag = (app) => ['dstack-env-encrypt-pubkey:', Buffer.from(app, 'hex')];
    return {
        data, privateKey, publicKey: raw,
        root: publicKeyToAddress(`0x${Buffer.from(secp256k1.getPublicKey(root, false)).toString('hex')}`),
        rootKey: `0x${Buffer.from(secp256k1.getPublicKey(root, true)).toString('hex')}`,
        legacy: ({ by = root, pub = raw, app = APP } = {}) => signBy(by, ...tag(app), pub),
        dated: (timestamp, { by = root, pub = raw, app = APP } = {}) => signBy(by, ...tag(app), u64be(timestamp), pub),
        stranger: key(),
    };
}

/* What the official SDK says of it: who signed. */
export const sdkSigner = (pub, signature, timestamp) => (timestamp === undefined
    ? verifyEnvEncryptPublicKeyLegacy(pub, signature, APP) : verifyEnvEncryptPublicKey(pub, signature, APP, timestamp));

/* As dstack-util opens it: X25519, AES-256-GCM. */
export function openSealed(hex, privateKey) {
    const sealed = Buffer.from(hex, 'hex');
    const spki = Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), sealed.subarray(0, 32)]);
    const secret = diffieHellman({ privateKey, publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }) });
    const decipher = createDecipheriv('aes-256-gcm', secret, sealed.subarray(32, 44)).setAuthTag(sealed.subarray(-16));
    return JSON.parse(decipher.update(sealed.subarray(44, -16), undefined, 'utf8') + decipher.final('utf8'));
}

/* --- the CVMs --- */

/* The KMS gives a CVM keys only where the app's contract allows its code. */
async function boot(cloud, cvm) {
    if (!(await cloud.isAllowed(cvm.compose_hash))) throw new Error('the KMS refuses');
    cvm.node ??= await startNode(cloud.cluster, { instance: randomBytes(20).toString('hex'), seat: false, args: ['--data', cloud.kms.data] });
    cvm.instance_id = cvm.node.instance;
    cvm.variables = cvm.encrypted_env ? Object.fromEntries(openSealed(cvm.encrypted_env, cloud.kms.privateKey).env.map(({ key, value }) => [key, value])) : {};
    /* Which cluster it is, the variables say; the rest stands in the code. */
    const { CLUSTER_CONTRACT, ...env } = cvm.node.env;
    const words = ['cluster', 'run', '--block', 'latest', '--interval', '1', '--peers-file', cvm.node.sim.at('peers.json')];
    cvm.daemon = start(DEVPROOF, words, { ...env, ...cvm.variables });
}

function power(cloud, cvm, on) {
    cvm.status = on ? 'starting' : 'stopping';
    cloud.events.push(`${on ? 'start' : 'stop'} ${cvm.id}`);
    const change = on ? boot(cloud, cvm) : (cvm.daemon?.end() ?? Promise.resolve());
    cvm.busy = change.then(() => (cvm.status = on ? 'running' : 'stopped'), () => (cvm.status = 'exited'));
}

const shown = ({ id, vm_uuid, name, app_id, instance_id = null, status, compose_hash }) => ({ id, vm_uuid, name, app_id, instance_id, status, compose_hash });

function make(cloud, body, name) {
    const order = cloud.orders.get(body.compose_hash);
    if (!order) return [400, { detail: 'Compose hash not found' }];
    const cvm = { id: `cvm_${cloud.cvms.length + 1}`, vm_uuid: randomUUID(), name: name ?? order.name, app_id: APP, compose_hash: body.compose_hash, encrypted_env: body.encrypted_env, asked: body };
    cloud.cvms.push(cvm);
    power(cloud, cvm, true);
    return [200, { ...shown(cvm), id: cloud.cvms.length, compose_hash: undefined }];
}

/* Each: method, path, what is answered: [status, body]. */
const routes = [
    ['POST', /^\/cvms\/provision$/, (cloud, body) => {
        const compose_hash = getComposeHash(body.compose_file);
        cloud.orders.set(compose_hash, body);
        return [200, { app_id: null, app_env_encrypt_pubkey: null, compose_hash, kms_info: { id: 'kms_1', slug: 'kms-base-prod', url: 'https://kms.example', version: '0.5.6', chain_id: 8453, kms_contract_address: null, gateway_app_id: null }, instance_type: body.instance_type }];
    }],
    ['POST', /^\/cvms$/, (cloud, body) => {
        const same = cloud.cvms.find(({ app_id }) => app_id === body.app_id);
        if (same && same.compose_hash !== body.compose_hash) return [409, { detail: 'CVM_APP_ID_CONFLICT' }];
        return same ? [200, shown(same)] : make(cloud, body);
    }],
    ['POST', new RegExp(`^/apps/${APP}/instances$`), (cloud, body) => make(cloud, body, `replica-${cloud.cvms.length}`)],
    ['GET', /^\/apps\/[0-9a-f]{40}\/cvms$/, (cloud) => (cloud.cvms.length ? [200, cloud.cvms.map(shown)] : [404, { detail: 'App not found' }])],
    ['GET', /^\/kms\/kms-base-prod\/pubkey\/([0-9a-f]{40})$/, (cloud, body, app) => [200, { public_key: cloud.kms.publicKey.toString('hex'), signature: cloud.kms.legacy({ app }).toString('hex') }]],
    ['GET', /^\/cvms\/([\w-]+)$/, (cloud, body, id) => [200, shown(cloud.find(id))]],
    ['POST', /^\/cvms\/([\w-]+)\/start$/, (cloud, body, id) => (power(cloud, cloud.find(id), true), [200, shown(cloud.find(id))])],
    ['POST', /^\/cvms\/([\w-]+)\/stop$/, (cloud, body, id) => (power(cloud, cloud.find(id), false), [200, shown(cloud.find(id))])],
];

async function read(request) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    return Buffer.concat(pieces).toString();
}

/*
 * change(step, answer, response) is asked before a step, with null for answer, and after it. What it returns, [status,
 * body], is said instead, the first time in place of the step; it may also cut the connection.
 */
export async function startCloud(cluster, kms, isAllowed) {
    const cloud = {
        cluster, kms, isAllowed, cvms: [], orders: new Map(), events: [], steps: [], heard: '', change: null,
        find: (id) => cloud.cvms.find((cvm) => cvm.vm_uuid === id || cvm.id === id),
        async stop() {
            server.closeAllConnections();
            server.close();
            for (const cvm of cloud.cvms) {
                await cvm.busy;
                await cvm.daemon?.end();
                await cvm.node?.stop();
            }
        },
    };
    async function answer(request, response) {
        const text = await read(request), { pathname } = new URL(request.url, 'http://cloud');
        const route = routes.find(([method, path]) => method === request.method && path.test(pathname.replace(/^\/api\/v1/, '')));
        const found = route && route[1].exec(pathname.replace(/^\/api\/v1/, ''));
        const step = `${request.method} ${pathname.replace(/^\/api\/v1/, '').replace(APP, 'APP').replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, 'ID')}`;
        cloud.steps.push(step);
        if (request.headers['x-api-key'] !== TOKEN) return [401, { detail: 'Invalid API key' }];
        if (request.headers['x-phala-version'] !== '2026-01-21' || !found) return [404, { detail: 'Not Found' }];
        const instead = await cloud.change?.(step, null, response);
        if (instead !== undefined || response.destroyed) return instead;
        cloud.heard += text;
        const real = await route[2](cloud, text ? JSON.parse(text) : {}, found[1]);
        return (await cloud.change?.(step, real, response)) ?? (response.destroyed ? undefined : real);
    }
    const server = createServer(async (request, response) => {
        const said = await answer(request, response);
        if (said === undefined || response.destroyed) return;
        response.writeHead(said[0], { 'content-type': 'application/json' }).end(typeof said[1] === 'string' ? said[1] : JSON.stringify(said[1]));
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    cloud.url = `http://127.0.0.1:${server.address().port}/api/v1`;
    atEnd(() => cloud.stop());
    return cloud;
}

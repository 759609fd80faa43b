// verify.test.mjs - devproof cluster verify: who answers at a peer's endpoint has to prove that it is that peer.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { promisify } from 'node:util';
import { BUILD_DIR, ROOT } from '../api/lib/stack.mjs';
import { atEnd, dir } from '../contracts/lib.mjs';
import { answers, serve } from '../attest/lib/pccs.mjs';
import { judge, startSim } from '../attest/lib/sim.mjs';
import { devproof, enter, startCluster, startNode } from './lib.mjs';

const PKI = join(dir, 'pki');
const ATTESTATION = '1.3.6.1.4.1.62397.1.8';
const APP = '5bb4ff9a3837357f19dc176407a5709c62eb6c56';
/* Where a quote has its registers and its report data: header 48, MRTD 136, RTMRs 328, report data 520 into the body. */
const REGISTERS = { mrtd: 184, rtmr0: 376, rtmr1: 424, rtmr2: 472 }, REPORT_DATA = 568;

let cluster, good, trust;
before(async () => {
    cluster = await startCluster();
    good = await startPeer();
    trust = ['--root', good.sim.at('root'), '--collateral', good.sim.at('collateral')];
});

/* --- servers --- */

/* What a server is told inside of TLS: nothing, by whoever only verifies. */
const told = [];

async function listen(server) {
    const sockets = new Set();
    server.on('connection', (socket) => { sockets.add(socket); socket.on('error', () => {}); });
    server.on('tlsClientError', () => {});
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    atEnd(() => { for (const socket of sockets) socket.destroy(); server.close(); });
    return server.address().port;
}

const serveTls = (credentials) => listen(createTlsServer(credentials, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => told.push(data));
}));

/* A key and its certificate by a node's guest agent, attested. */
async function credentialsOf(sim) {
    const { key, certificate_chain: chain } = await sim.ask('/GetTlsKey', { subject: 'node', alt_names: ['localhost'], usage_ra_tls: true, usage_server_auth: true });
    return { key, cert: chain.join('') };
}

/* --- peers --- */

const startAgent = (args = []) => startNode(cluster, { args: ['--pki', PKI, ...args], gas: false });

/* Enter a node under an endpoint, at which somebody answers. */
async function enterAt(endpoint) {
    const node = await startAgent();
    await enter(node, '--endpoint', endpoint);
    return { ...node, endpoint };
}

/* A node and its server, with credentials of its own agent or of another's. */
async function startPeer({ args, answers: agent } = {}) {
    const node = await startAgent(args);
    const credentials = await credentialsOf(agent ?? node.sim);
    const endpoint = `https://127.0.0.1:${await serveTls(credentials)}`;
    await enter(node, '--endpoint', endpoint);
    return { ...node, endpoint, credentials };
}

async function verify(words, named = trust) {
    const began = Date.now();
    const ran = await devproof(['cluster', 'verify', ...words, '--block', 'latest', '--json', ...named], { env: { CLUSTER_CONTRACT: cluster.address, RPC_URL: cluster.anvil.url } });
    return { ...ran, ms: Date.now() - began, ...(ran.stdout ? JSON.parse(ran.stdout) : {}) };
}

/* One that is named, and why it is not that peer. */
async function assertNot(endpoint, check, sentence, named) {
    const { code, peers, verified, said } = await verify([endpoint], named);
    assert.equal(code, 1, said);
    assert.deepEqual([verified, peers.length, peers[0].verified, peers[0].check], [false, 1, false, check], JSON.stringify(peers));
    assert.match(peers[0].detail, sentence);
    assert.deepEqual([peers[0].status, peers[0].composeHash], [null, null]);
}

/* --- openssl, as a judge and as a forger --- */

const openssl = (args, input) => execFileSync('openssl', args, { input, stdio: ['pipe', 'pipe', 'ignore'] });

/* The extension's content, inside of its OCTET STRING. */
function attestationOf(cert) {
    const lines = openssl(['asn1parse'], cert).toString().split('\n');
    const at = lines.findIndex((line) => line.includes(ATTESTATION));
    const hex = lines.slice(at).find((line) => line.includes('OCTET STRING')).split('[HEX DUMP]:')[1];
    const der = Buffer.from(hex, 'hex');
    assert.equal(der[0], 4);
    return { der, content: der.subarray(2 + (der[1] & 0x7f)) };
}

/* The first form: two bytes of version, a compact length of two bytes or four, the quote. */
function quoteOf(content) {
    const [start, length] = (content[2] & 3) === 1 ? [4, content.readUInt16LE(2) >> 2] : [6, content.readUInt32LE(2) >>> 2];
    return content.subarray(start, start + length);
}

/* Somebody's own key and certificate, with these extensions. */
function forge(extensions = []) {
    const path = join(dir, `forged-${randomBytes(4).toString('hex')}`);
    writeFileSync(`${path}.cnf`, ['[req]', 'distinguished_name=dn', 'x509_extensions=own', '[dn]', '[own]', 'subjectAltName=DNS:localhost', ...extensions, ''].join('\n'));
    openssl(['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=node', '-days', '2', '-config', `${path}.cnf`, '-keyout', `${path}.key`, '-out', `${path}.crt`]);
    return { key: readFileSync(`${path}.key`), cert: readFileSync(`${path}.crt`) };
}

/* --- the tests --- */

test('a good peer: for us, for openssl, and for the official verifier', async () => {
    const { code, peers, verified, unchecked, tunnels } = await verify([good.endpoint]);
    const [one] = peers;
    const info = await good.sim.ask('/Info');
    assert.deepEqual([code, verified, tunnels, unchecked], [0, true, 0, ['os', 'kms']]);
    assert.deepEqual([one.instanceId, one.appId, one.tokenId, one.endpoint, one.status, one.check, one.detail], [good.instance, APP, good.token, good.endpoint, 'UpToDate', null, null]);
    assert.match(one.composeHash, /^[0-9a-f]{64}$/);
    assert.equal(one.composeHash, info.compose_hash);

    const port = new URL(good.endpoint).port;
    const asked = promisify(execFile)('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'localhost']);
    asked.child.stdin.end();
    const shown = (await asked).stdout;
    const cert = new X509Certificate(shown.slice(shown.indexOf('-----BEGIN')));
    const quote = quoteOf(attestationOf(cert.toString()).content);
    const spki = openssl(['pkey', '-pubin', '-outform', 'DER'], openssl(['x509', '-noout', '-pubkey'], cert.toString()));
    assert.equal(quote.toString('hex', REPORT_DATA, REPORT_DATA + 64), createHash('sha512').update('ratls-cert:').update(spki).digest('hex'));
    assert.deepEqual(judge(good.sim, quote), ['valid UpToDate', 'valid UpToDate']);
});

test('all of them at once, in lines too; by instance id; and nothing is said inside of TLS', async () => {
    const other = await startPeer();
    const { code, peers } = await verify([]);
    assert.equal(code, 0);
    assert.deepEqual(peers.map(({ tokenId, verified }) => [tokenId, verified]).sort(), [[good.token, true], [other.token, true]]);
    const named = await verify([other.instance]);
    assert.deepEqual(named.peers.map(({ tokenId }) => tokenId), [other.token]);
    const { stdout } = await devproof(['cluster', 'verify', '--block', 'latest', ...trust], { env: good.env });
    for (const { instance, endpoint } of [good, other]) assert.match(stdout, new RegExp(`${instance}  ${endpoint}  ok  UpToDate\n`));
    assert.match(stdout, /Not checked: the operating system \(--os-reference\) and the KMS \(--kms-id\)/);
    assert.deepEqual(told, []);
    await cluster.send('revoke', other.token, 'test');
    await other.stop();
});

test('a peer that is reached by a tunnel is not verified here, and that is said', async () => {
    const node = await startNode(cluster);
    const script = `import asyncio
from dstack_p2p import DStackP2PSDK
async def main():
    sdk = DStackP2PSDK(None, "wireguard", endpoint="127.0.0.1:51820", wireguard_key=bytes([7] * 32))
    print(await sdk.register())
asyncio.run(main())`;
    const env = { ...process.env, ...node.env, LD_LIBRARY_PATH: join(BUILD_DIR, 'lib/.libs'), PYTHONPATH: join(ROOT, 'python'), PYTHONDONTWRITEBYTECODE: '1' };
    assert.equal((await promisify(execFile)('/usr/bin/python3', ['-c', script], { env })).stdout, 'True\n');
    const { code, tunnels, peers } = await verify([]);
    assert.deepEqual([code, tunnels, peers.map(({ tokenId }) => tokenId)], [0, 1, [good.token]]);
    await assertNot(node.instance, 'endpoint', /by a tunnel, which has a proof of its own/);
    await cluster.send('revoke', good.token, 'test');
    const none = await verify([]);
    assert.deepEqual([none.code, none.verified, none.peers], [1, false, []]);
    assert.match(none.said, /there is no peer behind a gateway/);
    await cluster.send('revoke', node.token, 'test');
    await Promise.all([good.stop(), node.stop()]);
    good = await startPeer();
    trust = ['--root', good.sim.at('root'), '--collateral', good.sim.at('collateral')];
});

/* The simulator's attestation with other bytes in place of some: of a machine that measured those. */
function attestationWith(bytes, others) {
    const pieces = [], path = join(dir, `attestation-${randomBytes(4).toString('hex')}`);
    let blob = readFileSync(join(ROOT, 'bin/sim/gen2/attestation.bin'));
    for (let at; (at = blob.indexOf(bytes)) >= 0; blob = blob.subarray(at + bytes.length)) pieces.push(blob.subarray(0, at), others);
    assert.ok(pieces.length > 0);
    writeFileSync(path, Buffer.concat([...pieces, blob]));
    return path;
}

/* A simulator that is to answer in a peer's place. */
async function startOther(...args) {
    const sim = await startSim('--pki', PKI, ...args);
    atEnd(() => sim.stop());
    return sim;
}

test('a certificate of another app', async () => {
    const answers = await startOther('--attestation', attestationWith(Buffer.from(APP, 'hex'), randomBytes(20)), '--app-compose', join(ROOT, 'docker/app-compose.json'));
    const peer = await startPeer({ answers });
    await assertNot(peer.endpoint, 'app_id', /another app than the contract names/);
    await peer.stop();
});

test('another instance of the right app', async () => {
    const peer = await startPeer({ answers: good.sim });
    await assertNot(peer.endpoint, 'instance_id', /another instance than the contract names/);
    /* One of an app that wants no instance ids: 20 bytes, in SCALE behind their compact length, become none. */
    const { instance_id: id } = await (await startOther()).ask('/Info');
    const nameless = await startOther('--attestation', attestationWith(Buffer.from(`50${id}`, 'hex'), Buffer.from([0])), '--app-compose', join(ROOT, 'docker/app-compose.json'));
    const second = await startPeer({ answers: nameless });
    await assertNot(second.endpoint, 'instance_id', /instances have no ids/);
    await Promise.all([peer.stop(), second.stop()]);
});

test('the right instance, and a key that its quote is not over', async () => {
    const peer = await startPeer({ args: ['--fault', 'tls-key'] });
    await assertNot(peer.endpoint, 'report_data', /something else than the certificate's key/);
    await peer.stop();
});

test('a program in the middle', async () => {
    const { cert } = good.credentials;
    /* With a key of its own it has no quote, and the peer's quote is over the peer's key. */
    const plain = await enterAt(`https://127.0.0.1:${await serveTls(forge())}`);
    await assertNot(plain.endpoint, 'attestation', /no attestation/);
    const { der } = attestationOf(cert);
    const copied = await enterAt(`https://127.0.0.1:${await serveTls(forge([`${ATTESTATION}=DER:${der.toString('hex')}`]))}`);
    await assertNot(copied.endpoint, 'report_data', /something else than the certificate's key/);
    /* One that only passes bytes on, as a gateway does, is no harm. */
    const node = await startAgent();
    const behind = await serveTls(await credentialsOf(node.sim));
    const port = await listen(createServer((socket) => {
        const on = connect(behind, '127.0.0.1');
        on.on('error', () => socket.destroy());
        socket.pipe(on).pipe(socket);
    }));
    await enter(node, '--endpoint', `https://127.0.0.1:${port}`);
    assert.equal((await verify([`https://127.0.0.1:${port}`])).code, 0);
    await Promise.all([plain.stop(), copied.stop(), node.stop()]);
});

test('nobody there, and who never answers: an end within the time', async () => {
    const { port } = await new Promise((done) => {
        const server = createServer().listen(0, '127.0.0.1', () => { const at = server.address(); server.close(() => done(at)); });
    });
    const gone = await enterAt(`https://127.0.0.1:${port}`);
    await assertNot(gone.endpoint, 'connection', /connect/i);
    const silent = [];
    for (let i = 0; i < 3; i++) silent.push(await enterAt(`https://127.0.0.1:${await listen(createServer(() => {}))}`));
    const { code, peers, ms } = await verify([...silent.map(({ endpoint }) => endpoint), good.endpoint, '--timeout', '2']);
    assert.equal(code, 1);
    assert.deepEqual(peers.map(({ verified, check }) => verified || check), ['connection', 'connection', 'connection', true]);
    assert.ok(ms > 1900 && ms < 6000, `${ms} ms: they are asked side by side`);
    const plain = await enterAt(`https://127.0.0.1:${await listen(createServer((socket) => socket.end('HTTP/1.0 200 OK\r\n\r\n')))}`);
    await assertNot(plain.endpoint, 'connection', /SSL|wrong version/i);
    await Promise.all([gone, ...silent, plain].map((node) => node.stop()));
});

test('the quote has to hold: Intel\'s root, dates, hardware that is no debug TD', async () => {
    await assertNot(good.endpoint, 'quote', /root|chain|certificate/i, ['--collateral', good.sim.at('collateral')]);
    const late = await startOther('--fault', 'expired');
    await assertNot(good.endpoint, 'quote', /TCB info|date|expired/i, ['--root', late.at('root'), '--collateral', late.at('collateral')]);
    const outdated = await startOther('--tcb', 'outdated');
    const { code, peers } = await verify([good.endpoint], ['--root', outdated.at('root'), '--collateral', outdated.at('collateral')]);
    assert.deepEqual([code, peers[0].status], [0, 'OutOfDate']);
    const open = await startPeer({ args: ['--debug-td'] });
    await assertNot(open.endpoint, 'quote', /debug/i);
    await open.stop();
});

test('what is named to compare with is compared', async () => {
    const quote = quoteOf(attestationOf(good.credentials.cert).content);
    const os = Object.fromEntries(Object.entries(REGISTERS).map(([name, at]) => [name, quote.toString('hex', at, at + 48)]));
    const file = (name, content) => (writeFileSync(join(dir, name), JSON.stringify(content)), join(dir, name));
    const provider = JSON.parse((await good.sim.ask('/Info')).key_provider_info);
    const right = [...trust, '--os-reference', file('os.json', os), '--kms-id', provider.id];
    const { code, unchecked, said } = await verify([good.endpoint], right);
    assert.deepEqual([code, unchecked], [0, []], said);
    const other = { ...os, rtmr1: '00'.repeat(48) };
    await assertNot(good.endpoint, 'os', /another operating system/, [...trust, '--os-reference', file('other.json', other)]);
    await assertNot(good.endpoint, 'os', /the reference has not/, [...trust, '--os-reference', file('none.json', {})]);
    await assertNot(good.endpoint, 'kms', /another KMS/, [...trust, '--kms-id', 'ab'.repeat(91)]);
});

test('collateral of a PCCS is asked for once for all, and anew where the cache is out of date', async () => {
    const other = await startPeer();
    const cache = execFileSync('mktemp', ['-d', join(dir, 'cache-XXXXXX')], { encoding: 'utf8' }).trim();
    const late = await startOther('--fault', 'expired');
    const named = [good.endpoint, other.endpoint];
    const at = (collateral, body) => serve(answers({ pck_crl_issuer_chain: '', ...collateral }, '000000000000'), body);
    await at(late.collateral, async (host, asked) => {
        const { code, peers } = await verify(named, ['--root', late.at('root'), '--cache', cache, '--pccs', `http://${host}`]);
        assert.deepEqual([code, ...peers.map(({ check }) => check)], [1, 'quote', 'quote']);
        assert.equal(asked.length, 8, 'once, and once more whether there is newer');
    });
    await at(good.sim.collateral, async (host, asked) => {
        const words = ['--root', good.sim.at('root'), '--cache', cache];
        assert.equal((await verify(named, [...words, '--pccs', `http://${host}`])).code, 0);
        assert.equal(asked.length, 4);
        assert.equal((await verify(named, words)).code, 0, 'from the cache');
        assert.equal(asked.length, 4);
    });
    await assertNot(good.endpoint, 'collateral', /connect/i, ['--root', good.sim.at('root'), '--pccs', 'http://127.0.0.1:1']);
    await other.stop();
});

test('wrong use, and whom the contract does not know', async () => {
    await assertNot('https://nobody.example', 'list', /No peer of the cluster/);
    await assertNot('ab'.repeat(20), 'list', /No peer of the cluster/);
    for (const [words, named, sentence] of [
        [[], [], /name either --collateral/], [[], [...trust, '--pccs', 'http://127.0.0.1:1'], /name either --collateral/],
        [['nobody'], trust, /neither an https:\/\/ endpoint nor an instance id/], [['http://a.example'], trust, /neither/],
        [[], ['--collateral', '/nowhere'], /nowhere/], [[], ['--root', '/nowhere', ...trust.slice(2)], /nowhere/],
        [[], [...trust, '--os-reference', '/nowhere'], /nowhere/], [[], ['--collateral', PKI], /JSON|collateral/i],
        [[], [...trust, ...trust], /name --root and --collateral once/],
        [[], [...trust, '--key-file', 'x'], /verify takes no --key-file/],
    ]) {
        const { code, said } = await verify(words, named);
        assert.equal(code, 2, said);
        assert.match(said, sentence);
    }
});

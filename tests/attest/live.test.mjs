// live.test.mjs - the evidence of a running service: over my nonce, and over the key of my connection.
import assert from 'node:assert/strict';
import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SIM_CA, startTls, tls } from '../tls/lib.mjs';
import { spawnUp, startStack } from '../api/lib/stack.mjs';
import { between } from './lib/between.mjs';
import { judge, replay, startSim } from './lib/sim.mjs';

const REPORT_DATA = 568;
const sha256 = (data) => createHash('sha256').update(data).digest();

let sim, stack;
before(async () => {
    sim = await startSim('--app-compose', new URL('../../docker/app-compose.json', import.meta.url).pathname);
    stack = await startTls({ DSTACK_SIMULATOR_ENDPOINT: sim.at('sock'), TLS_NAME: 'localhost' });
});
after(async () => {
    await stack?.stop();
    await sim?.stop();
});

/* One request: its answer, and the key that this very connection was made with. */
function get(port, path, options) {
    return new Promise((done, fail) => {
        const req = request({ host: '127.0.0.1', port, path, servername: 'localhost', agent: false, rejectUnauthorized: false, ...options }, async (res) => {
            const certificate = res.socket.getPeerX509Certificate();
            const chunks = [];
            for await (const chunk of res) chunks.push(chunk);
            done({ status: res.statusCode, body: Buffer.concat(chunks), certificate, key: certificate.publicKey.export({ type: 'spki', format: 'der' }) });
        });
        req.on('error', fail);
        req.end();
    });
}

/* All that a visitor checks, with nothing from the answer but the evidence; the first thing that is wrong. */
async function visit(port) {
    const nonce = randomBytes(32);
    const { status, body, key } = await get(port, `/api/attestation?nonce=${nonce.toString('hex')}`);
    assert.equal(status, 200, body.toString());
    const answer = JSON.parse(body), quote = Buffer.from(answer.quote, 'hex');
    for (const verdict of judge(sim, quote)) if (verdict !== 'valid UpToDate') return verdict;
    const want = createHash('sha512').update('devproof-live:').update(nonce).update(sha256(key)).digest();
    if (!quote.subarray(REPORT_DATA, REPORT_DATA + 64).equals(want)) return 'the quote is not over my nonce and this connection\'s key';
    const { error, compose_hash: hash } = replay(sim, answer);
    if (error) return error;
    return sha256(answer.app_compose).toString('hex') === hash ? 'genuine' : 'another app-compose.json';
}

test('a visitor finds the service genuine', async () => {
    assert.equal(await visit(stack.tlsPort), 'genuine');
    const { body, certificate } = await get(stack.tlsPort, `/api/attestation?nonce=${'0'.repeat(64)}`);
    const answer = JSON.parse(body);
    assert.ok(answer.tls.certificate_chain.startsWith(certificate.toString()));
    assert.equal(answer.app_compose, readFileSync(new URL('../../docker/app-compose.json', import.meta.url), 'utf8'));
});

test('a program in the middle with a certificate of its own is refused, though it hands all evidence on', async () => {
    /* The stand-in's CA signs for everyone, so its certificate is as good as the service's own. */
    const { key, certificate_chain } = await sim.ask('/GetTlsKey', { subject: 'localhost', alt_names: ['localhost'], usage_server_auth: true });
    await between(stack.tlsPort, (handler) => createServer({ key, cert: certificate_chain.join('') }, handler), async (port) => {
        const { status, certificate } = await get(port, '/api/health', { ca: SIM_CA, rejectUnauthorized: true });
        assert.equal(status, 200);
        assert.ok(certificate.checkHost('localhost'));
        assert.equal(await visit(port), 'the quote is not over my nonce and this connection\'s key');
    });
    assert.equal(await visit(stack.tlsPort), 'genuine');
});

test('evidence of before is refused: the nonce is another one', async () => {
    const old = await get(stack.tlsPort, `/api/attestation?nonce=${'11'.repeat(32)}`);
    assert.equal(old.status, 200);
    const quote = Buffer.from(JSON.parse(old.body).quote, 'hex');
    const of = (nonce) => createHash('sha512').update('devproof-live:').update(Buffer.from(nonce, 'hex')).update(sha256(old.key)).digest();
    assert.ok(quote.includes(of('11'.repeat(32))));
    assert.ok(!quote.includes(of('22'.repeat(32))));
});

test('a renewed key is the one that is attested from then on', async () => {
    const { key: first } = await get(stack.tlsPort, '/api/health');
    assert.equal(tls(stack, ['renew']).status, 0);
    let second = first;
    for (let tries = 0; tries < 100 && second.equals(first); tries++) ({ key: second } = await get(stack.tlsPort, '/api/health'));
    assert.ok(!second.equals(first));
    /* Until nginx's workers of before have closed their socket, a connection may still be to one of them. */
    let verdict;
    for (let tries = 0; tries < 50 && verdict !== 'genuine'; tries++) verdict = await visit(stack.tlsPort);
    assert.equal(verdict, 'genuine');
    for (let again = 0; again < 3; again++) assert.equal(await visit(stack.tlsPort), 'genuine');
});

/* The sums, and every file that they name. */
async function evidences() {
    const text = async (name) => {
        const { status, body } = await get(stack.tlsPort, `/evidences/${name}`);
        assert.equal(status, 200, name);
        return body;
    };
    const sums = await text('sha256sum.txt'), files = {};
    for (const line of sums.toString().trimEnd().split('\n')) {
        const [, sum, name] = /^([0-9a-f]{64}) {2}(\S+)$/.exec(line);
        files[name] = await text(name);
        assert.equal(sha256(files[name]).toString('hex'), sum, name);
    }
    return { sums, files, quote: JSON.parse(await text('quote.json')) };
}

test('/evidences/ in dstack-ingress\'s layout: sums, certificate and quote fit each other, also after a renewal', async () => {
    for (let round = 0; round < 2; round++) {
        if (round > 0) assert.equal(tls(stack, ['renew']).status, 0);
        const { sums, files, quote } = await evidences();
        assert.deepEqual(Object.keys(files), ['cert-localhost.pem']);
        assert.deepEqual(Object.keys(quote), ['quote', 'event_log', 'report_data', 'vm_config']);
        const bytes = Buffer.from(quote.quote, 'hex');
        assert.deepEqual(judge(sim, bytes), ['valid UpToDate', 'valid UpToDate']);
        assert.ok(bytes.subarray(REPORT_DATA, REPORT_DATA + 64).equals(Buffer.concat([sha256(sums), Buffer.alloc(32)])));
        assert.equal(replay(sim, quote).error, null);
        let served;
        for (let tries = 0; tries < 100; tries++) {
            served = (await get(stack.tlsPort, '/api/health')).certificate.toString();
            if (files['cert-localhost.pem'].toString().startsWith(served)) break;
        }
        assert.ok(files['cert-localhost.pem'].toString().startsWith(served));
    }
    for (const path of ['', 'server.pem', '../chain.pem', '%2e%2e/chain.pem', '../../server.pem'])
        assert.notEqual((await get(stack.tlsPort, `/evidences/${path}`)).status, 200, path);
});

test('a nonce is 64 hex digits, once', async () => {
    for (const query of ['', '?nonce=', '?nonce=00', `?nonce=${'0'.repeat(63)}`, `?nonce=${'0'.repeat(65)}`, `?nonce=${'g'.repeat(64)}`, `?nonce=0x${'0'.repeat(62)}`, `?nonce=${'0'.repeat(64)}&nonce=${'0'.repeat(64)}`]) {
        const { status, body } = await get(stack.tlsPort, `/api/attestation${query}`);
        assert.equal(status, 400, query);
        assert.equal(JSON.parse(body).code, 'invalid_parameter');
    }
});

test('without HTTPS the evidence says that no key is bound', async () => {
    const plain = await startStack({ DSTACK_SIMULATOR_ENDPOINT: sim.at('sock') });
    try {
        const answer = await (await fetch(`http://127.0.0.1:${plain.port}/api/attestation?nonce=${'ab'.repeat(32)}`)).json();
        assert.equal(answer.tls, null);
        const want = createHash('sha512').update('devproof-live:').update(Buffer.alloc(32, 0xab)).update(Buffer.alloc(32)).digest('hex');
        assert.equal(answer.report_data, want);
        assert.equal(answer.quote.slice(2 * REPORT_DATA, 2 * (REPORT_DATA + 64)), want);
    } finally {
        await plain.stop();
    }
});

test('what the stand-in of a stack leaves in RUN_DIR/sim judges the stack\'s quotes, also after a restart', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'dp-live-'));
    const roots = [];
    try {
        for (const tcb of ['up-to-date', 'outdated']) {
            const plain = await startStack({ DATA_DIR: dataDir, DSTACK_SIM_OPTIONS: ` --tcb  ${tcb} ` });
            const at = (name) => join(plain.runDir, 'sim', { root: 'root.pem', collateral: 'collateral.json' }[name] ?? name);
            roots.push(readFileSync(at('root'), 'utf8'));
            const answer = await (await fetch(`http://127.0.0.1:${plain.port}/api/attestation?nonce=${'ab'.repeat(32)}`)).json();
            const verifier = { at, root: new X509Certificate(roots.at(-1)).raw, collateral: JSON.parse(readFileSync(at('collateral'))) };
            const want = tcb === 'outdated' ? 'valid OutOfDate INTEL-SA-00615' : 'valid UpToDate';
            assert.deepEqual(judge(verifier, Buffer.from(answer.quote, 'hex')), [want, want]);
            await plain.stop();
        }
        assert.notEqual(roots[0], roots[1]);
    } finally {
        rmSync(dataDir, { recursive: true, force: true });
    }
});

test('options for the stand-in in quotes are refused', async () => {
    const up = spawnUp({ DATA_DIR: join(tmpdir(), 'dp-never'), DSTACK_SIM_OPTIONS: "--tcb 'outdated'", PORT: '1' });
    assert.equal(await up.exit, 2);
    assert.match(up.output, /DSTACK_SIM_OPTIONS may have no quotes/);
});

test('an agent without quotes: 503, and no evidence', async () => {
    const mute = await startSim('--fault', 'no-quote');
    const plain = await startStack({ DSTACK_SIMULATOR_ENDPOINT: mute.at('sock') });
    try {
        const answer = await fetch(`http://127.0.0.1:${plain.port}/api/attestation?nonce=${'ab'.repeat(32)}`);
        assert.equal(answer.status, 503);
        assert.equal((await answer.json()).code, 'dstack_unavailable');
    } finally {
        await plain.stop();
        await mute.stop();
    }
});

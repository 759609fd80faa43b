// pccs.test.mjs - collateral from a PCCS, and from a cache.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DEVPROOF, published } from './lib/cases.mjs';
import { answers, serve } from './lib/pccs.mjs';

const dir = mkdtempSync(join(tmpdir(), 'dp-pccs-'));
after(() => rmSync(dir, { recursive: true, force: true }));
const one = published.find(({ name }) => name === 'tdx-v4-a');
const name = 'tdx-B0C06F000000-platform.json';
const quote = join(dir, 'quote');
writeFileSync(quote, one.quote);
const cache = () => mkdtempSync(join(dir, 'cache-'));

function verify(args, at = one.time) {
    return new Promise((resolve, reject) => {
        const child = spawn(DEVPROOF, ['quote', 'verify', quote, '--at', String(at), '--json', ...args], { timeout: 30_000 });
        let out = '', err = '';
        child.stdout.on('data', (data) => { out += data; });
        child.stderr.on('data', (data) => { err += data; });
        child.on('error', reject);
        child.on('close', (code) => resolve({ code, err, ...(out ? JSON.parse(out) : {}) }));
    });
}

test('collateral comes from a PCCS, whatever the tail of its URL', async () => {
    await serve(answers(one.collateral), async (host, asked) => {
        for (const tail of ['', '/', '/sgx/certification/v4', '/tdx/certification/v4/']) {
            const got = await verify(['--pccs', `http://${host}${tail}`]);
            assert.deepEqual([got.code, got.valid, got.status, got.error], [0, true, 'UpToDate', null]);
        }
        assert.equal(asked.length, 16);
    });
});

test('the cache keeps it, and is asked first; out of date it is fetched anew', async () => {
    const into = cache();
    await serve(answers(one.collateral), async (host, asked) => {
        const args = ['--cache', into, '--pccs', `http://${host}`];
        assert.equal((await verify(args)).valid, true);
        assert.deepEqual(readdirSync(into), [name]);
        const { pck_crl_issuer_chain: _, ...want } = one.collateral;
        const { pck_crl_issuer_chain: __, ...got } = JSON.parse(readFileSync(join(into, name)));
        for (const [member, value] of Object.entries(want)) assert.equal(got[member], value, member);
        assert.equal((await verify(args)).valid, true);
        assert.equal(asked.length, 4);
        assert.match((await verify(args, one.time + 40 * 86400)).error, /^(crl|tcb-info-date): /);
        assert.equal(asked.length, 8);
    });
    assert.equal((await verify(['--cache', into])).valid, true);
    writeFileSync(join(into, name), '{}');
    assert.match((await verify(['--cache', into])).error, /^collateral: /);
    assert.equal((await verify(['--cache', cache()])).code, 2);
});

test('what a PCCS spoils is refused, and says where', async () => {
    const paths = Object.keys(answers(one.collateral));
    const spoils = [
        [paths[0], { status: 500 }, /^collateral: .*pckcrl.* answered 500/],
        [paths[0], { headers: {} }, /without SGX-PCK-CRL-Issuer-Chain/],
        [paths[0], { body: 'no CRL' }, /^crl: /],
        [paths[1], { body: one.collateral.pck_crl }, /^crl: /],
        [paths[2], { body: '{}' }, /without tcbInfo/],
        [paths[2], { body: '{"tcbInfo":{}' }, /without tcbInfo/],
        [paths[2], { body: `{"tcbInfo":${one.collateral.tcb_info}}` }, /without tcbInfo/],
        [paths[2], { body: `{"tcbInfo":${one.collateral.tcb_info.replace('{', '{ ')},"signature":"${one.collateral.tcb_info_signature}"}` }, /^tcb-info-signature: /],
        [paths[2], { headers: { 'TCB-Info-Issuer-Chain': 'none' } }, /^tcb-info-chain: /],
        [paths[3], { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, /answered 302/],
        [paths[3], { body: Buffer.alloc(2 << 20, 0x20) }, /over 1048576 bytes/],
        [paths[3], { headers: { 'SGX-Enclave-Identity-Issuer-Chain': 'x'.repeat(100_000) } }, /^collateral: /],
    ];
    for (const [path, spoil, want] of spoils) {
        const table = answers(one.collateral);
        table[path] = { ...table[path], ...spoil };
        await serve(table, async (host) => {
            const got = await verify(['--pccs', `http://${host}`]);
            assert.equal(got.code, 1);
            assert.match(got.error, want);
        });
    }
    assert.match((await verify(['--pccs', 'http://127.0.0.1:1'])).error, /^collateral: /);
    assert.match((await verify(['--pccs', 'file:///etc/passwd'])).error, /^collateral: /);
});

test('a PCCS with a certificate that nobody trusts is not asked', async () => {
    const keyFile = join(dir, 'key.pem'), certFile = join(dir, 'cert.pem');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    execFileSync('openssl', ['req', '-x509', '-new', '-key', keyFile, '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2', '-out', certFile]);
    const server = createTlsServer({ key: readFileSync(keyFile), cert: readFileSync(certFile) });
    await serve(answers(one.collateral), async (host, asked) => {
        const got = await verify(['--pccs', `https://${host}`]);
        assert.match(got.error, /^collateral: .*certificate/);
        assert.equal(asked.length, 0);
    }, server);
});

test('an SGX quote asks for SGX; a quote without a chain cannot ask', async () => {
    const sgx = published.find(({ name: which }) => which === 'sgx-v3');
    writeFileSync(quote, sgx.quote);
    await serve({}, async (host, asked) => {
        await verify(['--pccs', `http://${host}`]);
        assert.match(asked[0], /ca=processor|ca=platform/);
    });
    const without = published.find(({ name: which }) => which === 'type 3 data without a chain');
    writeFileSync(quote, without.quote);
    assert.match((await verify(['--pccs', 'http://127.0.0.1:1'])).error, /^certification-data: /);
    writeFileSync(quote, one.quote);
});

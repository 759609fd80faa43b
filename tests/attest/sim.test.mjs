// sim.test.mjs - the quotes of dstack-sim, judged by our verifier and by the official one.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT } from './lib/cases.mjs';
import { judge, replay, startSim } from './lib/sim.mjs';

const REPORT_DATA = 568;
const bytes = (answer) => Buffer.from(answer.quote, 'hex');
const asked = 'ab'.repeat(20);

let plain;
before(async () => { plain = await startSim(); });
after(() => plain.stop());

/* Run with a simulator of these options. */
async function withSim(args, body) {
    const sim = await startSim(...args);
    try {
        await body(sim);
    } finally {
        await sim.stop();
    }
}

test('a quote is valid for both verifiers, and over what was asked', async () => {
    const answer = await plain.ask('/GetQuote', { report_data: asked });
    assert.deepEqual(Object.keys(answer), ['quote', 'event_log', 'report_data', 'vm_config']);
    assert.equal(answer.report_data, asked.padEnd(128, '0'));
    assert.equal(bytes(answer).toString('hex', REPORT_DATA, REPORT_DATA + 64), answer.report_data);
    assert.deepEqual(judge(plain, bytes(answer)), ['valid UpToDate', 'valid UpToDate']);
    const { valid, app_id: appId } = replay(plain, answer);
    assert.ok(valid);
    assert.equal(appId, (await plain.ask('/Info')).app_id);
});

test('any bit of what is signed that is turned over makes it invalid for both', async () => {
    const quote = bytes(await plain.ask('/GetQuote', { report_data: asked }));
    for (const at of [50, 170, 300, 520, 600, 640, 720, 780, 1100, 1160]) {
        const changed = Buffer.from(quote);
        changed[at] ^= 1;
        for (const verdict of judge(plain, changed)) assert.match(verdict, /^refused/, `byte ${at}`);
    }
});

test('report data: 64 bytes at most, hex only', async () => {
    for (const length of [0, 1, 64]) {
        const hex = 'c3'.repeat(length);
        assert.equal((await plain.ask('/GetQuote', { report_data: hex })).report_data, hex.padEnd(128, '0'));
    }
    await assert.rejects(plain.ask('/GetQuote', { report_data: '00'.repeat(65) }), { message: 'Report data is too long' });
    await assert.rejects(plain.ask('/GetQuote', { report_data: 'xy' }), /not hex/);
    await assert.rejects(plain.ask('/Attest', { report_data: '00'.repeat(65) }), { message: 'Report data is too long' });
});

test('Attest gives the same in dstack\'s first form', async () => {
    const blob = Buffer.from((await plain.ask('/Attest', { report_data: asked })).attestation, 'hex');
    assert.equal(blob.readUInt16LE(0), 0);
    assert.equal(blob[2] & 3, 1); /* a compact length of two bytes */
    const quote = blob.subarray(4, 4 + (blob.readUInt16LE(2) >> 2));
    assert.equal(quote.toString('hex', REPORT_DATA, REPORT_DATA + 20), asked);
    assert.deepEqual(judge(plain, quote), ['valid UpToDate', 'valid UpToDate']);
});

test('each start has a root of its own', async () => {
    await withSim([], async (sim) => {
        const quote = bytes(await sim.ask('/GetQuote'));
        assert.deepEqual(judge(sim, quote), ['valid UpToDate', 'valid UpToDate']);
        for (const verdict of judge(plain, quote)) assert.match(verdict, /^refused/);
    });
});

test('simulators that name one --pki have one root, also where they start at once', async () => {
    const pki = plain.at('pki');
    const sims = await Promise.all([1, 2, 3].map(() => startSim('--pki', pki)));
    const late = await startSim('--pki', pki);
    assert.equal(statSync(pki).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(dirname(pki)).filter((name) => name.startsWith('pki')), ['pki']);
    for (const sim of [...sims, late]) {
        assert.deepEqual(sim.root, late.root);
        assert.deepEqual(judge(late, bytes(await sim.ask('/GetQuote'))), ['valid UpToDate', 'valid UpToDate']);
    }
    await Promise.all([...sims, late].map((sim) => sim.stop()));
    writeFileSync(pki, readFileSync(pki, 'utf8').slice(0, -400));
    for (const path of [pki, '/nowhere/pki', 'a'.repeat(5000)]) await assert.rejects(startSim('--pki', path), /ends with 1/);
});

test('--app-compose is measured: event log, RTMR3, mr_config_id and Info agree on its hash', async () => {
    const file = join(ROOT, 'docker/app-compose.json');
    const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
    await withSim(['--app-compose', file], async (sim) => {
        const answer = await sim.ask('/GetQuote'), info = await sim.ask('/Info');
        const replayed = replay(sim, answer);
        assert.equal(replayed.error, null);
        assert.equal(replayed.compose_hash, hash);
        assert.equal(info.compose_hash, hash);
        assert.equal(JSON.parse(info.tcb_info).compose_hash, hash);
        assert.equal(JSON.parse(info.tcb_info).rtmr3, replayed.rtmr3);
        assert.equal(JSON.parse(info.tcb_info).app_compose, readFileSync(file, 'utf8'));
        assert.deepEqual(judge(sim, bytes(answer)), ['valid UpToDate', 'valid UpToDate']);
    });
});

test('Worker tells anybody what Info does, without the measurements where the app hides them', async () => {
    assert.deepEqual(await plain.ask('/prpc/Worker.Info'), await plain.ask('/Info'));
    assert.deepEqual(await plain.ask('/prpc/Worker.Version'), await plain.ask('/Version'));
    for (const path of ['/Worker.Info', '/prpc/Worker.GetKey', '/prpc/Worker.DeriveKey', '/prpc/Worker.'])
        await assert.rejects(plain.ask(path), { message: /^Service not found: / }, path);
    const file = plain.at('hidden.json');
    writeFileSync(file, '{"name":"hidden","public_tcbinfo":false}');
    await withSim(['--app-compose', file], async (sim) => {
        const info = await sim.ask('/Info');
        assert.ok(JSON.parse(info.tcb_info) && JSON.parse(info.vm_config));
        assert.deepEqual(await sim.ask('/prpc/Worker.Info'), { ...info, tcb_info: '', vm_config: '' });
    });
});

test('Worker attests the key that Sign signs with', async () => {
    for (const [algorithm, prefix, length] of [['ed25519', 'dip1::ed25519-pk:', 60], ['secp256k1', 'dip1::secp256k1c-pk:', 64]]) {
        const answer = await plain.ask('/prpc/Worker.GetAttestationForAppKey', { algorithm });
        const { public_key: key } = await plain.ask('/Sign', { algorithm, data: '' });
        const text = prefix + Buffer.from(key, 'hex').toString('base64url');
        assert.equal(text.length, length);
        assert.equal(answer.report_data, Buffer.from(text).toString('hex').padEnd(128, '0'));
        assert.equal(bytes(answer).toString('hex', REPORT_DATA, REPORT_DATA + 64), answer.report_data);
        assert.deepEqual(judge(plain, bytes(answer)), ['valid UpToDate', 'valid UpToDate']);
        assert.deepEqual(Object.keys(answer), ['quote', 'event_log', 'report_data', 'vm_config']);
    }
    for (const algorithm of ['', 'rsa', undefined])
        await assert.rejects(plain.ask('/prpc/Worker.GetAttestationForAppKey', { algorithm }), { message: 'Unsupported algorithm' });
});

const states = [
    [['--tcb', 'up-to-date'], 'valid UpToDate'],
    [['--tcb', 'outdated'], 'valid OutOfDate INTEL-SA-00615'],
    [['--tcb', 'hardening'], 'valid SWHardeningNeeded INTEL-SA-00334'],
    [['--tcb', 'configuration'], 'valid ConfigurationNeeded INTEL-SA-00219'],
];
test('--tcb is the status that both verifiers find', async () => {
    for (const [args, want] of states)
        await withSim(args, async (sim) => assert.deepEqual(judge(sim, bytes(await sim.ask('/GetQuote'))), [want, want], args.join(' ')));
});

/* What is asked for, what our verifier names as the fault. The official one has to refuse too. */
const faults = [
    [['--tcb', 'revoked'], 'revoked-tcb'],
    [['--debug-td'], 'attributes'],
    [['--fault', 'quote-signature'], 'quote-signature'],
    [['--fault', 'qe-report'], 'qe-report-signature'],
    [['--fault', 'root'], 'pck-chain'],
    [['--fault', 'revoked'], 'revoked-certificate'],
    [['--fault', 'expired'], 'tcb-info-date'],
];
test('what is wrong with a quote is found, and named', async () => {
    for (const [args, failure] of faults)
        await withSim(args, async (sim) => {
            const [ours, theirs] = judge(sim, bytes(await sim.ask('/GetQuote')));
            assert.ok(ours.startsWith(`refused: ${failure}: `), `${args.join(' ')}: ${ours}`);
            assert.match(theirs, /^refused/, args.join(' '));
        });
});

test('what is wrong beside the quote is wrong', async () => {
    await withSim(['--fault', 'event-log'], async (sim) => {
        const answer = await sim.ask('/GetQuote');
        assert.deepEqual(judge(sim, bytes(answer)), ['valid UpToDate', 'valid UpToDate']);
        assert.match(replay(sim, answer).error, /RTMR3/);
    });
    await withSim(['--fault', 'report-data'], async (sim) => {
        const answer = await sim.ask('/GetQuote', { report_data: asked });
        assert.equal(bytes(answer).toString('hex', REPORT_DATA, REPORT_DATA + 64), '0'.repeat(128));
    });
    await withSim(['--fault', 'no-quote'], async (sim) => {
        await assert.rejects(sim.ask('/GetQuote'), { message: 'Failed to get quote' });
        await assert.rejects(sim.ask('/Attest'), { message: 'Failed to get quote' });
        await assert.rejects(sim.ask('/GetTlsKey', { usage_ra_tls: true }), { message: 'Failed to get quote' });
    });
});

test('--instance-id is measured, and changes no key', async () => {
    const instance = 'ab'.repeat(20);
    const key = await plain.ask('/GetKey', { path: 'a' });
    await withSim(['--instance-id', instance], async (sim) => {
        const answer = await sim.ask('/GetQuote'), info = await sim.ask('/Info');
        const replayed = replay(sim, answer);
        assert.equal(replayed.error, null);
        assert.equal(replayed.instance_id, instance);
        assert.equal(info.instance_id, instance);
        assert.equal(JSON.parse(info.tcb_info).rtmr3, replayed.rtmr3);
        assert.deepEqual(judge(sim, bytes(answer)), ['valid UpToDate', 'valid UpToDate']);
        assert.deepEqual(await sim.ask('/GetKey', { path: 'a' }), key);
    });
});

test('options that say nothing are refused', async () => {
    for (const args of [['--instance-id', 'ab'], ['--instance-id', 'zz'.repeat(20)], ['--tcb', 'fine'], ['--fault', 'none'], ['--fault', '']])
        await assert.rejects(startSim(...args), /ends with 2/);
    await assert.rejects(startSim('--collateral', '/proc/none/collateral'), /ends with 1/);
});

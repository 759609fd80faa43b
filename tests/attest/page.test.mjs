// page.test.mjs - what the page /trust checks in the browser, run in node, against the official verifier.
import assert from 'node:assert/strict';
import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pemBlocks, readCertificate } from '../../html/js/certificate.js';
import { readLog, replay } from '../../html/js/eventlog.js';
import { INTEL_ROOT } from '../../html/js/intel_root.js';
import { checkLive, STEPS } from '../../html/js/live.js';
import { judgeQuote, parseQuote, readChain, SIMULATED } from '../../html/js/quote.js';
import { VECTORS, official, published, rootFile } from './lib/cases.mjs';
import { random } from './lib/mutate.mjs';
import { startSim } from './lib/sim.mjs';

const MUTATIONS = Number(process.env.PAGE_MUTATIONS ?? 2000);
const intel = readCertificate(INTEL_ROOT);
const isTdx = ({ quote }) => quote.length > 8 && quote.readUInt32LE(4) === 0x81;
const real = published.filter((one) => one.rootName === 'intel' && one.expected.valid && isTdx(one));

/* The steps that fail, as ids, or what is wrong with the form. */
async function page({ quote, root, time }) {
    let parsed;
    try {
        parsed = parseQuote(new Uint8Array(quote));
    } catch (error) {
        return [error.message];
    }
    const { chain, ...found } = await judgeQuote(parsed, { now: time * 1000, root: readCertificate(new Uint8Array(root)) });
    return Object.keys(found).filter((id) => found[id] !== '');
}

test('the root that the page trusts is Intel\'s, as the verifier in C has it', () => {
    assert.ok(Buffer.from(INTEL_ROOT).equals(rootFile('intel')));
});

test('real quotes pass at their time, step by step, up to Intel\'s root', async () => {
    assert.ok(real.length >= 4);
    for (const one of real) assert.deepEqual(await page(one), [], one.name);
});

/* The service sends no collateral, so what counts here is a chain in the quote. */
test('every published TDX quote with its chain in it: what the official verifier takes passes here', async () => {
    const whole = published.filter((one) => one.expected.valid && isTdx(one) && !one.collateral.pck_certificate_chain);
    for (const one of whole.filter((one) => official(one).startsWith('valid')))
        assert.deepEqual(await page(one), [], one.name);
});

test('a quote whose signature, key, enclave or chain is not right fails there, and only there', async () => {
    const STEP = {
        'quote-signature': ['quote.signature'], 'qe-report-hash': ['quote.key'], 'qe-report-signature': ['enclave.signature'],
    };
    let seen = 0;
    for (const one of published.filter(({ expected, edits }) => STEP[expected.failure] && edits?.every(({ field }) => field === 'quote'))) {
        const also = {
            'attestation key': ['quote.signature'], 'td_attributes debug bit set': ['quote.production'],
            'QE report mr_signer': ['enclave.intel'], 'QE report report_data': ['quote.key'],
        }[one.name] ?? [];
        assert.deepEqual((await page(one)).sort(), [...STEP[one.expected.failure], ...also].sort(), one.name);
        seen++;
    }
    assert.ok(seen >= 10);
});

test('certificates are cut as node cuts them', () => {
    for (const one of real) {
        for (const certificate of readChain(parseQuote(new Uint8Array(one.quote)))) {
            const node = new X509Certificate(certificate.der);
            assert.ok(node.publicKey.export({ type: 'spki', format: 'der' }).equals(certificate.spki));
            assert.deepEqual([certificate.from, certificate.until], [node.validFrom, node.validTo].map(Date.parse));
            assert.equal(certificate.ca, node.ca);
            assert.ok(node.subject.includes(`CN=${certificate.name}`));
        }
    }
});

test(`${MUTATIONS} quotes with one byte changed: the official verifier says the same of their signatures`, async () => {
    const r = random(Number(process.env.SEED ?? 1));
    const counts = { valid: 0, refused: 0 };
    for (let i = 0; i < MUTATIONS; i++) {
        const one = { ...r.pick(real) };
        const quote = Buffer.from(one.quote), at = r.below(quote.length), how = 1 + r.below(255);
        quote[at] ^= how;
        one.quote = quote;
        const theirs = official(one), ours = await page(one);
        const valid = theirs.startsWith('valid');
        assert.equal(ours.length === 0, valid, `${one.name}, byte ${at} xor ${how}: ${theirs}; ${ours}`);
        counts[valid ? 'valid' : 'refused']++;
    }
    assert.ok(counts.valid > 0 && counts.refused > 0, JSON.stringify(counts));
});

const eventLogs = JSON.parse(readFileSync(join(VECTORS, 'eventlog.json')));
const rtmr3 = async (log) => Buffer.from(await replay(await readLog(JSON.stringify(log)))).toString('hex');

test('event logs replay to their quotes; no broken one does', async () => {
    for (const { name, event_log: log, rtmr } of eventLogs.quotes) assert.equal(await rtmr3(log), rtmr.rtmr3, name);
    for (const { name, event_log: log, rtmr3: want } of eventLogs.made) assert.equal(await rtmr3(log), want, name);
    for (const { name, event_log: log, rtmr3: want } of eventLogs.broken)
        assert.notEqual(await rtmr3(log).catch((error) => error.constructor.name), want, name);
});

/* --- whole answers, under the root of a simulator --- */

let sim, other;
before(async () => {
    const compose = new URL('../../docker/app-compose.json', import.meta.url).pathname;
    [sim, other] = await Promise.all([startSim('--app-compose', compose), startSim('--app-compose', compose)]);
});
after(async () => Promise.all([sim, other].map((one) => one?.stop())));
const digest = (name, data) => createHash(name).update(data).digest();

/* What the service answers that this simulator is the agent of. */
async function answerOf(agent, nonce) {
    const { certificate_chain: chain } = await agent.ask('/GetTlsKey', { subject: 'localhost', usage_server_auth: true });
    const spki = digest('sha256', new X509Certificate(chain[0]).publicKey.export({ type: 'spki', format: 'der' }));
    const reportData = createHash('sha512').update('devproof-live:').update(nonce).update(spki).digest('hex');
    const { quote, event_log: log } = await agent.ask('/GetQuote', { report_data: reportData });
    const info = await agent.ask('/Info');
    const { app_compose: compose } = typeof info.tcb_info === 'string' ? JSON.parse(info.tcb_info) : info.tcb_info;
    return { quote, event_log: log, app_compose: compose, tls: { spki_sha256: spki.toString('hex'), certificate_chain: chain.join('') } };
}

const check = (answer, nonce, root = sim.root) => checkLive(answer, nonce, { now: Date.now(), root: readCertificate(new Uint8Array(root)) });
/* The simulator's quoting enclave is no enclave, which fails always; all else is as with hardware. */
const failing = ({ steps }) => steps.filter(({ state, id }) => state === 'fail' && id !== 'enclave.intel').map(({ id }) => id);
const passing = ({ steps }) => steps.filter(({ state }) => state === 'pass').length;
const xor = (hex, at) => {
    const bytes = Buffer.from(hex, 'hex');
    bytes[at] ^= 1;
    return bytes.toString('hex');
};

const firstPem = (hex) => /-----BEGIN[\s\S]*?-----END CERTIFICATE-----/.exec(Buffer.from(hex, 'hex').toString('latin1'))[0];

/* Its signature is no longer a sequence of two numbers. */
function withoutSequence(pem) {
    const [der] = pemBlocks(pem), { signature } = readCertificate(der);
    der[der.length - signature.length] = 0x31;
    return `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----`;
}

/* The quote with another first certificate, and the lengths that stand before it made right. */
function withLeaf(hex, theirs) {
    const own = firstPem(hex);
    const quote = Buffer.from(Buffer.from(hex, 'hex').toString('latin1').replace(own, theirs), 'latin1');
    for (const at of [632, 766, 1254]) quote.writeUInt32LE(quote.readUInt32LE(at) + theirs.length - own.length, at);
    return quote.toString('hex');
}

test('a simulator\'s answer passes under its own root, and under Intel\'s it is called simulated', async () => {
    const nonce = randomBytes(32), answer = await answerOf(sim, nonce);
    assert.equal(passing(await check(answer, nonce)), Object.keys(STEPS).length - 1);
    const under = await check(answer, nonce, INTEL_ROOT);
    assert.deepEqual(failing(under), ['chain.root']);
    assert.equal(under.steps.find(({ id }) => id === 'chain.root').note, SIMULATED);
});

test('each kind of tampering fails at its step, and nowhere else', async () => {
    const nonce = randomBytes(32), answer = await answerOf(sim, nonce), foreign = await answerOf(other, nonce);
    const log = JSON.parse(answer.event_log), runtime = log.findIndex(({ imr }) => imr === 3);
    const certificate = foreign.tls.certificate_chain;
    for (const [name, change, steps] of [
        ['the quote of another nonce', (await answerOf(sim, randomBytes(32))), ['quote.fresh']],
        ['a byte of the report', { quote: xor(answer.quote, 48 + 328) }, ['quote.signature']],
        ['the debug bit', { quote: xor(answer.quote, 48 + 120) }, ['quote.signature', 'quote.production']],
        ['a byte of the signature', { quote: xor(answer.quote, 48 + 584 + 4) }, ['quote.signature']],
        ['a byte of the attestation key', { quote: xor(answer.quote, 48 + 584 + 4 + 64) }, ['quote.signature', 'quote.key']],
        ['a byte of the enclave\'s report', { quote: xor(answer.quote, 48 + 584 + 4 + 134) }, ['enclave.signature']],
        ['the enclave\'s signature', { quote: xor(answer.quote, 48 + 584 + 4 + 134 + 384) }, ['enclave.signature']],
        ['the leaf of another platform', { quote: withLeaf(answer.quote, firstPem(foreign.quote)) }, ['enclave.signature', 'chain.signatures']],
        ['a leaf whose signature is not DER', { quote: withLeaf(answer.quote, withoutSequence(firstPem(answer.quote))) }, ['chain.signatures']],
        ['the app definition', { app_compose: `${answer.app_compose} ` }, ['compose.measured']],
        ['an event gone', { event_log: JSON.stringify(log.filter((_, i) => i !== runtime)) }, ['log.replays']],
        ['an event changed', { event_log: JSON.stringify(log.map((e, i) => (i === runtime ? { ...e, event_payload: 'ff' } : e))) }, ['log.replays']],
        ['no event log', { event_log: '{' }, ['log.replays']],
        ['another certificate', { tls: { ...answer.tls, certificate_chain: certificate } }, ['tls.named']],
        ['another certificate and its key', { tls: foreign.tls }, ['quote.fresh']],
        ['no TLS', { tls: null }, ['quote.fresh']],
    ]) {
        const got = await check({ ...answer, ...change }, nonce);
        assert.deepEqual(failing(got).sort(), steps.sort(), name);
        for (const { state, note, id } of got.steps) if (state === 'fail') assert.ok(note.length > 10, `${name}: ${id}`);
    }
});

test('what is no answer is refused with a sentence, and nothing passes', async () => {
    const nonce = randomBytes(32), answer = await answerOf(sim, nonce);
    for (const bad of [null, 1, [], {}, { ...answer, quote: '' }, { ...answer, quote: 'zz' }, { ...answer, quote: '00'.repeat(300_000) },
        { ...answer, quote: answer.quote.slice(0, 2000) }, { ...answer, quote: `03${answer.quote.slice(2)}` }, { ...answer, event_log: 1 },
        { ...answer, app_compose: undefined }, { ...answer, tls: undefined }, { ...answer, tls: { spki_sha256: '00', certificate_chain: '' } }]) {
        const got = await check(bad, nonce);
        assert.deepEqual(failing(got), ['quote.form'], JSON.stringify(bad)?.slice(0, 60));
        assert.equal(passing(got), 0);
    }
});

test('a certificate outside of its time fails, though all else holds', async () => {
    const nonce = randomBytes(32), answer = await answerOf(sim, nonce), root = readCertificate(new Uint8Array(sim.root));
    for (const now of [0, Date.UTC(2200, 0)])
        assert.deepEqual(failing(await checkLive(answer, nonce, { now, root })), ['chain.signatures']);
});

test('whatever stands in a certificate, cutting it ends with a sentence', () => {
    const r = random(7), [leaf] = readChain(parseQuote(new Uint8Array(real[0].quote)));
    for (let i = 0; i < 3000; i++) {
        const der = Uint8Array.from(leaf.der);
        for (let n = 1 + r.below(3); n > 0; n--) der[r.below(der.length)] = r.below(256);
        try {
            readCertificate(der.subarray(0, r.chance(3) ? r.below(der.length) : der.length));
        } catch (error) {
            assert.equal(error.constructor.name, 'Refused', error.stack);
        }
    }
    assert.throws(() => pemBlocks('-----BEGIN CERTIFICATE-----AA-----END CERTIFICATE-----'.repeat(11)), /more than 10/);
});

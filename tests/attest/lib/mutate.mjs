// mutate.mjs - quotes and collateral changed at random, the same for the same seed.
import { createHash, createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { QUOTES, collateralFile, published, quoteFile, rootFile } from './cases.mjs';

/* xorshift32: what is needed is that a run can be repeated. */
export function random(seed) {
    let x = seed >>> 0 || 1;
    const next = () => {
        x ^= x << 13; x >>>= 0;
        x ^= x >>> 17;
        x ^= x << 5; x >>>= 0;
        return x;
    };
    const below = (n) => next() % n;
    return { below, pick: (list) => list[below(list.length)], chance: (n) => below(n) === 0 };
}

const keys = JSON.parse(readFileSync(join(QUOTES, 'test-root/keys.json'))).keys;
const key = (name) => {
    const pub = Buffer.from(keys[name].public_key, 'hex');
    const b64 = (bytes) => bytes.toString('base64url');
    return createPrivateKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', d: b64(Buffer.from(keys[name].scalar, 'hex')), x: b64(pub.subarray(1, 33)), y: b64(pub.subarray(33)) } });
};
const signers = { attestation: key('attestation'), pck: key('pck'), tcb: key('tcb-signing') };
const signed = (name, data) => sign('sha256', data, { key: signers[name], dsaEncoding: 'ieee-p1363' });

const STATUSES = ['UpToDate', 'SWHardeningNeeded', 'ConfigurationNeeded', 'ConfigurationAndSWHardeningNeeded', 'OutOfDate', 'OutOfDateConfigurationNeeded', 'Revoked'];
const valid = published.filter(({ expected }) => expected.valid);
const copy = (one) => ({ quote: Buffer.from(one.quote), collateral: { ...one.collateral }, root: one.root, time: one.time, may: [], how: one.name });

/* --- bytes: nothing is signed anew --- */

function mutateQuote(one, r) {
    const { quote } = one;
    const at = r.pick([() => r.below(quote.length), () => r.below(Math.min(quote.length, 1300)), () => r.pick([0, 2, 4, 48, 50, 632, 702, 764, 766, 1218, 1252, 1254])])() % quote.length;
    const how = r.below(10);
    one.how += `, quote byte ${at} kind ${how}`;
    if (how < 5) quote[at] ^= 1 << r.below(8);
    else if (how < 7) quote[at] = r.below(256);
    else if (how === 7) for (let i = 0; i < 8 && at + i < quote.length; i++) quote[at + i] = r.pick([0, 0xff, r.below(256)]);
    else if (how === 8) one.quote = quote.subarray(0, at);
    else one.quote = Buffer.concat([quote.subarray(0, at), Buffer.from([r.below(256)]), quote.subarray(at)]);
}

const HEX = ['root_ca_crl', 'pck_crl', 'tcb_info_signature', 'qe_identity_signature'];
const TEXT = ['tcb_info', 'qe_identity', 'tcb_info_issuer_chain', 'qe_identity_issuer_chain', 'pck_crl_issuer_chain'];
function mutateCollateral(one, r) {
    const { collateral } = one;
    if (r.chance(6)) {
        const field = r.pick([...HEX, ...TEXT]);
        one.how += `, ${field} of another`;
        collateral[field] = r.pick(valid).collateral[field];
    } else if (r.chance(3)) {
        const field = r.pick(HEX), bytes = Buffer.from(collateral[field], 'hex'), at = r.below(bytes.length);
        one.how += `, ${field} byte ${at}`;
        bytes[at] ^= 1 << r.below(8);
        collateral[field] = bytes.toString('hex');
    } else {
        const field = r.pick(TEXT), text = collateral[field], at = r.below(text.length);
        one.how += `, ${field} character ${at}`;
        collateral[field] = text.slice(0, at) + r.pick(['', ' ', '0', 'A', '"', '/', '\n', '9']) + text.slice(at + 1);
    }
}

function mutateTime(one, r) {
    const dates = [];
    for (const part of [one.collateral.tcb_info, one.collateral.qe_identity])
        for (const name of ['issueDate', 'nextUpdate']) dates.push(Date.parse(JSON.parse(part)[name]) / 1000);
    one.time = r.chance(2) ? r.pick(dates) + r.below(3) - 1 : one.time + (r.below(400) - 200) * 86400;
    one.how += `, at ${one.time}`;
}

/* --- meaning: under the test root, all signed anew --- */

const bit = (bytes, at, r) => { bytes[at] ^= 1 << r.below(8); };
const change = (hex, r) => {
    const bytes = Buffer.from(hex, 'hex');
    bit(bytes, r.below(bytes.length), r);
    return bytes.toString('hex');
};
const advisories = (r) => Array.from({ length: r.below(4) }, () => `INTEL-SA-0${100 + r.below(6)}`);
const near = (n, r) => Math.max(0, n + r.below(3) - 1);

const tcbInfoChanges = [
    (t, r) => { r.pick(t.tcbLevels).tcbStatus = r.pick(STATUSES); },
    (t, r) => { r.pick(t.tcbLevels).advisoryIDs = advisories(r); },
    (t, r) => { const { tcb } = t.tcbLevels[0]; tcb.pcesvn = near(tcb.pcesvn, r); },
    (t, r) => { const c = r.pick(t.tcbLevels[0].tcb.sgxtcbcomponents); c.svn = near(c.svn, r); },
    (t, r) => { const c = r.pick(t.tcbLevels[0].tcb.tdxtcbcomponents); c.svn = near(c.svn, r); },
    (t, r) => { t.fmspc = r.chance(2) ? change(t.fmspc, r) : t.fmspc.toLowerCase(); },
    (t, r) => { t.id = r.pick(['TDX', 'SGX', 'tdx', '']); },
    (t, r) => { t.version = r.below(5); },
    (t, r) => { t.issueDate = r.pick(['2026-01-14T23:59:59Z', '2026-01-15T00:00:00Z', '2026-01-15T00:00:01Z', '2026-01-15T01:00:00+01:00']); },
    (t, r) => { t.nextUpdate = r.pick(['2026-01-14T23:59:59Z', '2026-01-15T00:00:00Z', '2026-01-15T00:00:01Z']); },
    (t) => { t.tcbLevels = []; },
    (t) => { t.tcbLevels.pop(); },
    (t) => { t.tcbLevels.reverse(); },
    (t, r, one) => { one.may.push('module'); delete t.tdxModule; },
    (t, r, one) => { one.may.push('module'); t.tdxModuleIdentities = []; },
    (t, r, one) => { one.may.push('module'); const m = r.pick(t.tdxModuleIdentities); m.tcbLevels[0].tcbStatus = r.pick(STATUSES); m.tcbLevels[0].advisoryIDs = advisories(r); },
    (t, r, one) => { one.may.push('module'); const m = r.pick(t.tdxModuleIdentities); m.id = r.pick(['TDX_01', 'tdx_01', 'TDX_02', 'TDX_1']); },
    (t, r, one) => { one.may.push('module'); const m = r.pick([t.tdxModule, ...t.tdxModuleIdentities]); const name = r.pick(['mrsigner', 'attributes', 'attributesMask']); m[name] = change(m[name], r); },
    (t, r, one) => { one.may.push('module'); t.tdxModuleIdentities[0].tcbLevels[0].tcb.isvsvn = r.below(8); },
];
const qeIdentityChanges = [
    (q, r) => { q.tcbLevels[0].tcbStatus = r.pick(STATUSES); },
    (q, r) => { r.pick(q.tcbLevels).advisoryIDs = advisories(r); },
    (q, r) => { r.pick(q.tcbLevels).tcb.isvsvn = r.below(8); },
    (q, r) => { q.isvprodid = near(q.isvprodid, r); },
    (q, r) => { const name = r.pick(['mrsigner', 'miscselect', 'miscselectMask', 'attributes', 'attributesMask']); q[name] = change(q[name], r); },
    (q, r) => { q.id = r.pick(['TD_QE', 'QE', 'td_qe']); },
    (q, r) => { q.version = r.below(5); },
    (q, r) => { q.issueDate = r.pick(['2026-01-14T23:59:59Z', '2026-01-15T00:00:00Z', '2026-01-15T00:00:01Z']); },
    (q, r) => { q.nextUpdate = r.pick(['2026-01-14T23:59:59Z', '2026-01-15T00:00:00Z', '2026-01-15T00:00:01Z']); },
    (q) => { q.tcbLevels = []; },
];

/* Where things are in a quote of version 4 or 5. */
const layout = (quote) => {
    const five = quote.readUInt16LE(0) === 5, body = five ? 54 : 48;
    const size = five ? quote.readUInt32LE(50) : 584, sig = body + size + 4;
    return { body, size, sig, qe: sig + 134 };
};
const quoteChanges = [
    (q, { body }, r, one) => { one.may.push('module'); q[body + r.below(2)] = r.below(8); },
    (q, { body }, r) => { q[body + 2 + r.below(14)] = r.below(4); },
    (q, { body }, r, one) => { bit(q, body + 120 + r.below(8), r); if (q[body + 127] & 0x80) one.may.push('perfmon'); },
    (q, { body }, r, one) => { bit(q, body + 120 + 3, r); if (q[body + 127] & 0x80) one.may.push('perfmon'); },
    (q, { body }, r, one) => { one.may.push('module'); bit(q, body + 64 + r.below(48), r); },
    (q, { body }, r, one) => { one.may.push('module'); bit(q, body + 112 + r.below(8), r); },
    (q, { body }, r) => { bit(q, body + 520 + r.below(64), r); },
    (q, { body, size }, r) => { if (size > 584) bit(q, body + 600 + r.below(48), r); },
    (q, { qe }, r) => { q[qe + 258] = r.below(8); q[qe + 259] = r.chance(8) ? 1 : 0; },
    (q, { qe }, r) => { bit(q, qe + 256, r); },
    (q, { qe }, r) => { bit(q, qe + 48 + r.below(16), r); },
    (q, { qe }, r) => { bit(q, qe + 16 + r.below(4), r); },
    (q, { qe }, r) => { bit(q, qe + 128 + r.below(32), r); },
    (q, { qe }, r) => { bit(q, qe + 320 + r.below(64), r); },
];

function signQuote(quote, rebind) {
    const { body, size, sig, qe } = layout(quote);
    if (rebind) {
        const auth = quote.readUInt16LE(qe + 448);
        createHash('sha256').update(quote.subarray(sig + 64, sig + 128)).update(quote.subarray(qe + 450, qe + 450 + auth)).digest().copy(quote, qe + 320);
    }
    signed('pck', quote.subarray(qe, qe + 384)).copy(quote, qe + 384);
    signed('attestation', quote.subarray(0, body + size)).copy(quote, sig);
}

/* Highest first, as matching wants them: by SGX components, PCESVN, TDX components. */
function isSorted(levels) {
    const order = ({ tcb }) => [...tcb.sgxtcbcomponents.map((c) => c.svn), tcb.pcesvn, ...tcb.tdxtcbcomponents.map((c) => c.svn)];
    return levels.every((level, i) => {
        if (i === 0) return true;
        const a = order(levels[i - 1]), b = order(level), at = a.findIndex((svn, j) => svn !== b[j]);
        return at < 0 || a[at] > b[at];
    });
}

const bases = ['q00', 'q01', 'q02', 'q05', 'q06', 'q08', 'q09', 'q10', 'q13'];
function resigned(r) {
    const base = r.pick(bases);
    const one = { quote: quoteFile(`test-root/${base}.bin`), collateral: collateralFile('test-root/c00.json'), root: rootFile('test'), time: 1768435200, may: [], how: `signed anew: ${base}` };
    const tcbInfo = JSON.parse(one.collateral.tcb_info), qeIdentity = JSON.parse(one.collateral.qe_identity);
    const places = layout(one.quote);
    /* The quotes q10 and q13 stand where only the module's own rules decide. */
    if (base === 'q10' || base === 'q13') one.may.push('module');
    for (let count = 1 + r.below(3); count > 0; count--) {
        const [name, run] = r.pick([
            ['tcb_info', () => r.pick(tcbInfoChanges.filter((c) => tcbInfo.tcbLevels.length > 0 && tcbInfo.tdxModule && tcbInfo.tdxModuleIdentities.length > 0 || c.length < 2))(tcbInfo, r, one)],
            ['qe_identity', () => qeIdentity.tcbLevels.length > 0 && r.pick(qeIdentityChanges)(qeIdentity, r, one)],
            ['quote', () => r.pick(quoteChanges)(one.quote, places, r, one)],
        ]);
        run();
        one.how += `, ${name}`;
    }
    if (!isSorted(tcbInfo.tcbLevels)) one.may.push('order');
    signQuote(one.quote, r.chance(2) && !one.how.includes('report'));
    one.collateral.tcb_info = JSON.stringify(tcbInfo);
    one.collateral.tcb_info_signature = signed('tcb', Buffer.from(one.collateral.tcb_info)).toString('hex');
    one.collateral.qe_identity = JSON.stringify(qeIdentity);
    one.collateral.qe_identity_signature = signed('tcb', Buffer.from(one.collateral.qe_identity)).toString('hex');
    return one;
}

/* One case: what it is about in how; in may what the official verifier does not look at. */
export function mutation(r) {
    const kind = r.below(10);
    if (kind >= 6) return resigned(r);
    const one = copy(r.pick(valid));
    if (kind < 3) mutateQuote(one, r);
    else if (kind < 5) mutateCollateral(one, r);
    else mutateTime(one, r);
    return one;
}

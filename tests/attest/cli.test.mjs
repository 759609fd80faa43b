// cli.test.mjs - devproof quote and devproof eventlog, as they are called.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DEVPROOF, VECTORS, published } from './lib/cases.mjs';

const dir = mkdtempSync(join(tmpdir(), 'dp-attest-'));
after(() => rmSync(dir, { recursive: true, force: true }));
const file = (name, content) => {
    writeFileSync(join(dir, name), content);
    return join(dir, name);
};
const devproof = (args, input = '') => {
    const { status, stdout, stderr } = spawnSync(DEVPROOF, args, { input, encoding: 'utf8', timeout: 20_000, maxBuffer: 1 << 26 });
    return { code: status, stdout, stderr };
};
const json = (args, input) => {
    const { code, stdout, stderr } = devproof([...args, '--json'], input);
    assert.equal(stderr, '');
    return { code, ...JSON.parse(stdout) };
};
const eventLogs = JSON.parse(readFileSync(join(VECTORS, 'eventlog.json')));

test('quote verify gives each published quote its verdict', () => {
    for (const { name, quote, collateral, root, rootName, time, expected } of published) {
        const args = ['quote', 'verify', file('quote', quote), '--collateral', file('collateral', JSON.stringify(collateral)), '--at', String(time)];
        const got = json(rootName === 'intel' ? args : [...args, '--root', file('root', root)]);
        assert.deepEqual(Object.keys(got), ['code', 'valid', 'status', 'advisoryIds', 'error'], name);
        assert.equal(got.valid, expected.valid, name);
        assert.equal(got.code, expected.valid ? 0 : 1, name);
        assert.equal(got.status, expected.valid ? expected.status : null, name);
        assert.deepEqual(got.advisoryIds, expected.valid ? expected.advisory_ids : [], name);
        if (expected.valid) assert.equal(got.error, null, name);
        else assert.ok(got.error.startsWith(`${expected.failure}: `), `${name}: ${got.error}`);
    }
});

test('quote verify takes hex, standard input, RFC 3339 and a root in PEM; the test root only if it is named', () => {
    const one = published.find(({ name }) => name === 'base');
    const pem = `-----BEGIN CERTIFICATE-----\n${one.root.toString('base64').replace(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE-----\n`;
    const args = ['quote', 'verify', '-', '--collateral', file('collateral', JSON.stringify(one.collateral)), '--at', one.time_text];
    assert.equal(json([...args, '--root', file('root.pem', pem)], `0x${one.quote.toString('hex')}\n`).valid, true);
    assert.match(json(args, one.quote).error, /^crl: /);
    assert.match(json([...args, '--root', file('root.bad', 'no certificate')], one.quote).error, /^collateral: .*root/i);
    assert.equal(devproof([...args.slice(0, -1), 'yesterday'], one.quote).code, 2);
});

test('quote verify refuses what is no collateral, with a sentence and in no time', () => {
    const one = published.find(({ name }) => name === 'base'), quote = file('quote', one.quote);
    const without = Object.keys(one.collateral).filter((name) => name !== 'pck_crl_issuer_chain').map((name) => {
        const { [name]: _, ...rest } = one.collateral;
        return JSON.stringify(rest);
    });
    const typed = Object.keys(one.collateral).map((name) => JSON.stringify({ ...one.collateral, [name]: 1 }));
    for (const text of ['', '[]', '{', '{}', `{"a":${'['.repeat(100_000)}`, 'x'.repeat(1 << 20), ...without, ...typed]) {
        const got = json(['quote', 'verify', quote, '--collateral', file('collateral', text), '--at', '1']);
        assert.equal(got.code, 1, text.slice(0, 60));
        assert.match(got.error, /^collateral: ./, text.slice(0, 60));
    }
    const giant = file('giant', Buffer.alloc(20 << 20, 0x33));
    for (const args of [['quote', 'show', giant], ['quote', 'verify', giant, '--collateral', quote], ['quote', 'verify', quote, '--collateral', giant], ['eventlog', 'replay', giant]]) {
        const { code, stderr } = devproof(args);
        assert.notEqual(code, 0);
        assert.match(stderr, /larger than the limit/);
    }
});

test('quote show names every field', () => {
    for (const { quote, fields, name } of published.filter((row) => row.fields)) {
        const got = json(['quote', 'show', '-'], quote);
        assert.equal(got.code, 0);
        for (const [field, value] of Object.entries(fields)) assert.deepEqual(got[field], value, `${name}: ${field}`);
    }
    assert.match(devproof(['quote', 'show', '-'], published[0].quote).stdout, /^mr_td 91eb2b44/m);
});

test('eventlog replay gives the registers, and holds them against the quote', () => {
    for (const { name, quote, event_log: log, registers, rtmr, derived } of eventLogs.quotes) {
        const stripped = registers.length === 1 ? ['--stripped'] : [];
        const args = ['eventlog', 'replay', '-', '--quote', file('quote.hex', quote), ...stripped];
        const got = json(args, JSON.stringify(log));
        assert.equal(got.code, 0, name);
        for (const i of registers) assert.equal(got[`rtmr${i}`], rtmr[`rtmr${i}`], name);
        for (const [member, value] of Object.entries(derived)) assert.deepEqual(got[member], value, `${name}: ${member}`);
        assert.deepEqual(got.key_provider, JSON.parse(Buffer.from(derived.key_provider_info, 'hex')), name);
        if (stripped.length > 0) assert.match(json(args.slice(0, -1), JSON.stringify(log)).error, /RTMR0/);
    }
    for (const { name, event_log: log, rtmr3, rtmr3_boot: boot } of eventLogs.made) {
        const got = json(['eventlog', 'replay', '-', '--rtmr3', rtmr3], JSON.stringify(log));
        assert.deepEqual([got.code, got.rtmr3, got.rtmr3_boot], [0, rtmr3, boot], name);
    }
});

test('eventlog replay takes an answer of GetQuote, and refuses one of another quote', () => {
    const [one, other] = eventLogs.quotes;
    const answer = (quote) => JSON.stringify({ quote, event_log: JSON.stringify(one.event_log), report_data: '' });
    const got = json(['eventlog', 'replay', '-'], answer(one.quote));
    assert.deepEqual([got.code, got.quote], [0, 'agrees']);
    assert.equal(json(['eventlog', 'replay', '-'], answer(other.quote)).code, 1);
});

test('eventlog replay accepts no broken log', () => {
    for (const { name, event_log: log, rtmr3 } of eventLogs.broken) {
        const got = json(['eventlog', 'replay', '-', '--rtmr3', rtmr3], JSON.stringify(log));
        assert.deepEqual([got.code, got.valid], [1, false], name);
    }
});

test('a second compose-hash does not take the place of the first', () => {
    const { event_log: log } = eventLogs.made.find(({ name }) => name === 'version 1 boot');
    const second = { ...log[2], digest: '', event_payload: 'ee'.repeat(32) };
    const before = json(['eventlog', 'replay', '-'], JSON.stringify([...log.slice(0, 4), second, ...log.slice(4)]));
    assert.equal(before.code, 1);
    assert.match(before.error, /compose-hash/);
    const behind = json(['eventlog', 'replay', '-'], JSON.stringify([...log, second]));
    assert.deepEqual([behind.code, behind.compose_hash], [0, 'c1'.repeat(32)]);
});

// mutations.test.mjs - thousands of changed quotes and collateral: the official verifier says the same.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { VERDICTS, framed, official, published } from './lib/cases.mjs';
import { mutation, random } from './lib/mutate.mjs';

const COUNT = Number(process.env.MUTATIONS ?? 10_000), SEED = Number(process.env.SEED ?? 1), BATCH = 500;
const STATUSES = ['UpToDate', 'SWHardeningNeeded', 'ConfigurationNeeded', 'ConfigurationAndSWHardeningNeeded', 'OutOfDate', 'OutOfDateConfigurationNeeded'];

function ours(cases) {
    const { status, stdout, stderr } = spawnSync(VERDICTS, [], { input: Buffer.concat(cases.map(framed)), maxBuffer: 1 << 28, encoding: 'utf8', timeout: 120_000 });
    assert.equal(status, 0, stderr);
    const lines = stdout.split('\n').slice(0, -1);
    assert.equal(lines.length, cases.length);
    return lines;
}

const isValid = (verdict) => verdict.startsWith('valid ');
const agree = (mine, theirs) => (isValid(mine) || isValid(theirs) ? mine === theirs : true);
const worse = (mine, theirs) => STATUSES.indexOf(mine.split(' ')[1]) >= STATUSES.indexOf(theirs.split(' ')[1]);

/*
 * What the official verifier (0.3.9) does not look at, and we do; may says which of it a case is about.
 * Returns: its name, or undefined where the two should have agreed.
 */
function reason(mine, theirs, may) {
    if (mine === 'crl' && isValid(theirs)) return 'crl';
    if (may.includes('perfmon') && mine === 'attributes' && isValid(theirs)) return 'perfmon';
    if (may.includes('chain') && isValid(mine)) return 'chain';
    if (may.includes('order')) return 'order';
    if (may.includes('module') && isValid(theirs) && (['tdx-module', 'revoked-tcb'].includes(mine) || (isValid(mine) && worse(mine, theirs)))) return 'module';
    return undefined;
}

/* Published cases that are about such a thing from the start. */
const aboutFromTheStart = (how) => [
    ...(/^levels in wrong order/.test(how) ? ['order'] : []),
    ...(/^TDX module|SEAM|^tdxModule|identities listed/.test(how) ? ['module'] : []),
    ...(/intermediates swapped/.test(how) ? ['chain'] : []),
    ...(/^PERFMON/.test(how) ? ['perfmon'] : []),
];

test('every published quote, but for what the official verifier does not look at', () => {
    const verdicts = ours(published);
    let different = 0;
    published.forEach((one, i) => {
        const { valid, status, advisory_ids: ids } = one.expected, theirs = official(one);
        assert.equal(verdicts[i], valid ? ['valid', status, ...ids].join(' ') : one.expected.failure, one.name);
        if (agree(verdicts[i], theirs)) return;
        different++;
        assert.ok(reason(verdicts[i], theirs, aboutFromTheStart(one.name)), `${one.name}: ${verdicts[i]}, they: ${theirs}`);
    });
    assert.equal(published.length, 170);
    assert.equal(different, 20);
});

test('a chain as PEM, each character around its marks changed', () => {
    const base = published.find(({ name }) => name === 'base'), field = 'tcb_info_issuer_chain', text = base.collateral[field];
    const marks = [...text.matchAll(/-----(BEGIN|END) CERTIFICATE-----/g)].map(({ index }) => index);
    const cases = [...text].flatMap((_, i) => (marks.some((mark) => Math.abs(i - mark) < 40) ? ['', ' ', 'A', '=', '\n', '/', '-', '\r', '\t'] : [])
        .map((char) => ({ ...base, how: `${i} ${JSON.stringify(char)}`, collateral: { ...base.collateral, [field]: text.slice(0, i) + char + text.slice(i + 1) } })));
    assert.ok(cases.length > 1500);
    ours(cases).forEach((mine, i) => {
        const theirs = official(cases[i]);
        assert.ok(agree(mine, theirs), `${cases[i].how}: ${mine}, they: ${theirs}`);
    });
});

test(`${COUNT} changed quotes and collateral`, (t) => {
    const r = random(SEED), reasons = {};
    let same = 0, valid = 0;
    for (let done = 0; done < COUNT; done += BATCH) {
        const cases = Array.from({ length: Math.min(BATCH, COUNT - done) }, () => mutation(r));
        ours(cases).forEach((mine, i) => {
            const one = cases[i], theirs = official(one);
            if (agree(mine, theirs)) {
                same++;
                valid += isValid(mine);
                return;
            }
            const why = reason(mine, theirs, [...one.may, ...aboutFromTheStart(one.how)]);
            assert.ok(why, `seed ${SEED}, case ${done + i} (${one.how}): ${mine}, they: ${theirs}`);
            reasons[why] = (reasons[why] ?? 0) + 1;
        });
    }
    t.diagnostic(`${same} of ${COUNT} the same, ${valid} of them valid; different by what they do not look at: ${JSON.stringify(reasons)}`);
    /* Else the changes were not what they should be. */
    assert.ok(same > COUNT * 0.85 && valid > COUNT * 0.1);
});

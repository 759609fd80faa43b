// bls.test.mjs - signatures good and bad: lib/bls says what blst and noble say.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { blst, makeCase, noble, nobleCanTell, random } from './lib/bls.mjs';

const COUNT = Number(process.env.CASES ?? 1000), SEED = process.env.SEED ?? '1';
const PROGRAM = join(process.env.BUILD_DIR ?? 'build', 'tests/light/bls');

function ours(cases) {
    const input = cases.map(({ keys, message, signature }) => `${Buffer.concat(keys).toString('hex')} 0x${message.toString('hex')} ${signature.toString('hex')}\n`).join('');
    const { status, stdout, stderr } = spawnSync(PROGRAM, [], { input, encoding: 'utf8', timeout: 120_000 });
    assert.equal(status, 0, stderr);
    return stdout.split('\n').slice(0, -1);
}

const r = random(SEED), cases = Array.from({ length: COUNT }, () => makeCase(r)), verdicts = ours(cases);

test('each is judged', () => assert.equal(verdicts.length, COUNT));

test('blst says the same of all', () => {
    const seen = { valid: 0, invalid: 0, keys: 0 };
    cases.forEach((one, i) => {
        assert.equal(verdicts[i], blst(one), `${i}, ${one.name}`);
        seen[verdicts[i]]++;
    });
    for (const [verdict, count] of Object.entries(seen)) assert.ok(count > COUNT / 20, `${verdict}: ${count}`);
});

test('noble says the same of the first of each name', () => {
    const names = new Set();
    cases.forEach((one, i) => {
        if (names.has(one.name) || !nobleCanTell(one)) return;
        names.add(one.name);
        assert.equal(verdicts[i], noble(one), `${i}, ${one.name}`);
    });
    assert.ok(names.size >= 28, `${[...names]}`);
});

// ct.test.mjs - neither a branch nor an address depends on a key, as far as valgrind sees.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { BUILD_DIR, ROOT } from '../api/lib/stack.mjs';

function run(...args) {
    const { status, stderr, error } = spawnSync('valgrind', ['-v', '--error-exitcode=9',
        `--suppressions=${join(ROOT, 'tests/custody/ct.supp')}`, join(BUILD_DIR, 'tests/custody/ct'), ...args],
        { encoding: 'utf8' });
    assert.ifError(error);
    return { status, said: stderr.split('\n').filter((line) => !/REDIR|Reading syms/.test(line)).join('\n') };
}

test('a key is decoded, used and compared without a look at it', () => {
    const { status, said } = run();
    assert.equal(status, 0, said);
    const meant = [...said.matchAll(/used_suppression: +(\d+) (\S+)/g)].map(([, times, name]) => `${name} ${times}`);
    assert.ok(['hex-is-hex 1,sign-loop 2', 'sign-loop 2'].includes(meant.sort().join()), said);
});

test('a planted branch on a key is found', () => {
    const { status, said } = run('--branch');
    assert.equal(status, 9, said);
    assert.match(said, /Conditional jump or move depends on uninitialised value\(s\)\n.*at .*: plant /);
});

test('a planted look into a table at a place that a key names is found', () => {
    const { status, said } = run('--index');
    assert.equal(status, 9, said);
    assert.match(said, /Use of uninitialised value of size 8\n.*at .*: plant /);
});

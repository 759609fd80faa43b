// explain.test.mjs - which field changed a compose hash.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compose, file } from './lib.mjs';

const app = { name: 'a', manifest_version: 2, docker_compose_file: 'services:\n  web:\n    image: a\n    user: "1"\n', allowed_envs: ['A'] };
const old = file('old.json', JSON.stringify(app));

function explain(changed, ...options) {
    const other = file('new.json', typeof changed === 'string' ? changed : JSON.stringify(changed));
    return compose(['hash', old, '--explain', other, ...options]);
}

test('the same bytes: exit code 0', () => {
    const ran = explain(app);
    assert.equal(ran.code, 0, ran.said);
    assert.match(ran.stdout, /^The bytes are the same: [0-9a-f]{64}\n$/);
});

test('the same fields in other bytes: where the first difference is, and that it is spelling', () => {
    const ran = explain(JSON.stringify(app, null, 1));
    assert.equal(ran.code, 1);
    assert.match(ran.stdout, /^No field differs, but the bytes do, first at byte 1 in line 1: white space/);
    assert.match(ran.stdout, /\n- [0-9a-f]{64}\n\+ [0-9a-f]{64}\n$/);
    assert.match(explain(`${JSON.stringify(app)}\n`).stdout, new RegExp(`first at byte ${JSON.stringify(app).length} `));
});

test('fields by their JSON pointer, and the lines inside the compose file', () => {
    const ran = explain({ ...app, name: 'b', manifest_version: undefined, secure_time: true, allowed_envs: ['A', 'B'],
        docker_compose_file: app.docker_compose_file.replace('image: a', 'image: b') + '    tty: true\n' });
    assert.equal(ran.code, 1);
    for (const part of ['changed /name\n  - "a"\n  + "b"\n', 'removed /manifest_version\n  - 2\n', 'added /secure_time\n  + true\n', 'added /allowed_envs/1\n  + "B"\n',
        'changed /docker_compose_file\n  - line 3:     image: a\n  + line 3:     image: b\n  + line 5:     tty: true\n'])
        assert.ok(ran.stdout.includes(part), `${part}\n${ran.stdout}`);
    assert.ok(!ran.stdout.includes('user:'), 'a line that stayed');
});

test('as JSON', () => {
    const answer = JSON.parse(explain({ ...app, name: 'b' }, '--json').stdout);
    assert.deepEqual(answer.changes, [{ pointer: '/name', from: '"a"', to: '"b"' }]);
    assert.equal(answer.same, false);
    assert.equal(answer.count, 1);
    assert.notEqual(answer.from, answer.to);
});

test('thousands of changes, long lines and long names stay short', () => {
    const many = (mark) => Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}${'n'.repeat(20)}`, mark]));
    file('old-many.json', JSON.stringify(many(1)));
    const ran = compose(['hash', file('old-many.json', JSON.stringify(many(1))), '--explain', file('new-many.json', JSON.stringify(many(2)))]);
    assert.match(ran.stdout, /^\.\.\. and 4000 more$/m);
    const long = explain({ ...app, name: 'x'.repeat(100_000), ['y'.repeat(100_000)]: 1 });
    assert.ok(long.stdout.length < 4000, `${long.stdout.length} characters`);
});

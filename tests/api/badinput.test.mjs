// badinput.test.mjs - the table of bad requests; then: nothing has crashed, and nothing secret is in a log.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { badRows, SECRET_EMAIL, SECRET_MESSAGE } from './lib/badrows.mjs';
import { GEN2, vectors, wallet } from './lib/derive.mjs';
import { assertProblem, client, cookieOf, exchange, request } from './lib/http.mjs';
import { workers } from './lib/proc.mjs';
import { startStack } from './lib/stack.mjs';

const stack = await startStack();
after(() => stack.stop());
const api = client(stack);

async function signup(userId, email) {
    const answer = await api('POST', '/api/signup', { email, userId });
    assert.equal(answer.status, 201, answer.body.toString());
    return { ...answer.json, cookie: cookieOf(answer).value };
}

const user = await signup('alice', 'alice.private.7f3a@example.com');
const other = await signup('bob', 'bob.private.7f3a@example.com');
const good = vectors('ethereum.json').signatures.find(({ name }) => name === 'good');
const rows = badRows({ user: { ...user, signature: '0x' + good.signature }, other, adminToken: stack.adminToken });
const pids = () => workers(stack).map(({ pid, program }) => `${program} ${pid}`).sort();
let workersBefore;

async function signs() {
    const answer = await api('POST', '/api/users/alice/sign', { message: SECRET_MESSAGE }, { token: user.token });
    assert.equal(answer.status, 200, answer.body.toString());
}

before(async () => {
    await signs();
    workersBefore = pids();
});

describe('the table', () => {
    test('has at least 150 rows, each under a name of its own', () => {
        console.log(`# ${rows.length} rows`);
        assert.ok(rows.length >= 150);
        const names = rows.map(({ name }) => name);
        assert.deepEqual(names.filter((name, i) => names.indexOf(name) !== i), []);
    });

    for (const row of rows)
        test(row.name, async () => {
            const answer = row.raw
                ? await exchange(stack.port, row.raw)
                : await request(stack.port, row.method, row.path, { headers: row.headers, body: row.body });
            if (row.raw && /json/.test(answer.header('content-type'))) answer.json = JSON.parse(answer.body);
            const said = `${answer.status} ${answer.json?.code ?? ''}: ${answer.body.toString('utf8').slice(0, 200)}`;
            const want = row.want.find(([status, code]) => status === answer.status && (code === null || code === answer.json?.code));
            assert.ok(want, `want ${row.want.map((one) => one.join(' ')).join(' or ')}, got ${said}`);
            assert.ok(answer.header('x-request-id'), `no X-Request-Id: ${said}`);
            if (want[1]) assertProblem(answer, want[0], want[1], row.field);
            if (answer.status === 405) assert.ok(answer.header('allow'), 'no Allow');
            if (answer.status === 401) assert.match(answer.header('www-authenticate') ?? '', /^Bearer\b/);
        });
});

describe('afterwards', () => {
    test('it serves, and nobody was made by a bad request', async () => {
        await signs();
        const { json } = await api('GET', '/api/admin/users', undefined, { token: stack.adminToken });
        assert.deepEqual(json.users.map(({ userId }) => userId), ['alice', 'bob']);
    });

    test('the workers are the same as before', () => {
        assert.ok(workersBefore.length >= 2, 'no workers found: is /proc readable?');
        assert.deepEqual(pids(), workersBefore);
    });

    test('no log holds a secret, an email or a message', () => {
        const keys = ['alice', 'bob'].map((name) => wallet(name).key);
        const secrets = {
            'a token': [user.token, other.token, user.cookie, other.cookie],
            "the admin's token": [stack.adminToken],
            'a message': [SECRET_MESSAGE, Buffer.from(SECRET_MESSAGE).toString('hex')],
            'an email': [user.email, other.email, SECRET_EMAIL, user.email.split('@')[0]],
            'a private key': [...keys, GEN2.k256_key, ...keys.map((key) => Buffer.from(key, 'hex').toString('base64'))],
        };
        const logs = readdirSync(stack.logDir, { recursive: true, withFileTypes: true })
            .filter((entry) => entry.isFile()).map((entry) => join(entry.path ?? entry.parentPath, entry.name));
        assert.ok(logs.length > 0, 'no logs');
        const texts = [...logs.map((path) => [path, readFileSync(path, 'latin1')]), ['what ./up printed', stack.output()]];
        assert.ok(texts.some(([, text]) => text.includes('alice')), 'the logs say nothing of these requests');
        for (const [path, text] of texts)
            for (const [what, list] of Object.entries(secrets))
                for (const secret of list)
                    assert.ok(!text.toLowerCase().includes(secret.toLowerCase()), `${what} is in ${path}`);
    });
});

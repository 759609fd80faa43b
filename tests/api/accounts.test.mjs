// accounts.test.mjs - rotation, named tokens, the audit log, the export, the admin's token, limits.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { KMS_ROOT, hashOf, recoverChain, wallet } from './lib/derive.mjs';
import { assertProblem, client, cookieOf } from './lib/http.mjs';
import { BUILD_DIR, sleep, startStack } from './lib/stack.mjs';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const TOKEN = /^[0-9a-f]{64}$/;
const ZERO = `0x${'0'.repeat(64)}`;

let stack, api, origin;
let count = 0;

before(async () => {
    stack = await startStack();
    api = client(stack);
    origin = stack.url.slice(0, -1);
});
after(() => stack?.stop());

async function signup(call = api, email) {
    const userId = `holder.${++count}`;
    const answer = await call('POST', '/api/signup', { email: email ?? `${userId}@example.com`, userId });
    assert.equal(answer.status, 201, answer.body.toString());
    const path = `/api/users/${userId}`;
    return { ...answer.json, path, cookie: cookieOf(answer)?.value };
}

const as = (user) => ({ token: user.token });
const admin = () => ({ token: stack.adminToken });
const members = (object) => Object.keys(object).sort();

/* The hash of a row by docs/api.md alone: JSON.stringify of sorted members is RFC 8785 here. */
function hashOfRow({ seq, time, actor, action, userId, data, prevHash }) {
    const sorted = Object.fromEntries(Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1)));
    const text = JSON.stringify([seq, time, actor, action, userId, sorted, prevHash]);
    return `0x${createHash('sha256').update(text).digest('hex')}`;
}

async function wholeLog() {
    const rows = [];
    for (let cursor = '0'; cursor !== null; ) {
        const page = await api('GET', `/api/admin/log?limit=50&cursor=${cursor}`, undefined, admin());
        assert.equal(page.status, 200, page.body.toString());
        rows.push(...page.json.rows);
        cursor = rows.length > 5000 ? null : page.json.nextCursor;
    }
    return rows;
}

async function rotated(user, version = 2) {
    const namespace = `wallet/ethereum/v${version}`;
    const answer = await api('POST', `${user.path}/rotate`, { namespace }, as(user));
    assert.equal(answer.status, 200, answer.body.toString());
    return answer.json;
}

describe('rotation', () => {
    test('gives the key of the new namespace, and signs with it from then on', async () => {
        const user = await signup();
        const next = await rotated(user);
        assert.deepEqual(members(next), members((await api('GET', `${user.path}/keys`)).json));
        assert.equal(next.namespace, 'wallet/ethereum/v2');
        assert.equal(next.address, wallet(user.userId, 'wallet/ethereum/v2').address);
        assert.notEqual(next.address, user.address);
        assert.equal((await recoverChain(next)).root, KMS_ROOT);
        const signed = await api('POST', `${user.path}/sign`, { message: 'new' }, as(user));
        assert.equal(signed.json.address, next.address);
        assert.equal(signed.json.namespace, 'wallet/ethereum/v2');
        assert.equal((await api('GET', `${user.path}/keys`)).json.address, next.address);
        assert.equal((await api('GET', '/api/users/me/keys', undefined, as(user))).json.address, next.address);
    });

    test('leaves old keys on record, and what they signed verifiable', async () => {
        const user = await signup();
        const { signature } = (await api('POST', `${user.path}/sign`, { message: 'old' }, as(user))).json;
        const next = await rotated(user);
        for (const path of [`${user.path}/keys?all=1`, `/api/users/me/keys?all=1&userId=${user.userId}`]) {
            const { json } = await api('GET', path);
            assert.equal(json.userId, user.userId);
            assert.deepEqual(json.keys.map(({ address }) => address), [next.address, user.address]);
            const [now, old] = json.keys;
            assert.equal(now.retiredAt, null);
            assert.match(old.retiredAt, TIME);
            assert.equal(old.retiredAt, now.createdAt);
            for (const name of ['pubKeyHex', 'namespace', 'derivedPubKeyHex', 'createdAt']) assert.equal(old[name], user[name]);
            assert.equal((await recoverChain(old)).root, KMS_ROOT);
        }
        const verified = await api('POST', '/api/verify', { message: 'old', signature, pubKeyHex: user.pubKeyHex });
        assert.equal(verified.json.valid, true);
    });

    test('wants the token of this very user, and a cookie only from this site', async () => {
        const [user, other] = [await signup(), await signup()];
        const body = { namespace: 'wallet/ethereum/v2' };
        assertProblem(await api('POST', `${user.path}/rotate`, body), 401, 'unauthorized');
        assertProblem(await api('POST', `${user.path}/rotate`, body, as(other)), 403, 'forbidden');
        assertProblem(await api('POST', `${user.path}/rotate`, body, admin()), 403, 'forbidden');
        const { cookie } = user;
        assertProblem(await api('POST', `${user.path}/rotate`, body, { cookie }), 403, 'cross_origin');
        assert.equal((await api('POST', `${user.path}/rotate`, body, { cookie, origin })).status, 200);
    });

    test('takes only KEY_NAMESPACE/v2 and up, each once', async () => {
        const user = await signup();
        const bad = ['', 'wallet/ethereum', 'wallet/ethereum/', 'wallet/ethereum/v', 'wallet/ethereum/v0', 'wallet/ethereum/v1',
            'wallet/ethereum/v02', 'wallet/ethereum/v1000000', 'wallet/ethereum/v2/', 'wallet/ethereum/v2 ', 'wallet/ethereum/v-2',
            'wallet/ethereum/V2', 'wallet/ethereum/v2/../v3', 'Wallet/ethereum/v2', 'wallet/ethereumv2', 'devproof', 'devproof/v2',
            'wallet/ethereum/v2\u0000', 'wallet/ethereum/v٢', `wallet/ethereum/v${'9'.repeat(60)}`];
        for (const namespace of bad)
            assertProblem(await api('POST', `${user.path}/rotate`, { namespace }, as(user)), 400, 'invalid_namespace', 'namespace');
        assertProblem(await api('POST', `${user.path}/rotate`, {}, as(user)), 400, 'missing_field', 'namespace');
        assertProblem(await api('POST', `${user.path}/rotate`, { namespace: 2 }, as(user)), 400, 'wrong_type', 'namespace');
        await rotated(user, 999999);
        await rotated(user, 3);
        assertProblem(await api('POST', `${user.path}/rotate`, { namespace: 'wallet/ethereum/v3' }, as(user)), 409, 'namespace_used');
        assertProblem(await api('POST', `${user.path}/rotate`, { namespace: 'wallet/ethereum/v999999' }, as(user)), 409, 'namespace_used');
    });

    test('two at a time leave one key in force', async () => {
        const user = await signup();
        const tries = [2, 2, 3, 3, 4].map((n) => api('POST', `${user.path}/rotate`, { namespace: `wallet/ethereum/v${n}` }, as(user)));
        const statuses = (await Promise.all(tries)).map(({ status }) => status);
        assert.equal(statuses.filter((status) => status === 200).length, 3, statuses.join());
        const { keys } = (await api('GET', `${user.path}/keys?all=1`)).json;
        assert.equal(keys.length, 4);
        assert.equal(keys.filter(({ retiredAt }) => retiredAt === null).length, 1);
    });

    test('of nobody has no keys to list', async () => {
        assertProblem(await api('GET', '/api/users/nobody/keys?all=1'), 404, 'unknown_user');
        assertProblem(await api('GET', '/api/users/nobody/keys?all=2'), 400, 'invalid_parameter', 'all');
    });
});

describe('tokens', () => {
    test('are made by name, shown once, and good for signing', async () => {
        const user = await signup();
        const made = await api('POST', `${user.path}/tokens`, { name: 'Büro "1"' }, as(user));
        assert.equal(made.status, 201, made.body.toString());
        assert.deepEqual(members(made.json), ['createdAt', 'id', 'name', 'token']);
        assert.match(made.json.token, TOKEN);
        const { tokens } = (await api('GET', `${user.path}/tokens`, undefined, as(made.json))).json;
        assert.deepEqual(tokens.map(({ name }) => name), ['signup', 'Büro "1"']);
        for (const token of tokens) assert.deepEqual(members(token), ['createdAt', 'id', 'name']);
        assert.equal((await api('POST', `${user.path}/sign`, { message: 'm' }, as(made.json))).status, 200);
    });

    test('that are revoked are so at once, with the sessions that they started', async () => {
        const user = await signup();
        const made = (await api('POST', `${user.path}/tokens`, { name: 'lost' }, as(user))).json;
        const cookie = cookieOf(await api('POST', '/api/session', { token: made.token })).value;
        assert.equal((await api('GET', `${user.path}/tokens`, undefined, { cookie })).status, 200);
        assert.equal((await api('DELETE', `${user.path}/tokens/${made.id}`, undefined, as(user))).status, 204);
        assertProblem(await api('POST', `${user.path}/sign`, { message: 'm' }, as(made)), 401, 'unauthorized');
        assertProblem(await api('GET', `${user.path}/tokens`, undefined, { cookie }), 401, 'unauthorized');
        assertProblem(await api('DELETE', `${user.path}/tokens/${made.id}`, undefined, as(user)), 404, 'not_found');
        assert.equal((await api('POST', `${user.path}/sign`, { message: 'm' }, as(user))).status, 200);
    });

    test('of others cannot be seen, made or revoked', async () => {
        const [user, other] = [await signup(), await signup()];
        const [{ id }] = (await api('GET', `${user.path}/tokens`, undefined, as(user))).json.tokens;
        for (const who of [as(other), admin()]) {
            assertProblem(await api('GET', `${user.path}/tokens`, undefined, who), 403, 'forbidden');
            assertProblem(await api('POST', `${user.path}/tokens`, { name: 'x' }, who), 403, 'forbidden');
            assertProblem(await api('DELETE', `${user.path}/tokens/${id}`, undefined, who), 403, 'forbidden');
        }
        assertProblem(await api('DELETE', `${other.path}/tokens/${id}`, undefined, as(other)), 404, 'not_found');
        for (const odd of ['0', '01', 'x', '1x', '-1', '9'.repeat(19)])
            assertProblem(await api('DELETE', `${user.path}/tokens/${odd}`, undefined, as(user)), 404, 'not_found');
    });

    test('have names of 1 to 64 characters without control characters', async () => {
        const user = await signup();
        for (const name of ['', 'a\nb', '\u0000', 'x'.repeat(65), '\u007f', '\u0085'])
            assertProblem(await api('POST', `${user.path}/tokens`, { name }, as(user)), 400, 'invalid_name', 'name');
        assertProblem(await api('POST', `${user.path}/tokens`, {}, as(user)), 400, 'missing_field', 'name');
        for (const name of ['x', 'é'.repeat(64), '🔑'.repeat(64), ' '])
            assert.equal((await api('POST', `${user.path}/tokens`, { name }, as(user))).json.name, name);
    });

    test('are at most 100 of one user', async () => {
        const user = await signup();
        for (let i = 1; i < 100; i++) assert.equal((await api('POST', `${user.path}/tokens`, { name: `${i}` }, as(user))).status, 201);
        assertProblem(await api('POST', `${user.path}/tokens`, { name: 'more' }, as(user)), 409, 'too_many_tokens');
    });
});

describe('the log', () => {
    test('of a user has what they did, newest first, in pages, for nobody else', async () => {
        const [user, other] = [await signup(), await signup()];
        const hash = hashOf('logged');
        await api('POST', `${user.path}/sign`, { message: 'logged' }, as(user));
        await rotated(user);
        const { id } = (await api('POST', `${user.path}/tokens`, { name: 'n' }, as(user))).json;
        await api('DELETE', `${user.path}/tokens/${id}`, undefined, as(user));
        await api('POST', '/api/session', { token: user.token });
        const rows = [];
        for (let cursor = ''; cursor !== null; ) {
            const { json } = await api('GET', `${user.path}/log?limit=2${cursor && `&cursor=${cursor}`}`, undefined, as(user));
            rows.push(...json.rows);
            cursor = json.nextCursor;
        }
        assert.deepEqual(rows.map(({ action }) => action), ['sign_in', 'token_revoked', 'token_made', 'rotate', 'sign', 'signup']);
        for (const row of rows) {
            assert.deepEqual(members(row), ['action', 'actor', 'data', 'hash', 'prevHash', 'seq', 'time', 'userId']);
            assert.equal(row.userId, user.userId);
            assert.equal(row.actor, row.action === 'signup' ? 'anyone' : 'user');
            assert.match(row.time, TIME);
            assert.equal(row.hash, hashOfRow(row));
        }
        assert.deepEqual(rows[4].data, { digest: hash, namespace: 'wallet/ethereum', scheme: 'raw' });
        assert.equal(rows[2].data.tokenId, id);
        assertProblem(await api('GET', `${user.path}/log`), 401, 'unauthorized');
        assertProblem(await api('GET', `${user.path}/log`, undefined, as(other)), 403, 'forbidden');
        assertProblem(await api('GET', `${user.path}/log?limit=0`, undefined, as(user)), 400, 'invalid_parameter', 'limit');
    });

    test('has no signature that was refused', async () => {
        const user = await signup();
        await api('POST', `${user.path}/sign`, { message: 1 }, as(user));
        await api('POST', `${user.path}/sign`, { message: 'm' });
        const { rows } = (await api('GET', `${user.path}/log`, undefined, as(user))).json;
        assert.deepEqual(rows.map(({ action }) => action), ['signup']);
    });

    test('of all is one chain, also of many signatures at a time, that anyone can recompute', async () => {
        const users = await Promise.all([signup(), signup(), signup()]);
        const signs = Array.from({ length: 60 }, (_, i) => {
            const user = users[i % 3];
            return api('POST', `${user.path}/sign`, { message: `${i}` }, as(user));
        });
        const hashes = (await Promise.all(signs)).map(({ json }) => json.hash);
        const rows = await wholeLog();
        let prevHash = ZERO;
        rows.forEach((row, i) => {
            assert.equal(row.seq, i + 1);
            assert.equal(row.prevHash, prevHash);
            assert.equal(row.hash, hashOfRow(row), JSON.stringify(row));
            prevHash = row.hash;
        });
        const logged = new Set(rows.map(({ data }) => data.digest));
        for (const hash of hashes) assert.ok(logged.has(hash), 'each signature that was answered has its row');
        assert.ok(!JSON.stringify(rows).includes('@example.com'), 'no email address');
    });

    test('says what the admin reads, and is for the admin alone', async () => {
        const user = await signup();
        await api('GET', '/api/admin/users?limit=1&q=someone@example.com', undefined, admin());
        await api('GET', '/api/admin/users.csv', undefined, admin());
        const reads = (await wholeLog()).filter(({ action }) => action === 'admin_read');
        for (const { actor, userId } of reads) assert.deepEqual([actor, userId], ['admin', null]);
        for (const what of ['users', 'users.csv', 'log']) assert.ok(reads.some(({ data }) => data.what === what), what);
        assertProblem(await api('GET', '/api/admin/log'), 401, 'unauthorized');
        assertProblem(await api('GET', '/api/admin/log', undefined, as(user)), 403, 'forbidden');
        assertProblem(await api('GET', '/api/admin/log?cursor=x', undefined, admin()), 400, 'invalid_parameter', 'cursor');
    });
});

describe('devproof log verify', () => {
    const run = (args, { input, url } = {}) => spawnSync(join(BUILD_DIR, 'bin/devproof/devproof'), ['log', 'verify', ...args],
        { input, encoding: 'utf8', env: { ...process.env, ...(url && { DATABASE_URL: url }) } });
    const verify = (rows) => {
        const { status, stdout } = run(['--json', '-'], { input: rows.map((row) => JSON.stringify(row)).join('\n') });
        return { status, ...JSON.parse(stdout) };
    };

    test('finds the database and every form of its export intact', async () => {
        await signup();
        const database = run([], { url: stack.databaseUrl });
        assert.equal(database.status, 0, database.stdout + database.stderr);
        const document = (await api('GET', '/api/admin/log?limit=10000', undefined, admin())).json;
        for (const input of [JSON.stringify(document), JSON.stringify(document, null, 2),
            document.rows.map((row) => JSON.stringify(row)).join('\n')]) {
            const { status, stdout } = run(['--json', '-'], { input });
            assert.equal(status, 0, stdout);
            assert.deepEqual(JSON.parse(stdout), { intact: true, rows: document.rows.length, head: document.rows.at(-1).hash });
        }
        const input = JSON.stringify(document);
        assert.equal(run(['--head', document.rows.at(-1).hash, '-'], { input }).status, 0);
        document.rows.pop();
        assert.equal(run(['--head', JSON.parse(input).rows.at(-1).hash, '-'], { input: JSON.stringify(document) }).status, 1);
    });

    test('says which row is changed, missing, moved or replaced', async () => {
        for (let i = 0; i < 2; i++) await signup();
        const rows = (await api('GET', '/api/admin/log?limit=5', undefined, admin())).json.rows;
        const change = (index, change) => rows.map((row, i) => (i === index ? { ...row, ...change } : row));
        assert.deepEqual(verify(change(2, { actor: 'operator' })), { status: 1, intact: false, rows: 5, fault: 'changed', seq: 3 });
        assert.deepEqual(verify(rows.filter((_, i) => i !== 1)), { status: 1, intact: false, rows: 4, fault: 'missing', seq: 2 });
        assert.deepEqual(verify([rows[0], rows[2], rows[1], rows[3]]), { status: 1, intact: false, rows: 4, fault: 'reordered', seq: 2 });
        const forged = { ...rows[2], data: {} };
        assert.deepEqual(verify(change(2, { data: {}, hash: hashOfRow(forged) })), { status: 1, intact: false, rows: 5, fault: 'replaced', seq: 3 });
    });

    test('exits with 2 where it is used wrongly or there is no log', () => {
        for (const args of [['--head', 'x'], ['--nonsense'], ['a', 'b'], ['/nonexistent']]) assert.equal(run(args).status, 2, args.join(' '));
        for (const input of ['no json', '[]', '{}', '{"rows":1}', '{"rows":[1]}']) assert.equal(run(['-'], { input }).status, 2, input);
    });
});

describe('users.csv', () => {
    /* RFC 4180, strictly. */
    function parseCsv(text) {
        const rows = [];
        for (let rest = text; rest; ) {
            const row = [];
            for (;;) {
                const [cell, raw, quoted] = /^(?:([^",\r\n]*)|"((?:[^"]|"")*)")(?=,|\r\n)/.exec(rest) ?? assert.fail(rest.slice(0, 80));
                row.push(quoted !== undefined ? quoted.replaceAll('""', '"') : raw);
                rest = rest.slice(cell.length);
                if (rest[0] !== ',') break;
                rest = rest.slice(1);
            }
            rest = rest.slice(2);
            rows.push(row);
        }
        return rows;
    }

    test('says what the list says, and no spreadsheet runs it', async () => {
        const emails = ['=1+1@example.com', '+1@example.com', '-1@example.com', 'a,b@example.com', '"q"@example.com', '=HYPERLINK("x,y")@example.com', "o'neil@example.com", 'größe@example.com'];
        for (const email of emails) await signup(api, email);
        const answer = await api('GET', '/api/admin/users.csv', undefined, { ...admin(), headers: { 'Accept-Encoding': 'gzip' } });
        assert.equal(answer.status, 200);
        assert.match(answer.header('content-type'), /^text\/csv; charset=utf-8$/);
        assert.match(answer.header('content-disposition'), /^attachment; filename="users\.csv"$/);
        assert.equal(answer.header('content-encoding'), undefined);
        const text = answer.body.toString('utf8');
        assert.ok(text.endsWith('\r\n'));
        const [head, ...rows] = parseCsv(text);
        assert.deepEqual(head, ['id', 'email', 'userId', 'pubKeyHex', 'address', 'createdAt']);
        const { users } = (await api('GET', '/api/admin/users?limit=10000', undefined, admin())).json;
        const safe = (cell) => (/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell);
        assert.deepEqual(rows, users.map((user) => head.map((name) => safe(`${user[name]}`))));
        assert.ok(rows.length >= emails.length);
        for (const row of rows) for (const cell of row) assert.doesNotMatch(cell, /^[=+\-@\t\r]/);
    });

    test('is for the admin alone', async () => {
        const user = await signup();
        assertProblem(await api('GET', '/api/admin/users.csv'), 401, 'unauthorized');
        assertProblem(await api('GET', '/api/admin/users.csv', undefined, as(user)), 403, 'forbidden');
        assertProblem(await api('POST', '/api/admin/users.csv', {}, admin()), 405, 'method_not_allowed');
        const head = await api('HEAD', '/api/admin/users.csv', undefined, admin());
        assert.equal(head.status, 200);
        assert.equal(head.body.length, 0);
    });
});

describe("the admin's token", () => {
    test('that is a setting is not ours to rotate', async () => {
        assertProblem(await api('POST', '/api/admin/token', undefined, admin()), 409, 'admin_token_fixed');
    });

    test('is rotated without a restart; the old one and all sessions end', async () => {
        const own = await startStack({ ADMIN_TOKEN: undefined });
        try {
            const call = client(own);
            const [old] = own.stdout().match(/\b[0-9a-f]{64}\b/);
            const list = (who) => call('GET', '/api/admin/users', undefined, who);
            const user = await signup(call);
            assertProblem(await call('POST', '/api/admin/token', undefined, as(user)), 403, 'forbidden');
            assertProblem(await call('POST', '/api/admin/token'), 401, 'unauthorized');
            const session = async (token) => cookieOf(await call('POST', '/api/session', { token })).value;
            const cookie = await session(old);
            const cookies = [cookie, await session(old)];
            assertProblem(await call('POST', '/api/admin/token', undefined, { cookie }), 403, 'cross_origin');
            const answer = await call('POST', '/api/admin/token', undefined, { cookie, origin: own.url.slice(0, -1) });
            assert.equal(answer.status, 200, answer.body.toString());
            assert.deepEqual(members(answer.json), ['token']);
            assert.match(answer.json.token, TOKEN);
            assert.notEqual(answer.json.token, old);
            assertProblem(await list({ token: old }), 401, 'unauthorized');
            for (const one of cookies) assertProblem(await list({ cookie: one }), 401, 'unauthorized');
            assert.equal((await list({ token: answer.json.token })).status, 200);
            assert.equal((await call('GET', `${user.path}/tokens`, undefined, as(user))).status, 200, "users' tokens stay");

            const tries = await Promise.all([1, 2, 3].map(() => call('POST', '/api/admin/token', undefined, answer.json)));
            assert.deepEqual(tries.map(({ status }) => status).sort(), [200, 401, 401]);
            const { token } = tries.find(({ status }) => status === 200).json;
            const { rows } = (await call('GET', '/api/admin/log?limit=1000', undefined, { token })).json;
            assert.deepEqual([rows[0].actor, rows[0].action], ['operator', 'token_made']);
            assert.equal(rows.filter(({ action }) => action === 'admin_token_rotated').length, 2);
        } finally {
            await own.stop();
        }
    });
});

describe('limits', () => {
    let own, call;
    before(async () => {
        own = await startStack({ RATE_LIMIT: '5' });
        call = client(own);
        await sleep(2500); // the start has asked for its health from this address, the longer the slower it was
    });
    after(() => own?.stop());

    const tally = (answers) => answers.reduce((sums, { status }) => ({ ...sums, [status]: (sums[status] ?? 0) + 1 }), {});
    const many = (n, ask) => Promise.all(Array.from({ length: n }, ask));

    /* A request from another address of loopback, status only. */
    function from(localAddress, lines, body = '') {
        return new Promise((done, fail) => {
            const socket = connect({ port: own.port, host: '127.0.0.1', localAddress });
            let text = '';
            socket.on('error', fail).on('data', (data) => (text += data));
            socket.on('end', () => done({ status: Number(text.slice(9, 12)), text }));
            socket.write(`${lines}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
        });
    }

    test('an address: twice the rate at once, then the rate, and 429 says when to come again', async () => {
        const answers = await many(30, () => call('GET', '/api/health/live'));
        const sums = tally(answers);
        assert.ok(sums[200] >= 9 && sums[200] <= 14, JSON.stringify(sums));
        const refused = answers.find(({ status }) => status === 429);
        assertProblem(refused, 429, 'too_many_requests');
        assert.match(refused.header('retry-after'), /^[1-9]\d*$/);
        await sleep(1000 * Number(refused.header('retry-after')));
        assert.equal((await call('GET', '/api/health/live')).status, 200);
        const elsewhere = await from('127.0.0.2', 'GET /api/health/live HTTP/1.1');
        assert.equal(elsewhere.status, 200, 'one address does not use up what is another one’s');
    });

    test('pages, the admin and loopback’s metrics are not limited', async () => {
        const token = own.adminToken;
        for (const path of ['/', '/admin', '/metrics', '/api/admin/users', '/api/admin/log'])
            assert.deepEqual(Object.keys(tally(await many(25, () => call('GET', path, undefined, { token })))), ['200'], path);
    });

    test('a user’s signing, from however many addresses; a stranger cannot use it up', async () => {
        await sleep(2500);
        const user = await signup(call);
        const body = '{"message":"m"}';
        const sign = (token, i) => from(`127.0.1.${i + 1}`, `POST ${user.path}/sign HTTP/1.1\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}`, body);
        const strangers = await Promise.all(Array.from({ length: 30 }, (_, i) => sign('0'.repeat(64), i)));
        assert.ok(tally(strangers)[401] >= 11 && tally(strangers)[429] >= 10, JSON.stringify(tally(strangers)));
        const own30 = tally(await Promise.all(Array.from({ length: 30 }, (_, i) => sign(user.token, i + 40))));
        assert.ok(own30[200] >= 11 && own30[200] <= 14 && own30[429] >= 10, JSON.stringify(own30));
    });

    test('sign-ins of an address are throttled more than the rest', async () => {
        await sleep(2500);
        const statuses = [];
        for (let i = 0; i < 30; i++) {
            statuses.push((await call('POST', '/api/session', { token: 'f'.repeat(64) })).status);
            await sleep(220);
        }
        assert.equal(statuses[0], 401);
        assert.equal(statuses.at(-1), 429, statuses.join());
        assert.equal((await call('GET', '/api/session')).status, 200, 'asking who one is goes on');
    });
});

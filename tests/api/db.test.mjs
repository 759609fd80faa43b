// db.test.mjs - devproof db: what is copied, backed up and restored is all there, and sound.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { client } from './lib/http.mjs';
import { startPostgres } from './lib/postgres.mjs';
import { BUILD_DIR, startStack, temporaryDir } from './lib/stack.mjs';

const files = temporaryDir(), dataDir = temporaryDir();
const binary = join(BUILD_DIR, 'bin/devproof/devproof');
const postgres = await startPostgres();
const source = `sqlite:${dataDir}/devproof.db`;
let stack = await startStack({ DATA_DIR: dataDir, DATABASE_URL: source });
let api = client(stack);
after(async () => {
    await stack.stop();
    await postgres.stop();
    for (const dir of [files, dataDir]) rmSync(dir, { recursive: true, force: true });
});

const signup = async (userId) => {
    const answer = await api('POST', '/api/signup', { email: `${userId}@example.com`, userId });
    assert.equal(answer.status, 201, answer.text);
    return answer.json;
};
const sign = (userId, token) => api('POST', `/api/users/${userId}/sign`, { message: 'hello' }, { token });

function db(args, env = {}) {
    const { status, stdout, stderr } = spawnSync(binary, ['db', ...args],
        { encoding: 'utf8', env: { ...process.env, DATABASE_URL: source, ...env } });
    return { status, stdout, stderr };
}
function done(args, env) {
    const ran = db([...args, '--json'], env);
    assert.equal(ran.status, 0, ran.stdout + ran.stderr);
    return JSON.parse(ran.stdout);
}
function refused(status, args, pattern, env) {
    const ran = db(args, env);
    assert.equal(ran.status, status, ran.stdout + ran.stderr);
    assert.match(ran.stderr, pattern);
}
const sqlite = (file, sql) => execFileSync('sqlite3', [file, sql], { encoding: 'utf8' }).trim();

const alice = await signup('alice');
for (let i = 0; i < 30; i++) await signup(`user${i}`);
await sign('alice', alice.token);

test('a live database is copied to PostgreSQL, and the service goes on there', async () => {
    const to = postgres.schema();
    let signing = true;
    const busy = (async () => {
        for (let i = 0; signing; i++) await signup(`meanwhile${i}`);
    })();
    const copied = done(['copy', source, to]);
    signing = false;
    await busy;
    assert.ok(copied.sound && copied.rows.users >= 31, JSON.stringify(copied));
    assert.equal(copied.auditLog, 'intact');
    assert.deepEqual(done(['verify'], { DATABASE_URL: to }), { ...copied, done: 'sound' });

    const there = await startStack({ DATABASE_URL: to });
    try {
        const ask = client(there);
        assert.equal((await ask('POST', '/api/users/alice/sign', { message: 'hello' }, { token: alice.token })).status, 200);
        const bob = await ask('POST', '/api/signup', { email: 'bob@example.com', userId: 'bob' });
        assert.equal(bob.status, 201, bob.text);
        assert.ok(bob.json.id > copied.rows.users - 1);
    } finally {
        await there.stop();
    }
    /* And back: the same rows make the same hashes. */
    const back = done(['copy', to, `sqlite:${files}/back.db`]);
    assert.equal(back.rows.users, copied.rows.users + 1);
    assert.deepEqual(done(['verify'], { DATABASE_URL: `sqlite:${files}/back.db` }).hashes, back.hashes);
});

test('a copy wants an empty database, and no password among its arguments', () => {
    const to = postgres.schema();
    done(['copy', source, to]);
    refused(1, ['copy', source, to], /not empty/);
    refused(1, ['copy', `sqlite:${files}/none.db`, postgres.schema()], /none\.db cannot be opened/);
    refused(2, ['copy', source, 'postgresql://me:hunter2@127.0.0.1/x'], /env:/);
    refused(2, ['copy', source, 'postgresql://me@127.0.0.1/x?password=hunter2'], /env:/);
    refused(2, ['copy', source, 'env:NOT_THERE'], /not set/);
    refused(2, ['copy', 'mysql://x', to], /sqlite:PATH or postgresql:/);
    const { POSTGRES_PASSWORD: password, POSTGRES_PORT: port } = postgres.env;
    const schema = postgres.schema().split('options=')[1];
    done(['copy', source, 'env:TO'], { TO: `postgresql://devproof:${password}@127.0.0.1:${port}/devproof?options=${schema}` });
});

test('a backup of a running service is whole, private, and never replaces a file by itself', async () => {
    const file = join(files, 'backup.db');
    const made = done(['backup', file]);
    assert.equal(sqlite(file, 'PRAGMA integrity_check'), 'ok');
    assert.equal(sqlite(file, 'SELECT count(*) FROM users'), String(made.rows.users));
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const bytes = readFileSync(file);
    refused(1, ['backup', file], /--force/);
    assert.ok(bytes.equals(readFileSync(file)));
    await signup('later');
    assert.equal(done(['backup', file, '--force']).rows.users, made.rows.users + 1);
    refused(1, ['backup', join(files, 'no/such/folder')], /./);
    /* Of PostgreSQL as well. */
    const to = postgres.schema();
    const copied = done(['copy', source, to]);
    assert.deepEqual(done(['backup', join(files, 'pg.db')], { DATABASE_URL: to }).hashes, copied.hashes);
    assert.deepEqual(readdirSync(files).filter((name) => name.includes('partial')), []);
});

test('a backup that is killed leaves no file under its name', async () => {
    const file = join(files, 'killed.db');
    const child = spawn(binary, ['db', 'backup', file], { env: { ...process.env, DATABASE_URL: source } });
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
    while (!readdirSync(files).some((name) => name.startsWith('killed.db.partial')) && child.exitCode === null)
        await new Promise((resolve) => setTimeout(resolve, 1));
    child.kill('SIGKILL');
    if ((await ended) === 'SIGKILL') assert.ok(!existsSync(file) || sqlite(file, 'PRAGMA integrity_check') === 'ok');
});

test('a restore wants an empty database that nobody uses, or --force', async () => {
    const file = join(files, 'restore.db');
    const made = done(['backup', file]);
    const url = `sqlite:${files}/restored.db`;
    assert.deepEqual(done(['restore', file], { DATABASE_URL: url }).hashes, made.hashes);
    refused(1, ['restore', file], /in use/);
    refused(1, ['restore', file], /not empty/, { DATABASE_URL: url });
    refused(1, ['restore', join(files, 'none.db'), '--force'], /none\.db/);
    const to = postgres.schema();
    assert.deepEqual(done(['restore', file], { DATABASE_URL: to }).hashes, made.hashes);
    refused(1, ['restore', file], /not empty/, { DATABASE_URL: to });
    const there = await startStack({ DATABASE_URL: to });
    try {
        refused(1, ['restore', file], /in use/, { DATABASE_URL: to });
    } finally {
        await there.stop();
    }
});

test('what was removed since comes back with a restore, under a running service too', async () => {
    for (const url of [source, postgres.schema()]) {
        if (url !== source) {
            done(['copy', source, url]);
            await stack.stop();
            stack = await startStack({ DATABASE_URL: url });
            api = client(stack);
        }
        const file = join(files, `older${url.length}.db`);
        const userId = `revoked${url.length}`;
        const { token } = await signup(userId);
        const made = done(['backup', file], { DATABASE_URL: url });
        const [{ id }] = (await api('GET', `/api/users/${userId}/tokens`, undefined, { token })).json.tokens;
        assert.equal((await api('DELETE', `/api/users/${userId}/tokens/${id}`, undefined, { token })).status, 204);
        assert.equal((await sign(userId, token)).status, 401);
        await signup(`gone${url.length}`);
        const ran = db(['restore', file, '--force', '--json'], { DATABASE_URL: url });
        assert.equal(ran.status, 0, ran.stderr);
        assert.match(ran.stderr, /revoked since then are in force again/);
        assert.deepEqual(JSON.parse(ran.stdout).hashes, made.hashes);
        assert.equal((await sign(userId, token)).status, 200);
        await signup(`gone${url.length}`);
        assert.equal(db(['verify'], { DATABASE_URL: url }).status, 0);
    }
});

test('verify finds a changed log, a user that is gone, and a broken file', () => {
    const copy = (name) => {
        const file = join(files, `${name}.db`);
        done(['backup', file]);
        return file;
    };
    const changed = copy('changed');
    sqlite(changed, "DROP TRIGGER audit_log_no_update; UPDATE audit_log SET data = '{}' WHERE seq = 3");
    let ran = db(['verify'], { DATABASE_URL: `sqlite:${changed}` });
    assert.equal(ran.status, 1);
    assert.match(ran.stdout, /broken: row 3 is changed/);
    /* It can still be moved, and stays what it is. */
    ran = db(['backup', join(files, 'of-changed.db'), '--json'], { DATABASE_URL: `sqlite:${changed}` });
    assert.equal(ran.status, 1);
    assert.equal(JSON.parse(ran.stdout).auditLog, 'changed');

    const orphaned = copy('orphaned');
    sqlite(orphaned, "PRAGMA foreign_keys = OFF; DELETE FROM users WHERE user_id = 'user3'");
    ran = db(['verify', '--json'], { DATABASE_URL: `sqlite:${orphaned}` });
    assert.equal(ran.status, 1);
    assert.ok(JSON.parse(ran.stdout).faults > 0);

    const broken = copy('broken');
    const fd = openSync(broken, 'r+');
    for (let at = 8192; at < statSync(broken).size; at += 4096) writeSync(fd, Buffer.alloc(512, 0xee), 0, 512, at);
    closeSync(fd);
    assert.equal(db(['verify'], { DATABASE_URL: `sqlite:${broken}` }).status, 1);
    const text = join(files, 'text.db');
    writeFileSync(text, 'no database at all\n'.repeat(500));
    refused(1, ['verify'], /not a database/, { DATABASE_URL: `sqlite:${text}` });
    refused(1, ['restore', text], /not a database/, { DATABASE_URL: `sqlite:${files}/new.db` });
});

test('wrong use is exit code 2 with a sentence', () => {
    for (const args of [[], ['bogus'], ['copy'], ['copy', source], ['backup'], ['restore'], ['verify', 'x'],
        ['verify', '--force'], ['copy', source, source, '--force'], ['backup', 'a', 'b']])
        refused(2, args, /^devproof db: /);
    assert.match(db(['--help']).stdout, /^Usage: devproof db copy/);
});

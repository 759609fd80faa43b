// up.test.mjs - what ./up itself promises: what it prints, what it refuses, what it leaves behind.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { client } from './lib/http.mjs';
import { family, leftovers } from './lib/proc.mjs';
import { freePort, sleep, spawnUp, startStack, temporaryDir, within } from './lib/stack.mjs';

const TOKEN = /\b[0-9a-f]{64}\b/g;

function assertNothingLeft(dataDir) {
    assert.deepEqual(leftovers(dataDir).map(({ pid, comm, argv }) => `${pid} ${comm}: ${argv.join(' ')}`), []);
}

async function isRefused(port) {
    return fetch(`http://127.0.0.1:${port}/`).then(() => false, () => true);
}

test('prints where it is and an admin token of its own making, the token once', async () => {
    const dataDir = temporaryDir();
    try {
        const first = await startStack({ DATA_DIR: dataDir, ADMIN_TOKEN: undefined });
        const tokens = [...new Set(first.stdout().match(TOKEN) ?? [])];
        assert.equal(tokens.length, 1, first.stdout());
        const list = (stack, token) => client(stack)('GET', '/api/admin/users', undefined, { token });
        assert.equal((await list(first, tokens[0])).status, 200);
        await client(first)('POST', '/api/signup', { email: 'a@example.com', userId: 'alice' });
        await first.stop();

        const second = await startStack({ DATA_DIR: dataDir, ADMIN_TOKEN: undefined });
        console.log(`# second start: ${second.startMs} ms until ready`);
        assert.deepEqual(second.output().match(TOKEN) ?? [], [], 'the token is not printed again');
        const { status, json } = await list(second, tokens[0]);
        assert.equal(status, 200, 'the token still is the one');
        assert.deepEqual(json.users.map(({ userId }) => userId), ['alice']);
        await second.stop();
    } finally {
        rmSync(dataDir, { recursive: true, force: true });
    }
});

test('does not print a token that it was given', async () => {
    const stack = await startStack();
    await stack.stop();
    assert.ok(!stack.output().includes(stack.adminToken));
});

test('keeps its data from other users of the machine', async () => {
    const dataDir = join(temporaryDir(), 'data');
    const stack = await startStack({ DATA_DIR: dataDir });
    try {
        assert.equal(statSync(dataDir).mode & 0o007, 0, 'others must not read the database');
    } finally {
        await stack.stop();
        rmSync(join(dataDir, '..'), { recursive: true, force: true });
    }
});

for (const signal of ['SIGTERM', 'SIGINT'])
    test(`${signal} ends everything that it started`, async () => {
        const stack = await startStack();
        assert.ok(family(stack.pid, stack.dataDir).length >= 5, 'the processes are found while they run');
        const began = Date.now();
        await stack.stop(signal);
        console.log(`# ${signal}: ended after ${Date.now() - began} ms`);
        assertNothingLeft(stack.dataDir);
        assert.ok(await isRefused(stack.port));
    });

test('a signal during the start leaves nothing behind either', async () => {
    for (const delay of [50, 200, 500]) {
        const dataDir = temporaryDir();
        const up = spawnUp({ PORT: String(await freePort()), DATA_DIR: dataDir });
        await sleep(delay);
        up.child.kill('SIGTERM');
        await up.exit;
        await sleep(100);
        assertNothingLeft(dataDir);
        rmSync(dataDir, { recursive: true, force: true });
    }
});

test('the end of a test that kept a connection open is not held up by it', async () => {
    const stack = await startStack();
    const agent = new (await import('node:http')).Agent({ keepAlive: true });
    await new Promise((done, fail) => (async () => (await import('node:http'))
        .get(`${stack.url}api/health`, { agent }, (res) => res.resume().on('end', done)).on('error', fail))());
    const began = Date.now();
    await stack.stop();
    assert.ok(Date.now() - began < 10_000, `took ${Date.now() - began} ms`);
    agent.destroy();
});

test('a port that is taken stops the start with a sentence that names it', async () => {
    const port = await freePort();
    const holder = createServer().listen(port, '127.0.0.1');
    const dataDir = temporaryDir();
    try {
        const began = Date.now();
        const up = spawnUp({ PORT: String(port), DATA_DIR: dataDir });
        const code = await within(up.exit, 20_000);
        if (code === 'late') up.child.kill('SIGTERM');
        const took = Date.now() - began;
        assert.ok(Number.isInteger(code) && code > 0, `exit ${code}: ${up.output}`);
        assert.ok(took < 5000, `took ${took} ms`);
        assert.match(up.output, new RegExp(`\\b${port}\\b`));
        assertNothingLeft(dataDir);
    } finally {
        holder.close();
        rmSync(dataDir, { recursive: true, force: true });
    }
});

const BAD = [
    ['AUTH', 'banana'],
    ['AUTH', 'OPEN'],
    ['PORT', 'abc'],
    ['PORT', '0'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80 80'],
    ['SIGN_SCHEME', 'banana'],
    ['EXPOSE_INFO', 'banana'],
    ['ADMIN_TOKEN', 'short'],
    ['KEY_NAMESPACE', '../wallet'],
    ['KEY_NAMESPACE', 'wallet/ethereum/'],
    ['DATABASE_URL', 'banana'],
    ['WORKERS', 'banana'],
    ['WORKERS', '0'],
    ['LOG_LEVEL', 'banana'],
];
for (const [name, value] of BAD)
    test(`${name}=${value.slice(0, 20)} stops the start with a sentence that names the variable`, async () => {
        const dataDir = temporaryDir();
        const up = spawnUp({ PORT: String(await freePort()), DATA_DIR: dataDir, [name]: value });
        try {
            const code = await within(up.exit, 30_000);
            if (code === 'late') up.child.kill('SIGTERM');
            await up.exit;
            assert.ok(Number.isInteger(code) && code > 0, `exit ${code}: ${up.output}`);
            assert.match(up.output, new RegExp(`\\b${name}\\b`));
            assert.ok(name !== 'ADMIN_TOKEN' || !up.output.includes(value), 'a token is not repeated, not even a bad one');
            assertNothingLeft(dataDir);
        } finally {
            rmSync(dataDir, { recursive: true, force: true });
        }
    });

test('two stacks live side by side and know nothing of each other', async () => {
    const [one, two] = await Promise.all([startStack(), startStack()]);
    try {
        const signup = (stack) => client(stack)('POST', '/api/signup', { email: 'a@example.com', userId: 'alice' });
        const made = [await signup(one), await signup(two)];
        assert.deepEqual(made.map(({ status }) => status), [201, 201]);
        assert.equal(made[0].json.address, made[1].json.address, 'the same app has the same keys');
        const sign = await client(two)('POST', '/api/users/alice/sign', { message: 'm' }, { token: made[0].json.token });
        assert.equal(sign.status, 401, "one's token is nothing to the other");
        await one.stop();
        assert.equal((await client(two)('GET', '/api/health')).status, 200);
    } finally {
        await one.stop();
        await two.stop();
    }
});

test('two on one data directory: the second is refused, the first lives on', async () => {
    const stack = await startStack();
    try {
        const up = spawnUp({ PORT: String(await freePort()), DATA_DIR: stack.dataDir });
        const code = await within(up.exit, 20_000);
        if (code === 'late') up.child.kill('SIGTERM');
        await up.exit;
        assert.ok(Number.isInteger(code) && code > 0, `exit ${code}: ${up.output}`);
        assert.equal((await client(stack)('GET', '/api/health')).status, 200);
    } finally {
        await stack.stop();
    }
});

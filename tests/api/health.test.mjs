// health.test.mjs - devproof health: its exit code is what supervisors go by, its sentences what people read.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fakeAgent } from './lib/fake-agent.mjs';
import { BUILD_DIR, freePort, sleep, startStack, temporaryDir } from './lib/stack.mjs';

function health(args, env = {}) {
    return new Promise((done) => {
        const child = spawn(join(BUILD_DIR, 'bin/devproof/devproof'), ['health', ...args], {
            env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
        let stdout = '', stderr = '';
        child.stdout.on('data', (data) => (stdout += data));
        child.stderr.on('data', (data) => (stderr += data));
        child.on('close', (code) => done({ code, stdout, stderr }));
    });
}

/* A service that gives one answer to everything. */
async function answering(status, body, use) {
    const asked = [];
    const server = createServer((req, res) => {
        asked.push(req.url);
        if (body !== null) res.writeHead(status).end(body);
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    try {
        await use(`http://127.0.0.1:${server.address().port}`, asked, String(server.address().port));
    } finally {
        server.closeAllConnections();
        server.close();
    }
}

const WELL = '{"status":"ok","checks":{"database":"ok","dstack":"ok"}}';

const dir = temporaryDir();
const agent = fakeAgent(join(dir, 'agent.sock'));
after(async () => {
    await agent.stop();
    rmSync(dir, { recursive: true, force: true });
});

test('a real service: 0 while it is well, 1 and a sentence while its agent is gone, 1 when it is', async () => {
    await agent.start();
    const stack = await startStack({ DSTACK_SIMULATOR_ENDPOINT: join(dir, 'agent.sock') });
    const env = { PORT: String(stack.port) };
    try {
        assert.deepEqual(await health([], env), { code: 0, stdout: 'healthy\n', stderr: '' });
        assert.deepEqual(JSON.parse((await health(['--json'], env)).stdout),
            { healthy: true, status: 200, checks: { database: 'ok', dstack: 'ok' }, errors: [] });

        await agent.stop();
        await sleep(1100); // a result lives for a second
        const ran = await health([], env);
        assert.equal(ran.code, 1);
        assert.match(ran.stderr, /^devproof health: the guest agent gives no keys: .*\.\n$/);
        assert.equal(ran.stdout, '');
        const json = JSON.parse((await health(['--json'], env)).stdout);
        assert.deepEqual({ ...json, errors: json.errors.length },
            { healthy: false, status: 503, checks: { database: 'ok', dstack: 'failing' }, errors: 1 });
        assert.equal((await health(['--live'], env)).code, 0, 'it lives all the same');
    } finally {
        await stack.stop();
    }
    for (const args of [[], ['--live']]) {
        const ran = await health(args, env);
        assert.equal(ran.code, 1);
        assert.match(ran.stderr, new RegExp(`^devproof health: http://127.0.0.1:${stack.port}/api/health.*: .*Look whether the service runs`));
    }
});

test('each failing check has its sentence', () =>
    answering(503, '{"status":"unavailable","checks":{"database":"failing","dstack":"failing","moon":7}}', async (url) => {
        const { code, stderr } = await health(['--url', url]);
        assert.equal(code, 1);
        const lines = stderr.trimEnd().split('\n');
        assert.equal(lines.length, 3, stderr);
        for (const [i, part] of [/the database cannot be read/, /the guest agent gives no keys/, /"moon"/].entries())
            assert.match(lines[i], part);
    }));

test('the URL comes from --url, else DEVPROOF_URL, else PORT, and --live asks for life', () =>
    answering(200, WELL, async (url, asked, PORT) => {
        const wrong = 'http://127.0.0.1:1';
        assert.equal((await health(['--url', `${url}/`], { DEVPROOF_URL: wrong, PORT: '1' })).code, 0);
        assert.equal((await health(['--live'], { DEVPROOF_URL: url, PORT: '1' })).code, 0);
        assert.equal((await health([], { PORT })).code, 0);
        assert.deepEqual(asked, ['/api/health', '/api/health/live', '/api/health']);
        assert.equal((await health([], { DEVPROOF_URL: wrong, PORT })).code, 1);
    }));

for (const [name, status, body] of [
    ['another service', 200, '<html>It works!</html>'],
    ['another status', 404, '{"status":"ok"}'],
    ['a status that is not ok', 200, '{"status":"starting"}'],
    ['a check that fails under a good status', 200, '{"status":"ok","checks":{"database":"failing"}}'],
    ['nothing', 200, ''],
    ['more than it may', 200, `{"status":"ok","x":"${'x'.repeat(100_000)}"}`],
    ['a redirect', 302, WELL],
])
    test(`${name} in its place is not healthy`, () => answering(status, body, async (url) => {
        const ran = await health(['--url', url]);
        assert.equal(ran.code, 1, ran.stdout);
        assert.match(ran.stderr, /^devproof health: .+\.\n$/);
        assert.equal(JSON.parse((await health(['--url', url, '--json'])).stdout).healthy, false);
    }));

test('silence ends with --timeout', () => answering(200, null, async (url) => {
    const began = Date.now();
    const ran = await health(['--url', url, '--timeout', '1']);
    assert.equal(ran.code, 1);
    assert.match(ran.stderr, /timed out/i);
    assert.ok(Date.now() - began < 4000);
}));

test('wrong use is exit code 2', async () => {
    const port = String(await freePort());
    for (const [args, env] of [[['x']], [['--bogus']], [['--timeout', '0']], [['--timeout', '301']], [['--timeout', '1s']],
        [['--timeout', '-1']], [[], { PORT: 'x' }], [[], { PORT: '0' }], [[], { PORT: '65536' }], [['--url', 'x'.repeat(5000)]]]) {
        const ran = await health(args, { PORT: port, ...env });
        assert.equal(ran.code, 2, JSON.stringify([args, env, ran]));
        assert.notEqual(ran.stderr, '');
    }
    const ran = await health(['--help']);
    assert.equal(ran.code, 0);
    assert.match(ran.stdout, /^Usage: devproof health/);
});

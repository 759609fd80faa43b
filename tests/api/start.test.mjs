// start.test.mjs - what bad input gets: the start ends soon, with one sentence that says what to do.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { leftovers } from './lib/proc.mjs';
import { BUILD_DIR, freePort, ROOT, spawnUp, temporaryDir, within } from './lib/stack.mjs';

/* The start itself waits 3 s for a guest agent and for nothing else; the rest is for a busy machine. */
const HANG_MS = 30_000;

const port = await freePort();
const taken = createServer().listen(0, '127.0.0.1');
await new Promise((done) => taken.once('listening', done));
after(() => taken.close());

/* devproof-serve as a container starts it: without dstack-sim, and with nothing of this shell. */
function spawnServe(settings) {
    const child = spawn(join(BUILD_DIR, 'bin/devproof-serve'), ['--from', ROOT, BUILD_DIR],
        { env: { PATH: process.env.PATH, ...settings }, stdio: ['ignore', 'pipe', 'pipe'] });
    const serve = { child, output: '' };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (serve.output += data));
    serve.exit = new Promise((done) => child.once('close', (code, signal) => done(code ?? signal)));
    return serve;
}

/* what is wrong, its settings in a folder of its own, exit code, what the sentence names */
const ROWS = [
    ['the socket of the guest agent is missing', (dir) => ({ DSTACK_SIMULATOR_ENDPOINT: `${dir}/none.sock` }), 1, /guest agent at \S+\/none\.sock gives no keys: start it, or point DSTACK_SIMULATOR_ENDPOINT/],
    ['a file in place of the socket', (dir) => (writeFileSync(`${dir}/file`, ''), { DSTACK_SIMULATOR_ENDPOINT: `${dir}/file` }), 1, /guest agent at \S+\/file gives no keys: start it/],
    ['a socket path that is too long', (dir) => ({ DSTACK_SIMULATOR_ENDPOINT: `${dir}/${'x'.repeat(120)}` }), 2, /DSTACK_SIMULATOR_ENDPOINT/],
    ['the folder of the database is missing', (dir) => ({ DATABASE_URL: `sqlite:${dir}/none/x.db` }), 1, /database \S+\/none\/x\.db cannot be opened/i],
    ['the database is a folder', (dir) => ({ DATABASE_URL: `sqlite:${dir}` }), 1, /database \S+ cannot be opened/i],
    ['the database is no database', (dir) => (writeFileSync(`${dir}/x.db`, 'x'.repeat(8192)), { DATABASE_URL: `sqlite:${dir}/x.db` }), 1, /database \S+\/x\.db cannot be opened/i],
    ['a database of an unknown kind', () => ({ DATABASE_URL: 'banana' }), null, /DATABASE_URL/],
    ['a port that is taken', () => ({ PORT: String(taken.address().port) }), 1, /port \d+ is taken: stop what listens there, or choose another with PORT/],
    ['an address that is not here', () => ({ BIND: '192.0.2.1' }), 1, /192\.0\.2\.1/],
    ['DATA_DIR below a file', (dir) => (writeFileSync(`${dir}/file`, ''), { DATA_DIR: `${dir}/file/data` }), 1, /DATA_DIR \S+ cannot be written: choose another/],
    ['LOG_DIR below a file', (dir) => (writeFileSync(`${dir}/file`, ''), { LOG_DIR: `${dir}/file/log` }), 1, /LOG_DIR \S+ cannot be written/],
    ['RUN_DIR with files of others', (dir) => (mkdirSync(`${dir}/theirs`), writeFileSync(`${dir}/theirs/file`, ''), { RUN_DIR: `${dir}/theirs` }), 2, /RUN_DIR \S+ holds files of others/],
    ['RUN_DIR with a space', (dir) => ({ RUN_DIR: `${dir}/a b` }), 2, /no spaces/],
    ['RUN_DIR too long for a socket', (dir) => ({ RUN_DIR: `${dir}/${'x'.repeat(90)}` }), 2, /RUN_DIR is too long/],
    ...[['PORT', '65536'], ['PORT', 'x'], ['WORKERS', '65'], ['RATE_LIMIT', '-1'], ['LOG_SIZE', '4095'], ['LOG_SIZE', 'big'], ['LOG_KEEP', '0'],
        ['LOG_KEEP', '1000'], ['AUTH', 'x'], ['SIGN_SCHEME', 'x'], ['KEY_NAMESPACE', '../x'], ['LOG_LEVEL', 'x'], ['KEY_CACHE_SECONDS', '9999'],
        ['REQUIRE_SANDBOX', 'x'], ['EXPOSE_INFO', 'x'], ['ADMIN_TOKEN', 'short']]
        .map(([name, value]) => [`${name}=${value}`, () => ({ [name]: value }), 2, new RegExp(`\\b${name}\\b`)]),
];

/* ./up becomes devproof-serve, so of each kind one row is enough there; up.test.mjs has more. */
const OF_UP = /^(the socket|the folder of the database|a port|DATA_DIR|LOG_SIZE=big)/;

for (const [who, start, more] of [['./up', spawnUp, {}], ['devproof-serve', spawnServe, { DSTACK_SIMULATOR_ENDPOINT: '/nonexistent/dstack.sock' }]])
    for (const [name, settings, code, sentence] of ROWS.filter(([row]) => start === spawnServe || OF_UP.test(row)))
        test(`${who}: ${name}`, async () => {
            const dir = temporaryDir();
            const began = Date.now();
            const started = start({ PORT: String(port), DATA_DIR: join(dir, 'data'), ...more, ...settings(dir) });
            try {
                const ended = await within(started.exit, HANG_MS);
                if (ended === 'late') started.child.kill('SIGTERM');
                await started.exit;
                assert.ok(code === null ? Number.isInteger(ended) && ended > 0 : ended === code, `exit ${ended}: ${started.output}`);
                assert.match(started.output, sentence);
                const last = started.output.trim().split('\n').at(-1);
                assert.match(last, /^devproof(-serve| init)?: .{10,400}$/, 'the last line is a sentence of ours');
                assert.deepEqual(leftovers(dir).map(({ comm }) => comm), []);
                console.log(`# ${Date.now() - began} ms: ${last}`);
            } finally {
                rmSync(dir, { recursive: true, force: true });
            }
        });

test('devproof-serve: no guest agent on this machine, and none was asked for', async (t) => {
    assert.ok(!existsSync('/var/run/dstack.sock'), 'this machine has a guest agent');
    const dir = temporaryDir();
    t.after(() => rmSync(dir, { recursive: true, force: true }));
    const serve = spawnServe({ PORT: String(port), DATA_DIR: dir });
    assert.equal(await within(serve.exit, HANG_MS), 1, serve.output);
    assert.match(serve.output, /there is no guest agent: mount its socket at \/var\/run\/dstack\.sock, or name it in DSTACK_SIMULATOR_ENDPOINT/);
});

// logs.test.mjs - logs stay within their bounds and lose nothing: neither lines nor parts of one.
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { family, kill } from '../api/lib/proc.mjs';
import { logLines, sleep, startStack } from '../api/lib/stack.mjs';

const SIZE = 20_000, KEEP = 3;
/* What a program says that is not ours, or is not there yet. */
const PLAIN = /^(s6-|spawn-fcgi|multiwatch|listening|dstack-sim)/;

/* Ask count times over a few kept connections. Returns the request ids of the answers. */
async function ask(stack, path, count, each = () => {}) {
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const one = () => new Promise((done, fail) => get(stack.url + path, { agent }, (res) =>
        res.resume().on('end', () => done(res.headers['x-request-id']))).on('error', fail));
    const ids = [];
    for (let i = 0; i < count; i += 8) {
        ids.push(...await Promise.all(Array.from({ length: 8 }, one)));
        await each(ids.length);
    }
    agent.destroy();
    return ids;
}

const idsIn = (lines) => lines.filter((line) => line.includes('"event":"request"')).map((line) => JSON.parse(line).request_id);

/* All ids of a log, read often enough to see each before it is rotated away. */
function collector(logDir) {
    const seen = new Map();
    return { seen, take: () => { for (const id of idsIn(logLines(logDir))) seen.set(id, true); } };
}

test('over LOG_SIZE a log goes on in a new file, LOG_KEEP are kept, and no line is lost or torn', async () => {
    const stack = await startStack({ LOG_SIZE: String(SIZE), LOG_KEEP: String(KEEP) });
    try {
        const { seen, take } = collector(stack.logDir);
        let rotations = 0;
        const ids = await ask(stack, 'api/users/nobody/keys', 1600, async (done) => {
            if (done % 40 === 0) {
                await sleep(5);
                take();
            }
        });
        await sleep(300);
        take();
        const files = readdirSync(stack.logDir).filter((name) => /^(@|current)/.test(name));
        rotations = files.length - 1;
        assert.equal(rotations, KEEP, files.join(' '));
        for (const name of files)
            assert.ok(statSync(join(stack.logDir, name)).size <= SIZE + 2048, `${name} is larger than it may be`);
        const bytes = ids.length * 200;
        assert.ok(bytes > 2 * SIZE * (KEEP + 1), 'much more was written than is kept');
        for (const line of logLines(stack.logDir).filter((one) => !PLAIN.test(one)))
            assert.doesNotThrow(() => JSON.parse(line), `torn: ${line}`);
        assert.deepEqual(ids.filter((id) => !seen.has(id)), [], 'each answer has its line');
    } finally {
        await stack.stop();
    }
});

test('whoever keeps a log is killed: it is started anew, and what was written meanwhile is not lost', async () => {
    const stack = await startStack();
    try {
        let kills = 0;
        const ids = await ask(stack, 'api/users/nobody/keys', 400, async (done) => {
            if (done % 80 !== 0) return;
            const logger = family(stack.pid, stack.dataDir).find(({ comm, argv }) => comm === 's6-log' && argv.some((arg) => arg.endsWith('/log')));
            if (!logger) return;
            kill([logger.pid]);
            kills++;
        });
        assert.ok(kills >= 1, 'the log was found and killed');
        let missing;
        for (let tries = 0; tries < 60; tries++) {
            await sleep(100);
            const seen = new Set(idsIn(logLines(stack.logDir)));
            missing = ids.filter((id) => !seen.has(id));
            if (!missing.length) break;
        }
        /* A line that it had read and not yet written dies with it, and no other. */
        console.log(`# ${kills} kills, ${missing.length} of ${ids.length} lines lost`);
        assert.ok(missing.length <= 8 * kills, `${missing.length} lines lost`);
    } finally {
        await stack.stop();
    }
});

test('LOG_DIR=- sends everything to standard error, one JSON object a line', async () => {
    const stack = await startStack({ LOG_DIR: '-' });
    let said;
    try {
        const ids = await ask(stack, 'api/users/nobody/keys', 80);
        /* A part that is gone makes nginx say something in its own form. */
        const pool = family(stack.pid, stack.dataDir).find(({ comm, argv }) => comm === 'multiwatch' && argv.some((arg) => /cgi-bin\/info$/.test(arg)));
        kill([pool.pid]);
        for (let tries = 0; tries < 40 && !stack.output().includes('"event":"nginx"'); tries++) {
            await fetch(`${stack.url}api/info?q="\\`).catch(() => {});
            await sleep(50);
        }
        said = stack.output().split('\n').filter(Boolean).filter((line) => !stack.stdout().includes(line));
        const lines = said.filter((line) => !PLAIN.test(line)).map((line) => {
            assert.doesNotThrow(() => JSON.parse(line), line);
            return JSON.parse(line);
        });
        const nginx = lines.find(({ event }) => event === 'nginx');
        assert.ok(nginx, 'nginx says that a part is gone');
        assert.match(nginx.ts, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
        assert.ok(Math.abs(Date.parse(nginx.ts) - Date.now()) < 60_000, `${nginx.ts} is UTC`);
        assert.equal(nginx.level, 'error');
        assert.match(nginx.detail, /info\.sock/);
        const seen = new Set(lines.map(({ request_id }) => request_id));
        assert.deepEqual(ids.filter((id) => !seen.has(id)), []);
    } finally {
        await stack.stop();
    }
});

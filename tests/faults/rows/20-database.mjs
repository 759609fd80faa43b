// 20-database.mjs - the SQLite file is locked, read-only, damaged, or its disk is full.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { leftovers } from '../../api/lib/proc.mjs';
import { freePort, spawnUp, startStack, temporaryDir } from '../../api/lib/stack.mjs';
import { ask } from '../lib/load.mjs';
import { lostFrom, untilWell } from '../lib/row.mjs';

const UNAVAILABLE = /: 503 database_unavailable$/;

/* Another process holds the write lock for as long as it lives. */
async function lock(database) {
    const holder = spawn('sqlite3', [database], { stdio: ['pipe', 'pipe', 'inherit'] });
    holder.stdin.write('.timeout 5000\nBEGIN IMMEDIATE;\nSELECT 1;\n');
    await new Promise((done) => holder.stdout.once('data', done));
    return holder;
}

async function full() {
    if (process.getuid() !== 0) return { fault: 'it mounts a small disk, so it needs root' };
    const dir = temporaryDir();
    const mount = (...args) => spawnSync('mount', args, { encoding: 'utf8' });
    const { status, stderr } = mount('-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', dir);
    let stack;
    try {
        assert.equal(status, 0, stderr);
        stack = await startStack({ DATA_DIR: join(dir, 'data') });
        const signUp = (userId) => ask(stack, 'POST', '/api/signup', { email: `${userId}@example.com`, userId });
        const seen = { users: [], signatures: 0 };
        const { json: alice } = await signUp('alice');
        seen.users.push({ ...alice, signatures: 0 });
        const fill = spawnSync('dd', ['if=/dev/zero', `of=${dir}/fill`, 'bs=64k'], { encoding: 'utf8' });
        assert.match(fill.stderr, /No space left/);
        let refused = 0, tries = 0, last;
        for (; tries < 2000 && refused < 20; tries++) {
            last = await signUp(`u${tries}`);
            if (last.status === 201) seen.users.push({ ...last.json, signatures: 0 });
            else {
                assert.equal(`${last.status} ${last.json?.code}`, '503 database_unavailable');
                refused++;
            }
        }
        assert.equal(refused, 20, 'the disk was full');
        const keys = await ask(stack, 'GET', '/api/users/alice/keys');
        assert.equal(keys.status, 200, 'what reads goes on');
        for (let i = 0; i < 300; i++) assert.equal((await ask(stack, 'GET', '/api/users/alice/keys')).status, 200);
        rmSync(join(dir, 'fill'));
        const well = await untilWell(stack);
        const lost = lostFrom(join(dir, 'data', 'devproof.db'), seen);
        return { saw: `20 of ${tries} signup: 503 database_unavailable; 301 reads served`, well: `${well} ms`, lost, fault: lost ? `lost: ${lost}` : '' };
    } finally {
        await stack?.stop().catch(() => {});
        spawnSync('umount', [dir]);
        rmSync(dir, { recursive: true, force: true });
    }
}

/* A database with users, at rest. */
async function withDatabase(use) {
    const dir = temporaryDir();
    const dataDir = join(dir, 'data');
    try {
        const stack = await startStack({ DATA_DIR: dataDir });
        for (let i = 0; i < 50; i++) await ask(stack, 'POST', '/api/signup', { email: `u${i}@example.com`, userId: `u${i}` });
        await stack.stop();
        return await use(dataDir, join(dataDir, 'devproof.db'));
    } finally {
        assert.deepEqual(leftovers(dir), []);
        rmSync(dir, { recursive: true, force: true });
    }
}

async function refusedStart(dataDir, sentence) {
    const began = Date.now();
    const up = spawnUp({ PORT: String(await freePort()), DATA_DIR: dataDir });
    const code = await up.exit;
    assert.ok(Number.isInteger(code) && code > 0, `exit ${code}: ${up.output}`);
    assert.match(up.output, sentence);
    return { saw: `the start ends with: ${up.output.trim().split('\n').at(-1)}`, well: `ended after ${Date.now() - began} ms` };
}

export const rows = [
    {
        name: 'database locked by another process for 7 s',
        may: [UNAVAILABLE],
        break: async (_, context) => (context.holder = await lock(context.database)),
        holds: 7000,
        mend: async (_, { holder }) => holder.stdin.end('ROLLBACK;\n.quit\n'),
    },
    { name: 'disk full', alone: full },
    {
        name: 'database file damaged at rest: its header',
        alone: () => withDatabase((dataDir, database) => {
            writeFileSync(database, Buffer.concat([Buffer.from('no database at all'), readFileSync(database).subarray(18)]));
            rmSync(`${database}-wal`, { force: true });
            return refusedStart(dataDir, /DATABASE_URL|database/i);
        }),
    },
    {
        name: 'database file damaged while it serves: every page but the first',
        alone: () => withDatabase(async (dataDir, database) => {
            rmSync(`${database}-wal`, { force: true });
            const stack = await startStack({ DATA_DIR: dataDir });
            try {
                const size = readFileSync(database).length;
                const fd = openSync(database, 'r+');
                for (let at = 4096; at < size; at += 4096) writeSync(fd, Buffer.alloc(4096, 0xee), 0, 4096, at);
                closeSync(fd);
                const seen = {};
                for (let i = 0; i < 50; i++) {
                    const { status, json } = await ask(stack, 'GET', `/api/users/u${i}/keys`);
                    assert.ok(status === 200 || status === 503, `${status} ${json?.code}`);
                    seen[`${status} ${json?.code ?? ''}`.trim()] = (seen[`${status} ${json?.code ?? ''}`.trim()] ?? 0) + 1;
                }
                assert.ok(seen['503 database_unavailable'] > 0, JSON.stringify(seen));
                return { saw: Object.entries(seen).map(([what, count]) => `${count} keys: ${what}`).join('; '), well: 'restore a backup' };
            } finally {
                await stack.stop();
            }
        }),
    },
    {
        name: 'database file without write permission',
        alone: () => withDatabase(async (dataDir, database) => {
            /* root writes anyway, so the attribute of the mount has to forbid it. */
            if (process.getuid() !== 0) return { fault: 'it remounts the file read-only, so it needs root' };
            assert.equal(spawnSync('mount', ['--bind', database, database]).status, 0);
            try {
                assert.equal(spawnSync('mount', ['-o', 'remount,bind,ro', database]).status, 0);
                return await refusedStart(dataDir, /database|DATABASE_URL|read/i);
            } finally {
                spawnSync('umount', [database]);
            }
        }),
    },
];

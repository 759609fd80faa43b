// 40-starts.mjs - the supervisor is killed, the clock jumps, and a stack is started and stopped in a loop.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { kill, leftovers } from '../../api/lib/proc.mjs';
import { freePort, sleep, spawnUp, startStack, temporaryDir, within } from '../../api/lib/stack.mjs';
import { ask, load } from '../lib/load.mjs';
import { find, lostFrom, untilWell } from '../lib/row.mjs';

const LOOPS = 20;

/* Random, and the same again with the same SEED. */
function randomOf(seed) {
    let state = seed;
    return () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
}

/* A folder for one row; nothing of it may run on afterwards. */
async function inFolder(use) {
    const dir = temporaryDir();
    try {
        const result = await use(dir, join(dir, 'data'));
        const left = leftovers(dir).map(({ pid, comm }) => `${pid} ${comm}`);
        return { fault: left.length ? `left behind: ${left.join(', ')}` : '', ...result };
    } finally {
        kill(leftovers(dir).map(({ pid }) => pid));
        rmSync(dir, { recursive: true, force: true });
    }
}

/* devproof-serve ends, and all else with it; the next start has everything. */
const supervisor = (name, what) => ({
    name,
    alone: () => inFolder(async (dir, dataDir) => {
        const port = await freePort();
        const stack = await startStack({ DATA_DIR: dataDir, PORT: String(port) });
        const clients = load(stack);
        await sleep(500);
        const began = Date.now();
        kill(what(stack));
        assert.notEqual(await within(stack.exit(), 40_000), 'late', 'it goes on without its supervisor');
        let left = [];
        for (let tries = 0; tries < 100 && (tries === 0 || left.length); tries++) {
            await sleep(50);
            left = leftovers(dataDir);
        }
        assert.deepEqual(left.map(({ comm }) => comm), [], 'left behind');
        const ended = Date.now() - began;
        const again = await startStack({ DATA_DIR: dataDir, PORT: String(port) });
        await untilWell(again);
        const well = Date.now() - began;
        const seen = await clients.stop();
        await again.stop();
        const lost = lostFrom(join(dataDir, 'devproof.db'), seen);
        return { saw: `no answer until it was started anew; all had ended after ${ended} ms`, well: `${well} ms`, lost, ...(lost ? { fault: `lost: ${lost}` } : {}) };
    }),
});

export const rows = [
    supervisor('kill -9 the supervisor (s6-svscan)', (stack) => find(stack, 's6-svscan')),
    supervisor('kill -9 devproof-serve', (stack) => [stack.pid]),
    {
        name: `stopped at a random moment and started anew, ${LOOPS} times`,
        alone: () => inFolder(async (dir, dataDir) => {
            const seed = Number(process.env.SEED ?? Date.now() % 100000);
            const random = randomOf(seed);
            const settings = { DATA_DIR: dataDir, PORT: String(await freePort()), RATE_LIMIT: '0' };
            const seen = { users: [], signatures: 0 };
            for (let i = 0; i < LOOPS; i++) {
                const signal = ['SIGTERM', 'SIGKILL'][Math.floor(random() * 2)];
                const up = spawnUp(settings);
                /* Every other time during the start, else a moment after the first answer. */
                const starting = i % 2 === 1;
                let until = Date.now() + (starting ? 50 + random() * 1500 : 30_000);
                for (let n = 0; Date.now() < until; n++) {
                    const userId = `r${i}.${n}`;
                    const { status, json } = await ask({ port: Number(settings.PORT) }, 'POST', '/api/signup', { email: `${userId}@example.com`, userId });
                    if (status === 201) seen.users.push({ ...json, userId, signatures: 0 });
                    else await sleep(20);
                    if (status === 201 && !starting && until > Date.now() + 1000) until = Date.now() + random() * 300;
                }
                up.child.kill(signal);
                assert.notEqual(await within(up.exit, 20_000), 'late', `it did not end after ${signal} (SEED=${seed})`);
                for (let tries = 0; tries < 200 && leftovers(dataDir).length; tries++) await sleep(50);
                const left = leftovers(dataDir).map(({ comm }) => comm).join(', ');
                assert.ok(!left, `left behind after ${signal} (SEED=${seed}): ${left}`);
            }
            const began = Date.now();
            const stack = await startStack({ DATA_DIR: dataDir });
            await untilWell(stack);
            const well = Date.now() - began;
            await stack.stop();
            const lost = lostFrom(join(dataDir, 'devproof.db'), seen);
            const fault = lost ? `lost: ${lost}` : seen.users.length < LOOPS ? `only ${seen.users.length} sign-ups were answered (SEED=${seed})` : '';
            return { saw: `${seen.users.length} sign-ups acknowledged between the stops`, well: `${well} ms`, lost, fault };
        }),
    },
    ...[['a year ahead', '+1y'], ['an hour back', '-1h']].map(([where, offset]) => ({
        name: `the clock jumps ${where} between two starts`,
        alone: () => inFolder(async (dir, dataDir) => {
            const first = await startStack({ DATA_DIR: dataDir });
            const { json: alice } = await ask(first, 'POST', '/api/signup', { email: 'a@example.com', userId: 'alice' });
            const signed = await ask(first, 'POST', '/api/users/alice/sign', { message: 'm' }, alice.token);
            assert.equal(signed.status, 200);
            await first.stop();
            const began = Date.now();
            const second = await startStack({ DATA_DIR: dataDir, LD_PRELOAD: '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1', FAKETIME: offset, DONT_FAKE_MONOTONIC: '1' });
            try {
                const again = await ask(second, 'POST', '/api/users/alice/sign', { message: 'm' }, alice.token);
                assert.equal(again.status, 200, `the token is in force: ${again.json?.code}`);
                assert.equal(again.json.signature, signed.json.signature);
                await untilWell(second);
            } finally {
                await second.stop();
            }
            const lost = lostFrom(join(dataDir, 'devproof.db'), { users: [{ userId: 'alice', address: alice.address, signatures: 2 }] });
            return { saw: 'the same token, the same signature', well: `${Date.now() - began} ms, the start included`, lost, ...(lost ? { fault: `lost: ${lost}` } : {}) };
        }),
    })),
];

// row.mjs - runs one row: load, the fault, recovery; then counts what the database has against what was said.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { family, kill, leftovers } from '../../api/lib/proc.mjs';
import { BUILD_DIR, sleep, startStack, temporaryDir } from '../../api/lib/stack.mjs';
import { ask, load } from './load.mjs';

export const WELL_MS = 20_000;

/* The processes of a part of the stack: 'sign', 'multiwatch sign', 'nginx master', 's6-svscan', ... */
export function find(stack, what, must = true) {
    const [kind, program] = what.split(' ');
    const everyone = family(stack.pid, stack.dataDir);
    const titled = (title) => everyone.filter(({ argv }) => argv.join(' ').startsWith(`nginx: ${title} process`));
    const found = kind === 'nginx' ? titled(program)
        : kind === 'multiwatch' ? everyone.filter(({ comm, argv }) => comm === 'multiwatch' && argv.some((arg) => arg.endsWith(`/cgi-bin/${program}`)))
        : kind === 'worker' ? everyone.filter(({ argv }) => argv[0].endsWith(`/cgi-bin/${program}`))
        : everyone.filter(({ comm }) => comm === kind);
    assert.ok(!must || found.length, `there is no ${what}`);
    return found.map(({ pid }) => pid);
}

export function killPart(stack, what) {
    kill(find(stack, what));
}

/* The time until health, a sign-up and a signature are good again, in ms from now; fails after WELL_MS. */
export async function untilWell(stack) {
    const began = Date.now();
    const userId = `well.${process.pid}.${began}`;
    let user;
    while (Date.now() - began < WELL_MS) {
        const health = await ask(stack, 'GET', '/api/health');
        if (health.status === 200) {
            user ??= await ask(stack, 'POST', '/api/signup', { email: `${userId}@example.com`, userId });
            if (user.status !== 201 && user.status !== 409) user = undefined;
            const signed = user && await ask(stack, 'POST', `/api/users/${userId}/sign`, { message: 'm' }, user.json?.token);
            if (signed?.status === 200) return Date.now() - began;
        }
        await sleep(20);
    }
    assert.fail(`not well after ${WELL_MS} ms`);
}

/* What was acknowledged and is not on record, in words; '' where nothing is lost. */
export function lostFrom(database, seen) {
    const sql = (text) => execFileSync('sqlite3', ['-readonly', database, text], { encoding: 'utf8', maxBuffer: 1 << 28 });
    const onRecord = new Map(sql('SELECT users.user_id, address FROM users JOIN user_keys ON user_keys.user_id = users.id')
        .trim().split('\n').map((line) => line.split('|')));
    const users = seen.users.filter(({ userId, address }) => onRecord.get(userId) !== address).length;
    const rows = new Map(sql("SELECT user_id, count(*) FROM audit_log WHERE action = 'sign' GROUP BY user_id")
        .trim().split('\n').map((line) => line.split('|')));
    const signatures = seen.users.reduce((sum, user) => sum + Math.max(0, user.signatures - Number(rows.get(user.userId) ?? 0)), 0);
    const verify = spawnSync(join(BUILD_DIR, 'bin/devproof/devproof'), ['log', 'verify'], { encoding: 'utf8', env: { ...process.env, DATABASE_URL: `sqlite:${database}` } });
    const lost = [];
    if (users) lost.push(`${users} users`);
    if (signatures) lost.push(`${signatures} audit rows`);
    if (verify.status !== 0) lost.push(`the audit log: ${(verify.stdout + verify.stderr).trim()}`);
    return lost.join(', ');
}

/* Failures that a client may not see: what nginx could have given to another worker. */
function unexcused(seen, may) {
    return Object.entries(seen.refused).filter(([what]) => !may.some((pattern) => pattern.test(what))).map(([what, count]) => `${count} ${what}`);
}

/* A stack that rows which need no settings of their own share. */
let shared = null;

/* What the service has on record, as a SQLite file: its own, or a backup of the database of a row that
 * chose another. */
function record(house) {
    if (!house.url) return house.database;
    execFileSync(join(BUILD_DIR, 'bin/devproof/devproof'), ['db', 'backup', house.database, '--force'],
        { env: { ...process.env, DATABASE_URL: house.url } });
    return house.database;
}

async function open(row) {
    if (shared && !row.settings && !shared.spent) return shared;
    await close(shared);
    const dir = temporaryDir();
    const dataDir = join(dir, 'data');
    const settings = await row.settings?.(dir);
    const stack = await startStack({ DATA_DIR: dataDir, ...settings });
    shared = { dir, stack, database: join(dataDir, 'devproof.db'), url: settings?.DATABASE_URL, spent: Boolean(settings) };
    return shared;
}

/* Stop it. Comes to what it left behind, in words; '' where that is nothing. */
export async function close(house = shared) {
    if (!house) return '';
    if (house === shared) shared = null;
    await house.stack.stop().catch(() => {});
    const left = leftovers(house.dir).map(({ pid, comm }) => `${pid} ${comm}`).join(', ');
    rmSync(house.dir, { recursive: true, force: true });
    return left;
}

function judge(row, seen, lost) {
    if (seen.users.length < 3 || seen.signatures < 10) return 'there was hardly any load';
    if (lost) return `lost: ${lost}`;
    const bad = unexcused(seen, row.may ?? []);
    return bad.length ? `clients saw ${bad.join('; ')}` : '';
}

async function underLoad(row, house) {
    const { stack } = house;
    const context = { ...house, notes: [] };
    const clients = load(stack, row.load);
    let well;
    try {
        await sleep(500);
        const began = Date.now();
        await row.break(stack, context);
        await sleep(row.holds ?? 0);
        await row.mend?.(stack, context);
        await untilWell(stack);
        well = Date.now() - began;
        await sleep(200);
    } finally {
        await clients.stop();
    }
    const { seen } = clients;
    const lost = lostFrom(record(house), seen);
    const failed = Object.entries(seen.refused).map(([what, count]) => `${count} ${what}`);
    return { saw: [`${seen.answers} answers`, ...failed, ...context.notes].join('; '), well: `${well} ms`, lost, fault: judge(row, seen, lost) };
}

/*
 * row: {name, break(stack, context), and of these what it needs: settings(dir), holds (ms), mend(stack,
 * context), may: [patterns of failures that are right], load}, or {name, alone()} for one that starts its own.
 * Comes to {name, saw, lost, well, fault}; fault says why the row fails, or is ''.
 */
export async function runRow(row) {
    const result = { name: row.name, saw: '', lost: '', well: '', fault: '' };
    try {
        if (row.alone) {
            await close();
            return { ...result, ...await row.alone() };
        }
        return { ...result, ...await underLoad(row, await open(row)) };
    } catch (error) {
        await close();
        return { ...result, fault: error.message.split('\n').slice(0, 4).join(' ') };
    }
}

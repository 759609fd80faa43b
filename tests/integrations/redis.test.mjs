// redis.test.mjs - the Redis hook on real servers, one loopback address a node.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dir, document, freePort, hook, HOSTILE, must, peer, peersFile, run, serve, sleep, UNUSABLE, until } from './lib.mjs';

const KEYS = 300;
const BAN_MS = 60_000; /* for which Redis ignores gossip about a node that it was told to forget */

const address = (token) => `127.78.1.${token}`;
const nodes = new Map();
let port;

async function start(token, folder = `node-${token}`) {
    const home = join(dir, folder);
    mkdirSync(home, { recursive: true });
    nodes.set(token, serve(['redis-server', '--bind', address(token), '--cluster-announce-ip', address(token), '--port', String(port), '--dir', home, '--cluster-enabled', 'yes',
        '--cluster-node-timeout', '10000', '--appendonly', 'no', '--save', '', '--daemonize', 'no', '--protected-mode', 'no', '--repl-diskless-sync-delay', '0']));
    await until(5000, async () => (await run(['redis-cli', '-h', address(token), '-p', String(port), 'PING'])).stdout === 'PONG\n', () => nodes.get(token).output);
}

const redis = async (token, ...words) => (await must(['redis-cli', '-e', '-h', address(token), '-p', String(port), ...words])).trim();

/* What every server knows, for a failure's message. */
async function everyView() {
    const texts = [...nodes.keys()].map(async (token) => `${token}:\n${(await run(['redis-cli', '-h', address(token), '-p', String(port), 'CLUSTER', 'NODES'])).stdout}`);
    return (await Promise.all(texts)).join('\n');
}

/* {token: {master: bool, of: token of its master, slots: number}} as one node sees it. */
async function view(token) {
    const lines = (await redis(token, 'CLUSTER', 'NODES')).split('\n').map((line) => line.split(' '));
    const named = (where) => /^127\.78\.1\.(\d+):/.exec(where)?.[1] ?? where;
    const byId = new Map(lines.map(([id, where]) => [id, named(where)]));
    return Object.fromEntries(lines.map(([, where, flags, of, , , , , ...slots]) => [named(where), {
        master: flags.includes('master'), of: Number(byId.get(of)),
        slots: slots.map((one) => one.split('-').map(Number)).reduce((sum, [a, b = a]) => sum + b - a + 1, 0),
    }]));
}

/* What one node sees, as soon as it is so: who leads whom goes from server to server. */
const sees = (token, holds) => until(10_000, async () => {
    const seen = await view(token);
    return holds(seen) && seen;
}, everyView);

const listed = (tokens, self, more) => tokens.map((token) => peer(token, { address: address(token), self: token === self, ...more?.[token] }));
const hookOf = (self, content, env) => hook('redis', peersFile(`of-${self}`, content), { REDIS_PORT: String(port), ...env });

/* What a change does: each node's hook at the same time. Their codes are all 0. */
async function change(tokens, on = tokens) {
    const ran = await Promise.all(on.map((self) => hookOf(self, document('wireguard', listed(tokens, self)))));
    for (const { code, stderr } of ran) assert.equal(code, 0, stderr);
    for (const token of on) {
        assert.deepEqual(Object.keys(await view(token)).map(Number), [...tokens].sort((a, b) => a - b), `what token ${token} knows`);
        assert.match(await redis(token, 'CLUSTER', 'INFO'), /cluster_state:ok/);
    }
}

/* Many commands over one redis-cli, which follows the slots; a line of answer each. */
async function many(token, commands) {
    const cli = serve(['redis-cli', '-c', '-h', address(token), '-p', String(port)], { stdio: ['pipe', 'pipe', 'pipe'] });
    cli.child.stdin.end(commands.join('\n'));
    await cli.exit;
    return cli.output.trim().split('\n').filter((line) => !line.startsWith('-> Redirected'));
}
const numbers = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);
const write = async (token, from, to) =>
    assert.deepEqual(await many(token, numbers(from, to).map((i) => `SET key-${i} value-${i}`)), numbers(from, to).map(() => 'OK'));
const read = (token, to) => many(token, numbers(0, to).map((i) => `GET key-${i}`));
const readAll = async (token, to) => assert.deepEqual(await read(token, to), numbers(0, to).map((i) => `value-${i}`));

/* Has each replica all that its master was told? */
const replicated = (tokens) => until(20_000, async () => {
    const info = await Promise.all(tokens.map((token) => redis(token, 'INFO', 'replication')));
    return info.every((text) => !/role:slave/.test(text) || (/master_link_status:up/.test(text) && /master_sync_in_progress:0/.test(text)));
});

test('two members wait, six form: slots by token, a replica each', async () => {
    while ((port = await freePort(address(1))) > 50_000); /* the bus is 10000 above */
    await Promise.all([1, 2, 3, 4, 5, 6].map((token) => start(token)));
    const early = await hookOf(1, document('wireguard', listed([1, 2], 1)));
    assert.equal(early.code, 0);
    assert.match(early.stderr, /waiting for 3 members, 2 answer/);
    assert.match(await redis(1, 'CLUSTER', 'INFO'), /cluster_slots_assigned:0/);

    await change([1, 2, 3, 4, 5, 6]);
    const seen = await sees(6, (them) => [4, 5, 6].every((token) => them[token].of === token - 3));
    assert.deepEqual([1, 2, 3].map((token) => seen[token].slots), [5461, 5461, 5462]);
    await write(1, 0, KEYS);
    await readAll(6, KEYS);
});

test('a second run finds nothing to do', async () => {
    const before = await redis(2, 'CLUSTER', 'INFO');
    const { code, stderr } = await hookOf(1, document('wireguard', listed([1, 2, 3, 4, 5, 6], 1)));
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    const epoch = (text) => /cluster_current_epoch:\d+/.exec(text)[0];
    assert.equal(epoch(await redis(2, 'CLUSTER', 'INFO')), epoch(before));
});

test('a file that cannot be acted on leaves every member where it is', async () => {
    for (const [why, content] of Object.entries(UNUSABLE('wireguard', listed([1, 2, 3, 4], 1)))) {
        const { code, stderr } = await hookOf(1, content);
        assert.equal(code, 2, why);
        assert.match(stderr, /^redis hook: [\x20-\x7e]+\n$/, why);
    }
    assert.match((await hookOf(1, document('tls', []))).stderr, /needs wireguard mode/);
    const outside = await hookOf(1, document('wireguard', listed([2, 3], 1)));
    assert.match(outside.stderr, /not in the list/);
    assert.equal((await hookOf(1, document('wireguard', []))).code, 0);
    for (const [name, value] of [['REDIS_PORT', '1; x'], ['REDIS_PORT', '60000'], ['REDIS_MASTERS', '-1']])
        assert.equal((await hookOf(1, document('wireguard', listed([1], 1)), { [name]: value })).code, 2);
    assert.equal(Object.keys(await view(1)).length, 6);
});

test('hostile addresses are no member and no argument', async () => {
    const bad = [...HOSTILE, ...HOSTILE.map((text) => `${address(9)}${text}`), `${address(9)} 0 FLUSHALL`];
    const content = document('wireguard', [...listed([1, 2, 3, 4, 5, 6], 1), ...bad.map((text, i) => peer(20 + i, { address: text, endpoint: text }))]);
    const { code, stderr } = await hookOf(1, content);
    assert.equal(code, 0, stderr);
    assert.equal(stderr.split('\n').length - 1, bad.length);
    assert.equal(Object.keys(await view(1)).length, 6);
});

test('a new member becomes a replica, and the one that leaves is forgotten by all', async () => {
    await start(7);
    await change([1, 2, 3, 4, 5, 6, 7]);
    await sees(1, (them) => them[7].of === 1);
    /* Token 7 is not proven any more, which is as if it had left. */
    const content = (self) => document('wireguard', listed([1, 2, 3, 4, 5, 6, 7], self, { 7: { verified: false } }));
    assert.equal((await hookOf(1, content(1))).code, 0);
    for (const token of [1, 2, 3, 4, 5, 6]) assert.equal((await view(token))[7], undefined);
    /* It comes again within the minute of the ban: MEET overrides that. */
    await change([1, 2, 3, 4, 5, 6, 7]);
});

let revokedAt, members;
test('a revoked master is succeeded and forgotten, though it is alive and answers', async () => {
    await replicated([1, 2, 3, 4, 5, 6, 7]);
    const others = [2, 3, 4, 5, 6, 7];
    await change(others); /* token 1, which acted so far, is the one that is out */
    revokedAt = Date.now();
    /* One of its two replicas leads. */
    const seen = await sees(2, (them) => them[4].master !== them[7].master);
    assert.equal(Object.values(seen).reduce((sum, { slots }) => sum + slots, 0), 16384);
    assert.equal((await redis(1, 'PING')), 'PONG');
    await readAll(2, KEYS);
    await write(2, KEYS, KEYS + 20);
});

test('masters that are no majority are succeeded without a vote', async () => {
    /* Tokens 2 and 3 are dead and out at once: of three masters one is left to vote. */
    await replicated([2, 3, 4, 5, 6, 7]);
    await Promise.all([2, 3].map((token) => nodes.get(token).stop('SIGKILL')));
    await change([4, 5, 6, 7]);
    await sees(5, (them) => them[5].master && them[6].master);
    await readAll(5, KEYS + 20);
});

test('a master that leaves with its replicas takes its keys, and another takes its place', async () => {
    const seen = await sees(5, (them) => them[4].of === 7 || them[7].of === 4);
    const [leader, replica] = seen[4].master ? [4, 7] : [7, 4];
    const left = [4, 5, 6, 7].filter((token) => token !== leader && token !== replica);
    await start(8);
    await start(9);
    await change([...left, 8, 9]);
    const after = await view(5);
    assert.equal(Object.values(after).filter(({ slots }) => slots > 0).length, 3);
    const kept = (await read(5, KEYS)).filter((value, i) => value === `value-${i}`).length;
    assert.ok(kept > KEYS / 2 && kept < KEYS * 0.85, `${kept} of ${KEYS} keys were on the other two`);
});

test('a replica starts anew as a master where those are too few', async () => {
    /* Three masters and one replica; one master without a replica leaves. */
    const seen = await view(5);
    const alone = [5, 6, 8, 9].find((token) => seen[token].slots && !Object.values(seen).some(({ of }) => of === token));
    members = [5, 6, 8, 9].filter((token) => token !== alone);
    await change(members);
    await sees(members[0], (them) => members.every((token) => them[token].master && them[token].slots > 5000));
});

test('who comes with the data of another cluster is not taken in, and stops nothing else', async () => {
    /* A master of its own, and its replica, in the seats of those that died; their tokens are the lowest. */
    const old = [2, 3];
    for (const token of old) await start(token, `again-${token}`);
    await redis(2, 'CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await redis(2, 'CLUSTER', 'MEET', address(3), String(port));
    await until(5000, async () => (await view(3))[2]);
    await redis(3, 'CLUSTER', 'REPLICATE', await redis(2, 'CLUSTER', 'MYID'));
    await until(10_000, async () => /cluster_state:ok/.test(await redis(2, 'CLUSTER', 'INFO')));
    await redis(2, 'SET', 'key-1', 'old');

    const before = await view(members[0]);
    for (const self of [members[0], ...old]) {
        const { code, stderr } = await hookOf(self, document('wireguard', listed([...old, ...members], self)));
        assert.equal(code, 1, stderr + (await everyView()));
        for (const token of old.filter((one) => members.includes(self) || one === self))
            assert.match(stderr, new RegExp(`token ${token} has data of the cluster as it was before: empty it`));
    }
    assert.deepEqual(await view(members[0]), before);
    assert.equal(await redis(2, 'GET', 'key-1'), 'old');

    await redis(3, 'CLUSTER', 'RESET', 'HARD');
    members.push(3);
    await change(members);
});

test('who was revoked does not come back by gossip once the ban is over', async () => {
    await sleep(Math.max(0, revokedAt + BAN_MS + 8000 - Date.now()));
    for (const token of members) assert.deepEqual(Object.keys(await view(token)).map(Number).sort(), [...members].sort(), await everyView());
    /* It is still there, and still knows them. */
    assert.ok(Object.keys(await view(1)).length > 1);
});

// patroni.test.mjs - the Patroni hook on real etcd, Patroni and PostgreSQL, a network namespace a node.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { atEnd, dir, document, HOSTILE, must, peer, peersFile, ROOT, run, serve, sleep, UNUSABLE, until } from './lib.mjs';

const TAG = `dpi${process.pid}`;
const PASSWORD = 'rather-secret';
const AS_POSTGRES = ['setpriv', '--reuid', 'postgres', '--regid', 'postgres', '--init-groups'];
const BIN = readdirSync('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`).at(-1);

const address = (token) => `10.99.7.${token}`;
const inside = (token, ...command) => ['ip', 'netns', 'exec', `${TAG}-${token}`, ...command];
const nodes = new Map();
let ending = false;

/* Starts it whenever its settings are there and it is not running, as a supervisor does. */
function keep(node, what, file, command) {
    const kept = { starts: 0 };
    const loop = async () => {
        while (!ending && node.on) {
            if (!existsSync(file)) {
                await sleep(100);
                continue;
            }
            kept.starts++;
            kept.server = serve(command);
            await kept.server.exit;
            await sleep(500);
        }
    };
    node[what] = kept;
    kept.loop = loop();
}

async function start(token) {
    const home = join(dir, String(token));
    const node = { home, on: true, patroniFile: join(home, 'patroni/50-devproof.yml'), etcdFile: join(home, 'etcd.yml') };
    nodes.set(token, node);
    await must(['ip', 'netns', 'add', `${TAG}-${token}`]);
    await must(['ip', '-n', `${TAG}-${token}`, 'link', 'set', 'lo', 'up']);
    await must(['ip', '-n', `${TAG}-${token}`, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', `v${token}`, 'netns', `${TAG}-b`]);
    await must(['ip', '-n', `${TAG}-b`, 'link', 'set', `v${token}`, 'master', 'bridge0', 'up']);
    await must(['ip', '-n', `${TAG}-${token}`, 'addr', 'add', `${address(token)}/24`, 'dev', 'eth0']);
    await must(['ip', '-n', `${TAG}-${token}`, 'link', 'set', 'eth0', 'up']);
    for (const folder of ['patroni', 'pg', 'run', 'etcd']) mkdirSync(join(home, folder), { recursive: true });
    await must(['chown', 'postgres:', join(home, 'pg'), join(home, 'run')]);
    chmodSync(join(home, 'pg'), 0o700);
    writeFileSync(join(home, 'patroni/10-base.yml'), JSON.stringify({
        bootstrap: { dcs: { ttl: 20, loop_wait: 1, retry_timeout: 3, postgresql: { use_pg_rewind: true, parameters: { fsync: 'off' } } }, initdb: ['data-checksums', 'no-sync', { encoding: 'UTF8' }, { locale: 'C.UTF-8' }] },
        postgresql: {
            data_dir: join(home, 'pg/data'), bin_dir: BIN, pgpass: join(home, 'run/pgpass'),
            parameters: { unix_socket_directories: join(home, 'run') },
            authentication: { superuser: { username: 'postgres', password: PASSWORD }, replication: { username: 'replicator', password: PASSWORD } },
        },
    }));
    keep(node, 'etcd', node.etcdFile, inside(token, 'etcd', '--config-file', node.etcdFile));
    keep(node, 'patroni', node.patroniFile, inside(token, ...AS_POSTGRES, '--pdeathsig', 'TERM', 'patroni', join(home, 'patroni')));
}

before(async () => {
    chmodSync(dir, 0o755);
    await must(['ip', 'netns', 'add', `${TAG}-b`]);
    atEnd(async () => {
        ending = true;
        for (const one of ['b', ...nodes.keys()]) {
            for (const pid of (await run(['ip', 'netns', 'pids', `${TAG}-${one}`])).stdout.split('\n').filter(Boolean))
                try {
                    process.kill(Number(pid), 'SIGKILL');
                } catch (err) {
                    if (err.code !== 'ESRCH') throw err;
                }
            await run(['ip', 'netns', 'del', `${TAG}-${one}`]);
        }
    });
    await must(['ip', '-n', `${TAG}-b`, 'link', 'add', 'bridge0', 'type', 'bridge']);
    await must(['ip', '-n', `${TAG}-b`, 'link', 'set', 'bridge0', 'up']);
    await Promise.all([1, 2, 3].map(start));
});

const listed = (tokens, self) => tokens.map((token) => peer(token, { address: address(token), self: token === self }));
function hookOf(token, content, env = {}) {
    const node = nodes.get(token);
    const file = peersFile(`${token}/list`, content);
    return run(inside(token, join(ROOT, 'integrations/patroni/hook'), file), {
        timeout: 150_000,
        env: { PATH: process.env.PATH, ETCD_FILE: node.etcdFile, ETCD_DATA: join(node.home, 'etcd'), PATRONI_FILE: node.patroniFile, PGUSER: 'postgres', PGPASSWORD: PASSWORD, ...env },
    });
}
async function change(tokens) {
    const ran = await Promise.all(tokens.map((self) => hookOf(self, document('wireguard', listed(tokens, self)))));
    for (const { code, stderr } of ran) assert.equal(code, 0, stderr);
}

const sql = (from, to, text) => run(inside(from, 'psql', '-XAtq', '-h', address(to), '-U', 'postgres', '-d', 'postgres', '-c', text), { env: { PATH: process.env.PATH, PGPASSWORD: PASSWORD, PGCONNECT_TIMEOUT: '3' } });
async function ok(from, to, text) {
    const { code, stdout, stderr } = await sql(from, to, text);
    assert.equal(code, 0, stderr);
    return stdout.trim();
}
const cluster = async (from) => {
    const { stdout } = await run(inside(from, 'curl', '-s', '-m', '3', `http://${address(from)}:8008/cluster`));
    return stdout ? JSON.parse(stdout).members.map(({ host, role, state }) => ({ token: Number(host.split('.')[3]), role, state })) : [];
};
const leaderOf = (members) => members.find(({ role, state }) => role === 'leader' && state === 'running')?.token;
/* One leads and all others run behind it, as one of them says. */
const healthy = (tokens) => until(60_000, async () => {
    const members = (await cluster(tokens[0])).filter(({ token }) => tokens.includes(token));
    return members.length === tokens.length && members.every(({ state }) => ['running', 'streaming'].includes(state)) && leaderOf(members);
}, async () => `${JSON.stringify(await cluster(tokens[0]))}\n${tokens.map((token) => nodes.get(token).patroni.server?.output.slice(-1500)).join('\n---\n')}`);
const etcdMembers = async (from) => {
    const { members } = JSON.parse(await must(inside(from, 'etcdctl', '--endpoints', `http://${address(from)}:2379`, '-w', 'json', 'member', 'list'), { env: { ...process.env, ETCDCTL_API: '3' } }));
    assert.ok(members.every(({ isLearner }) => !isLearner));
    return members.map(({ peerURLs: [where] }) => Number(/\.(\d+):2380$/.exec(where)[1])).sort();
};

test('two wait for the third, three found etcd and PostgreSQL', async () => {
    const early = await hookOf(1, document('tls', listed([1, 2, 3], 1)));
    assert.equal(early.code, 2);
    assert.match(early.stderr, /need wireguard mode/);
    await change([1, 2, 3]);
    assert.deepEqual(await etcdMembers(1), [1, 2, 3]);
    await healthy([1, 2, 3]);
});

let leader;
test('a row written on the leader is read on a replica', async () => {
    leader = leaderOf(await cluster(1));
    const replica = [1, 2, 3].find((token) => token !== leader);
    await ok(replica, leader, "CREATE TABLE kept (word text); INSERT INTO kept VALUES ('first')");
    await until(5000, async () => (await sql(leader, replica, 'SELECT word FROM kept')).stdout === 'first\n');
    assert.equal(await ok(leader, replica, 'SELECT pg_is_in_recovery()'), 't');
});

test('a second run changes nothing', async () => {
    const files = () => [1, 2, 3].flatMap((token) => [nodes.get(token).etcdFile, nodes.get(token).patroniFile].map((file) => readFileSync(file, 'utf8')));
    const before = files();
    await change([1, 2, 3]);
    assert.deepEqual(files(), before);
    assert.deepEqual([1, 2, 3].flatMap((token) => [nodes.get(token).etcd.starts, nodes.get(token).patroni.starts]), [1, 1, 1, 1, 1, 1]);
    assert.equal(leaderOf(await cluster(1)), leader);
});

test('a fourth joins etcd and has the row', async () => {
    await start(4);
    await change([1, 2, 3, 4]);
    assert.deepEqual(await etcdMembers(4), [1, 2, 3, 4]);
    await healthy([1, 2, 3, 4]);
    assert.equal(await ok(1, 4, 'SELECT word FROM kept'), 'first');
});

test('a file that cannot be acted on, hostile addresses, bad settings: nothing changes', async () => {
    const text = readFileSync(nodes.get(1).patroniFile, 'utf8');
    for (const [why, content] of Object.entries(UNUSABLE('wireguard', listed([1, 2], 1)))) {
        const { code, stderr } = await hookOf(1, content);
        assert.equal(code, 2, why);
        assert.match(stderr, /^patroni hook: [\x20-\x7e]+\n$/, why);
    }
    const bad = [...HOSTILE, ...HOSTILE.map((one) => `${address(9)}${one}`), '0.0.0.0/0', 'all'];
    const { code, stderr } = await hookOf(1, document('wireguard', [...listed([1, 2, 3, 4], 1), ...bad.map((one, i) => peer(20 + i, { address: one }))]));
    assert.equal(code, 0, stderr);
    assert.equal(stderr.split('\n').length - 1, bad.length);
    for (const [name, value] of [['PATRONI_SCOPE', 'a/b'], ['PATRONI_FILE', '/x y.yml'], ['ETCD_DATA', '/tmp/$(id)']])
        assert.equal((await hookOf(1, document('wireguard', listed([1, 2, 3, 4], 1)), { [name]: value })).code, 2, name);
    assert.match((await hookOf(1, document('wireguard', listed([2, 3, 4])))).stderr, /not in the list/);
    assert.equal(readFileSync(nodes.get(1).patroniFile, 'utf8'), text);
    assert.deepEqual(await etcdMembers(1), [1, 2, 3, 4]);
});

test('the leader is revoked while it is alive and connected: another leads, and it can no longer connect', async () => {
    const left = [1, 2, 3, 4].filter((token) => token !== leader);
    /* A session and a replication stream that it opened before. */
    const session = serve(inside(leader, 'psql', '-XAtq', '-h', address(left[0]), '-U', 'postgres', '-d', 'postgres', '-c', 'SELECT pg_sleep(300)'), { env: { ...process.env, PGPASSWORD: PASSWORD } });
    await until(5000, async () => (await sql(left[0], left[0], `SELECT count(*) FROM pg_stat_activity WHERE client_addr = '${address(leader)}'`)).stdout !== '0\n');
    await change(left);
    const next = await healthy(left);
    assert.notEqual(next, leader);
    assert.equal(await ok(left[0], next, 'SELECT word FROM kept'), 'first');
    await ok(left[0], next, "INSERT INTO kept VALUES ('second')");

    await until(5000, () => session.child.exitCode !== null, () => 'the session lives on');
    assert.match(session.output, /terminating connection/);
    for (const token of left) {
        const { code, stderr } = await sql(leader, token, 'SELECT 1');
        assert.notEqual(code, 0);
        assert.match(stderr, /no pg_hba.conf entry for host "10\.99\.7\.\d"/);
        assert.equal(await ok(token, token, `SELECT count(*) FROM pg_stat_activity WHERE client_addr = '${address(leader)}'`), '0');
    }
    assert.deepEqual(await etcdMembers(left[0]), left);
    const call = await run(inside(leader, 'curl', '-s', '-m', '3', '-X', 'POST', '-d', '{}', `http://${address(next)}:8008/restart`));
    assert.match(call.stdout, /Access is denied/);
    /* As the tunnels do, which end with the entry in the list. */
    nodes.get(leader).on = false;
    await must(['ip', '-n', `${TAG}-b`, 'link', 'set', `v${leader}`, 'down']);
    leader = next;
});

test('the leader is revoked and cut off at once: another leads before its lock runs out', async () => {
    const left = [1, 2, 3, 4].filter((token) => token !== leader && nodes.get(token).on);
    await until(10_000, async () => (await sql(left[0], left[0], 'SELECT count(*) FROM kept')).stdout === '2\n');
    nodes.get(leader).on = false;
    await must(['ip', '-n', `${TAG}-b`, 'link', 'set', `v${leader}`, 'down']);
    await change(left);
    const next = await healthy(left);
    assert.ok(left.includes(next));
    assert.equal(await ok(left[0], next, 'SELECT string_agg(word, $$ $$ ORDER BY word) FROM kept'), 'first second');
    await ok(left[0], next, "INSERT INTO kept VALUES ('third')");
    assert.deepEqual(await etcdMembers(left[0]), left);
});

// cluster.test.mjs - nodes that join by devproof cluster run --mode wireguard: their tunnels follow what the chain says.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { artifact, devproof, startCluster } from '../cluster/lib.mjs';
import { concat, keccak256, pad } from '../contracts/lib.mjs';
import { converge, enterDaemon, makeMember, peerOf, shareChain } from './lib/members.mjs';
import { listen, openNetwork, pings, reaches, run, sleep, stream, until, within } from './lib/nodes.mjs';
import { redis, sql, startPostgres, startRedis } from './lib/servers.mjs';

const APPLICATION = 7000;
const LEASE = 120;
const APP = '0x5bb4ff9a3837357f19dc176407a5709c62eb6c56';
const ROOT = '0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf';
const DATA = new URL('../../bin/sim/gen2', import.meta.url).pathname;
const four = (token) => `10.0.1.${token}`;

let network, chain, cluster, members, trusted, one, two, three, newcomer, otherCode, oldPlatform;
const six = (token) => peerOf(one.daemon.now(), one).address6.replace(/::\w+$/, `::${token.toString(16)}`);
const peersOfWireguard = ({ machine }) => run(...within(machine, 'wg', 'show', machine.interface, 'peers')).trim().split('\n').filter(Boolean).sort();
const keyOf = (member) => peerOf(member.daemon.now(), member).wireguardKey;
const goesOn = async (kept, what) => {
    const then = kept.echoed();
    await until(`the stream goes on: ${what}`, () => kept.echoed() > then + 20);
};
/* A stream from the first to the second that no change of a third may end. */
async function streamOfTwo(what) {
    const kept = stream(network, one.machine, four(two.token), APPLICATION);
    await until('the stream runs', () => kept.echoed() > 10);
    return { goesOn: (when) => goesOn(kept, `${what}, ${when}`), async stop() {
        assert.equal(kept.ended(), false, `${what}: one connection from begin to end`);
        await kept.stop();
    } };
}

before(async () => {
    network = openNetwork();
    cluster = await startCluster({ change: { peer: { kmsRoot: ROOT, appIds: [APP], leaseDuration: LEASE } } });
    chain = await shareChain(network, cluster.anvil.port);
    const compose = join(network.dir, 'app-compose.json');
    writeFileSync(compose, readFileSync(join(DATA, 'app-compose.json'), 'utf8').replace('"name":"', '"name":"other-'));
    trusted = [];
    for (const options of [{}, {}, {}, { seat: false }, { args: ['--app-compose', compose] }, { args: ['--tcb', 'outdated'] }])
        trusted.push(await makeMember(network, chain, cluster, trusted.length + 1, options));
    members = trusted.slice(0, 3);
    [one, two, three, newcomer, otherCode, oldPlatform] = trusted;
});
after(() => network?.close());

test('three nodes join by their daemons, prove their keys, and applications get through', async () => {
    const begin = Date.now();
    for (const member of members) await enterDaemon(member, trusted);
    await converge(members);
    console.log(`# from the start of three daemons to six proofs: ${Date.now() - begin} ms`);
    const file = one.daemon.now(), own = peerOf(file, one), other = peerOf(file, two);
    assert.equal(file.mode, 'wireguard');
    assert.deepEqual([own.address, own.verified, own.network], [four(one.token), null, 'wireguard']);
    assert.match(own.address6, /^fd[0-9a-f:]+::1$/);
    assert.deepEqual([other.address, other.address6, other.verified, other.endpoint], [four(two.token), six(two.token), true, `${two.machine.address}:51820`]);
    assert.deepEqual(peersOfWireguard(one), [keyOf(two), keyOf(three)].sort());
    await one.daemon.hooked((at) => at.peers.length === 3 && at.peers.every(({ self, verified }) => self || verified));
    for (const member of members) await listen(network, member.machine, APPLICATION);
    for (const from of members) {
        for (const to of members.filter((member) => member !== from)) {
            for (const address of [four(to.token), six(to.token)]) {
                assert.ok(pings(from.machine, address), `${from.token} pings ${address}`);
                assert.ok(await reaches(from.machine, address, APPLICATION, 'hello'), `${from.token} reaches ${address}`);
            }
        }
    }
});

test('a real Redis answers across the tunnels, and is copied to another', async () => {
    await startRedis(network, one.machine, [four(one.token), six(one.token)]);
    await startRedis(network, three.machine, [four(three.token)], '--replicaof', four(one.token), '6379');
    assert.equal(await redis(two.machine, four(one.token), 'SET', 'key', 'by the second'), 'OK');
    assert.equal(await redis(two.machine, six(one.token), 'GET', 'key'), 'by the second');
    await until('the copy has it', async () => (await redis(two.machine, four(three.token), 'GET', 'key')) === 'by the second');
});

test('a real PostgreSQL answers across the tunnels', async () => {
    await startPostgres(network, one.machine, [four(one.token), six(one.token)], ['10.0.1.0/24', `${six(0)}/64`]);
    await sql(two.machine, four(one.token), 'CREATE TABLE peers (token int); INSERT INTO peers SELECT generate_series(1, 1000)');
    assert.equal(await sql(three.machine, six(one.token), 'SELECT count(*), sum(token) FROM peers'), '1000|500500');
});

test('with the chain gone or paused the tunnels stay as the last list had them', async () => {
    const kept = await streamOfTwo('no chain');
    chain.stop();
    await Promise.all(members.map(({ daemon }) => daemon.until(({ error }) => error?.code === 'node')));
    await kept.goesOn('without a chain');
    assert.deepEqual(one.daemon.now().peers.map(({ verified }) => verified), [null, true, true]);
    assert.equal(peersOfWireguard(one).length, 2);
    chain.start();
    await Promise.all(members.map(({ daemon }) => daemon.until(({ error }) => error === null)));
    await cluster.guard('pause');
    assert.equal(await cluster.anvil.client.readContract({ address: await cluster.read('rules'), abi: artifact('TimelockAppAuth').abi, functionName: 'paused' }), true);
    await cluster.mine();
    await sleep(2500);
    await converge(members);
    await kept.goesOn('paused');
    await cluster.guard('unpause');
    await kept.stop();
});

test('a node that is killed is missed by nobody else, and comes back with another key', async () => {
    const kept = await streamOfTwo('killed'), key = keyOf(three);
    await three.daemon.end('SIGKILL');
    assert.equal(pings(one.machine, four(three.token)), false);
    await kept.goesOn('without the third');
    await enterDaemon(three, trusted);
    await three.daemon.until((file) => file.self.registration === 'registered' && peerOf(file, three));
    await converge(members);
    assert.notEqual(keyOf(three), key);
    assert.ok(!peersOfWireguard(one).includes(key));
    assert.ok(await reaches(one.machine, four(three.token), APPLICATION, 'back'));
    await kept.goesOn('with the third');
    await kept.stop();
});

test('who is revoked is cut off, and back where the block is undone that says so', async () => {
    const kept = await streamOfTwo('revoked'), undo = await cluster.anvil.ask('evm_snapshot');
    const cut = stream(network, one.machine, four(three.token), APPLICATION);
    await until('the stream to the third runs', () => cut.echoed() > 10);
    const begin = Date.now();
    await cluster.send('revoke', three.token, 'test');
    await Promise.all([one, two].map(({ daemon }) => daemon.hooked((file) => file.peers.length === 2)));
    console.log(`# from a revocation to both hooks: ${Date.now() - begin} ms`);
    await until('its tunnel is gone', () => [one, two].every((member) => peersOfWireguard(member).length === 1));
    const then = cut.echoed();
    assert.equal(await reaches(one.machine, four(three.token), APPLICATION, 'gone'), false);
    await assert.rejects(redis(three.machine, four(one.token), 'GET', 'key'));
    await until('it lets go of the others itself', () => peersOfWireguard(three).length === 0);
    assert.ok(cut.echoed() <= then + 1);
    await kept.goesOn('without the third');

    await cluster.anvil.ask('evm_revert', undo);
    await cluster.mine(5);
    await converge(members);
    assert.ok(await reaches(one.machine, four(three.token), APPLICATION, 'undone'));
    await kept.goesOn('with the third');
    await kept.stop();
    await cut.stop();
});

test('who does not prolong its lease is cut off when it ends, and who does is not', async () => {
    const kept = await streamOfTwo('lease');
    const leases = () => Promise.all(members.map(async ({ token }) => Number((await cluster.read('peerOf', token)).leaseUntil)));
    const now = async () => Number((await cluster.anvil.client.getBlock()).timestamp);
    assert.equal(await three.daemon.end(), 0);
    assert.throws(() => run(...within(three.machine, 'ip', 'link', 'show', 'dev', three.machine.interface)), 'its interface is gone');
    assert.equal(run(...within(three.machine, 'nft', 'list', 'tables')), '', 'and its filter');
    const before = await leases();
    /* Both have less than a third left then, and longer than their daemons take to look. */
    await cluster.later(Math.max(1, Math.min(before[0], before[1]) - (await now()) - LEASE / 5));
    await until('both have prolonged theirs', async () => {
        await sleep(1000);
        await cluster.mine();
        return (await leases()).every((lease, i) => i === 2 || lease > before[i] + LEASE / 2);
    }, 30_000);
    await cluster.later(Math.max(1, before[2] - (await now()) + 1));
    await Promise.all([one, two].map(({ daemon }) => daemon.until((file) => file.peers.length === 2)));
    await until('its tunnel is gone', () => [one, two].every((member) => peersOfWireguard(member).length === 1));
    await kept.goesOn('without the third');
    await kept.stop();
});

test('a seat that changes hands takes one node out and lets another in, at the same address', async () => {
    const to = `0x${'77'.repeat(20)}`, kept = await streamOfTwo('transferred');
    await enterDaemon(three, trusted);
    await converge(members);
    const holder = await cluster.read('ownerOf', three.token);
    for (const account of [holder, to]) {
        await cluster.anvil.ask('anvil_impersonateAccount', account);
        await cluster.anvil.ask('anvil_setBalance', account, '0x8ac7230489e80000');
    }
    await cluster.mine();
    await cluster.sendAs(holder, 'transferFrom', holder, to, three.token);
    await until('its tunnel is gone', () => [one, two].every((member) => peersOfWireguard(member).length === 1));
    await enterDaemon(newcomer, trusted);
    await cluster.sendAs(to, 'assignInstance', three.token, `0x${newcomer.instance}`);
    await converge([one, two, newcomer], 60_000);
    assert.equal(peerOf(one.daemon.now(), newcomer).address, four(three.token));
    await listen(network, newcomer.machine, APPLICATION);
    assert.ok(await reaches(one.machine, four(three.token), APPLICATION, 'new'));
    assert.equal(peersOfWireguard(three).length, 0);
    await kept.goesOn('with another');
    await kept.stop();
    await newcomer.daemon.end();
});

/* What the KMS asks, where the app has its contract: what it allows stands in slot 0. */
async function setAllowed(value, ...hashes) {
    await cluster.anvil.ask('anvil_setCode', APP, artifact('TimelockAppAuth').deployedBytecode.object);
    for (const hash of hashes)
        await cluster.anvil.ask('anvil_setStorageAt', APP, keccak256(concat([`0x${hash}`, pad('0x')])), pad(value));
    await cluster.mine();
}

test('other code is let in once the contract of its app allows it, and an old platform is not', async () => {
    const refused = (member, pattern) => until(() => one.daemon.said(), () => one.daemon.said().split('\n').some((line) => pattern.test(line) && peerOf(one.daemon.now(), member)?.verified === false));
    const hashOf = async ({ sim }) => (await sim.ask('/Info')).compose_hash;
    const hashes = [await hashOf(one), await hashOf(otherCode)];
    assert.notEqual(...hashes);
    await enterDaemon(otherCode, trusted);
    await enterDaemon(oldPlatform, trusted);
    await refused(otherCode, new RegExp(`token ${otherCode.token}: It runs ${hashes[1]}, which is not what this node runs, nor does the app's contract allow it`));
    await refused(oldPlatform, new RegExp(`token ${oldPlatform.token}: Its platform is OutOfDate; --tcb takes none worse than UpToDate`));
    await listen(network, otherCode.machine, APPLICATION);
    assert.equal(await reaches(one.machine, four(otherCode.token), APPLICATION, 'other'), false);
    assert.equal(await reaches(otherCode.machine, four(one.token), APPLICATION, 'other'), false);
    await setAllowed('0x01', ...hashes);
    await Promise.all([one, two].map(({ daemon }) => daemon.until((file) => peerOf(file, otherCode).verified, 60_000)));
    await until('applications get through', () => reaches(one.machine, four(otherCode.token), APPLICATION, 'allowed'));
    assert.equal(peerOf(one.daemon.now(), oldPlatform).verified, false);
    assert.equal(await reaches(oldPlatform.machine, four(one.token), APPLICATION, 'old'), false);
    const kept = await streamOfTwo('other code');
    await setAllowed('0x', hashes[1]);
    await one.daemon.until((file) => peerOf(file, otherCode).verified === false, 60_000);
    assert.equal(await reaches(one.machine, four(otherCode.token), APPLICATION, 'no more'), false);
    await kept.goesOn('without the third');
    await kept.stop();
});

test('settings that tunnels could not be made with are refused by name', async () => {
    const good = ['--mode', 'wireguard', '--endpoint', '192.0.2.1:51820', '--collateral', one.sim.at('collateral'), '--root', one.sim.at('root')];
    const refused = async (pattern, words, env = {}) => {
        const { code, said } = await devproof(['cluster', 'run', '--peers-file', join(network.dir, 'none.json'), ...words], { env: { ...one.env, ...env } });
        assert.match(said, pattern);
        assert.equal(code, 2);
    };
    await refused(/--mode: tls or wireguard/, ['--mode', 'vpn']);
    await refused(/for --mode wireguard/, ['--tunnel-range', '10.0.2.0/24']);
    await refused(/has to be entered/, [...good, '--no-register']);
    await refused(/--endpoint HOST:PORT.* or DSTACK_GATEWAY_DOMAIN/, ['--mode', 'wireguard'], { DSTACK_GATEWAY_DOMAIN: '' });
    await refused(/the endpoint https:.*neither host:port/, [...good.slice(0, 2), ...good.slice(4), '--gateway-domain', '192.0.2.1']);
    await refused(/--endpoint: /, [...good, '--endpoint', '127.0.0.1:51820']);
    await refused(/--tunnel-range: .*last 8 bits must be 0/, [...good, '--tunnel-range', '10.0.2.1/24']);
    await refused(/--tunnel-interface: /, [...good, '--tunnel-interface', 'a/b']);
    await refused(/--port: 1 to 65535/, [...good, '--port', '0']);
    await refused(/--tcb: /, [...good, '--tcb', 'Revoked']);
    await refused(/by quotes: name what Intel says/, good.slice(0, 4));
    await refused(/one --root for each --collateral/, [...good, '--root', one.sim.at('root')]);
    await refused(/none\.pem cannot be read/, [...good.slice(0, 6), '--root', '/none.pem']);
});

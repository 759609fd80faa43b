// run.test.mjs - devproof cluster run: the peers file, the hook, and staying there.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { sleep } from '../api/lib/stack.mjs';
import { enter, startCluster, startDaemon, startNode, startRelay } from './lib.mjs';

let cluster;
before(async () => {
    cluster = await startCluster();
});

test('a node enters, its file says so, and its hook is told', async () => {
    const node = await startNode(cluster);
    const daemon = await startDaemon(node, ['--block', 'latest']);
    const file = await daemon.until((at) => at.peers.length === 1);
    const [entered] = file.peers;
    assert.equal(file.schema, 'devproof.peers/1');
    assert.equal(file.contract, cluster.address);
    assert.equal(file.chainId, 31337);
    assert.equal(file.error, null);
    assert.equal(file.digest, await cluster.read('peersDigest'));
    assert.deepEqual([entered.instanceId, entered.self, entered.network, entered.tokenId], [node.instance, true, 'tls-gateway', node.token]);
    assert.equal(entered.endpoint, `https://${node.instance}-443s.gateway.example`);
    const known = await daemon.until((at) => at.self.registration === 'registered');
    assert.equal(known.self.tokenId, node.token);
    assert.equal(known.self.account, node.account);
    const told = await daemon.hooked((at) => at.peers.length === 1);
    assert.equal(told.peers[0].instanceId, node.instance);
    assert.equal(await daemon.end(), 0);
    await node.stop();
});

const peer = { kmsRoot: '0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf', appIds: ['0x5bb4ff9a3837357f19dc176407a5709c62eb6c56'] };

test('a lease is prolonged when a third of it is left, and one that lapsed is entered anew', async () => {
    const own = await startCluster({ change: { peer: { ...peer, leaseDuration: 60 } } });
    const node = await startNode(own);
    const daemon = await startDaemon(node, ['--block', 'latest']);
    const first = (await daemon.until((at) => at.self.registration === 'registered')).self.leaseUntil;
    await own.later(30);
    await sleep(6000);
    assert.equal(daemon.now().self.leaseUntil, first, 'half of it is left');
    await own.later(15);
    const second = (await daemon.until((at) => at.self.leaseUntil > first)).self.leaseUntil;
    await own.later(100);
    await daemon.until((at) => at.self.leaseUntil > second);
    assert.equal(await daemon.end(), 0);
    await node.stop();
});

test('a node without a seat says so, and enters as soon as it has one', async () => {
    const node = await startNode(cluster, { seat: false });
    const daemon = await startDaemon(node, ['--block', 'latest']);
    const none = await daemon.until((at) => at.self.registration === 'failed');
    assert.match(none.self.detail, /no token of the cluster names this instance/);
    const token = await cluster.mint(node.instance);
    const { self } = await daemon.until((at) => at.self.registration === 'registered');
    assert.equal(self.tokenId, token);
    assert.equal(self.detail, null);

    await cluster.send('revoke', token, 'test');
    await daemon.until((at) => at.self.registration === 'failed' && !at.peers.some((at) => at.instanceId === node.instance), 60_000);
    await daemon.end();
    await node.stop();
});

test('a node that nobody could reach does not start, unless it only watches', async () => {
    const node = await startNode(cluster, { gas: false });
    const mute = { ...node, env: { ...node.env, DSTACK_GATEWAY_DOMAIN: '' } };
    const refused = await startDaemon(mute);
    assert.equal(await refused.gone, 2);
    assert.match(refused.said(), /DSTACK_GATEWAY_DOMAIN: must be set, or the endpoint be given, to register/);
    const watching = await startDaemon(mute, ['--no-register', '--block', 'latest']);
    assert.equal((await watching.until((at) => at.block !== null)).self.registration, 'none');
    assert.equal(await watching.end(), 0);
    await node.stop();
});

test('a hook that is not there is said by name', async () => {
    const node = await startNode(cluster, { seat: false, gas: false });
    const daemon = await startDaemon(node, ['--no-register', '--block', 'latest', '--hook', '/none/such'], { hook: false });
    await daemon.until((at) => at.block !== null);
    for (let i = 0; !daemon.said().includes('hook_failed'); i++) {
        assert.ok(i < 100, daemon.said());
        await sleep(100);
    }
    assert.match(daemon.said(), /\/none\/such cannot be started: No such file or directory/);
    await daemon.end();
    await node.stop();
});

test('a node without gas says so', async () => {
    const node = await startNode(cluster, { gas: false });
    const daemon = await startDaemon(node, ['--block', 'latest']);
    const { self } = await daemon.until((at) => at.self.registration === 'failed');
    assert.match(self.detail, /[Ii]nsufficient funds/);
    await daemon.end();
    await node.stop();
});

test('what a block that is undone had said is undone, and said again by the next', async () => {
    const own = await startCluster();
    const [a, b] = [await startNode(own), await startNode(own)];
    const daemon = await startDaemon(a, ['--no-register', '--block', 'latest', '--interval', '1']);
    await daemon.until((at) => at.peers.length === 0 && at.block !== null);
    const before = await own.anvil.ask('evm_snapshot');
    await enter(b);
    await daemon.until((at) => at.peers.length === 1);
    await own.anvil.ask('evm_revert', before);
    const gone = await daemon.until((at) => at.error !== null || at.peers.length === 0);
    if (gone.error) assert.equal(gone.error.code, 'stale', 'nodes that go back are not believed');
    await own.mine(5);
    await daemon.until((at) => at.error === null && at.peers.length === 0);
    await enter(b);
    await daemon.until((at) => at.peers.length === 1);
    await daemon.end();
    await Promise.all([a.stop(), b.stop()]);
});

test('a WebSocket wakes the watch long before its interval is over; without one the interval does', async () => {
    const watcher = await startNode(cluster, { seat: false });
    const quick = await startDaemon(watcher, ['--no-register', '--block', 'latest', '--interval', '600']);
    await quick.until((at) => at.block !== null);
    await sleep(1000);
    const node = await startNode(cluster);
    const { block } = await enter(node);
    const at = Date.now();
    await quick.until((file) => file.peers.some((peer) => peer.instanceId === node.instance) && file.block.number >= block);
    console.log(`told after ${Date.now() - at} ms`);
    await quick.hooked((file) => file.peers.some((peer) => peer.instanceId === node.instance));
    const ended = Date.now();
    assert.equal(await quick.end(), 0);
    assert.ok(Date.now() - ended < 2500, 'it hears of its end while it waits');

    const none = { ...watcher, env: { ...watcher.env, RPC_WS_URL: '' } };
    const slow = await startDaemon(none, ['--no-register', '--block', 'latest', '--interval', '2']);
    await slow.until((file) => file.peers.some((peer) => peer.instanceId === node.instance));
    await cluster.send('revoke', node.token, 'test');
    await slow.until((file) => !file.peers.some((peer) => peer.instanceId === node.instance));
    await slow.end();

    const closed = { ...watcher, env: { ...watcher.env, RPC_WS_URL: 'ws://127.0.0.1:1' } };
    const polling = await startDaemon(closed, ['--no-register', '--block', 'latest', '--interval', '1']);
    await polling.until((file) => file.block !== null && file.error === null);
    await polling.end();
    await Promise.all([watcher.stop(), node.stop()]);
});

test('a hook that fails is run again, one that hangs is ended with the daemon, and one at a time', async () => {
    const node = await startNode(cluster, { seat: false });
    const daemon = await startDaemon(node, ['--no-register', '--block', 'latest']);
    await daemon.hooked(() => true);
    writeFileSync(daemon.script, `#!/bin/sh\necho try >>"${daemon.dir}/tries"\n[ "$(wc -l <"${daemon.dir}/tries")" -ge 3 ]\n`);
    await enter(await startNode(cluster));
    const tries = () => (existsSync(`${daemon.dir}/tries`) ? readFileSync(`${daemon.dir}/tries`, 'utf8').trim().split('\n').length : 0);
    for (let i = 0; tries() < 3; i++) {
        assert.ok(i < 200, `only ${tries()}`);
        await sleep(100);
    }
    await sleep(1500);
    assert.equal(tries(), 3, 'the third went well');
    assert.match(daemon.said(), /hook_failed/);
    writeFileSync(daemon.script, `#!/bin/sh\necho $$ >"${daemon.dir}/pid"\nexec sleep 600\n`);
    await enter(await startNode(cluster));
    for (let i = 0; !existsSync(`${daemon.dir}/pid`); i++) {
        assert.ok(i < 200, 'never run');
        await sleep(100);
    }
    const pid = Number(readFileSync(`${daemon.dir}/pid`, 'utf8'));
    assert.equal(await daemon.end(), 0);
    assert.throws(() => process.kill(pid, 0), 'nothing is left of it');
    await node.stop();
});

test('a relay pays: the node needs no gas', async () => {
    const node = await startNode(cluster, { gas: false });
    const served = await startRelay(cluster);
    const paid = { ...node, env: { ...node.env, CLUSTER_RELAY: served.url } };
    const daemon = await startDaemon(paid, ['--block', 'latest']);
    const { self } = await daemon.until((at) => at.self.registration === 'registered');
    assert.equal(self.tokenId, node.token);
    await daemon.end();
    assert.equal(served.said().match(/"event":"relayed"/g).length, 1);
    assert.equal(await served.end(), 0);
    await node.stop();
});

test('a relay that listens takes calls of its cluster alone, and says why not others', async () => {
    const node = await startNode(cluster, { gas: false }), twin = await startCluster({ anvil: cluster.anvil });
    const { url, end } = await startRelay(cluster);
    const call = JSON.parse((await node.run('voucher')).stdout), [head] = call.data.match(/^0x.{8}/);
    const post = async (body, { path = '', method = 'POST' } = {}) => {
        const response = await fetch(url + path, { method, body: typeof body === 'string' || !body ? body : JSON.stringify(body) });
        return [response.status, await response.json()];
    };
    const before = await cluster.anvil.client.getBlockNumber();
    for (const [body, options, status, sentence] of [
        [{ ...call, to: twin.address }, {}, 409, /another contract/], [{ ...call, chainId: 1 }, {}, 409, /another chain/],
        [{ ...call, data: `0xa9059cbb${call.data.slice(10)}` }, {}, 400, /data: must be a call of registerPeer or renewLease/],
        [{ ...call, data: head }, {}, 409, /./],
        ['[', {}, 400, /JSON/], ['', {}, 400, /JSON/], ['{}', {}, 400, /missing/], [call, { path: 'x' }, 404, /calls go to/],
        [null, { method: 'GET' }, 405, /POSTed/], [`{"a":"${'x'.repeat(20_000)}"}`, {}, 413, /no call is that long/],
    ]) {
        const [got, { detail }] = await post(body, options);
        assert.equal(got, status, `${JSON.stringify(body)?.slice(0, 80)}: ${detail}`);
        assert.match(detail, sentence);
    }
    assert.equal(await cluster.anvil.client.getBlockNumber(), before, 'nothing was sent');
    const [status, done] = await post(call);
    assert.equal(status, 200, JSON.stringify(done));
    assert.equal(done.tokenId, node.token);
    assert.equal((await cluster.anvil.client.getTransactionReceipt({ hash: done.transaction })).status, 'success');
    assert.equal((await post(call))[0], 409, 'no voucher works twice');
    await end();
    await node.stop();
});

test('many nodes at a time are relayed one after the other', async () => {
    const nodes = await Promise.all(Array.from({ length: 4 }, () => startNode(cluster, { gas: false, seat: false })));
    for (const node of nodes) await cluster.mint(node.instance);
    const { url, end } = await startRelay(cluster);
    const calls = await Promise.all(nodes.map(async (node) => (await node.run('voucher')).stdout));
    const answers = await Promise.all(calls.map(async (body) => (await fetch(url, { method: 'POST', body })).json()));
    assert.equal(new Set(answers.map(({ transaction }) => transaction)).size, 4, JSON.stringify(answers));
    for (const node of nodes) assert.notEqual(await cluster.read('instanceToTokenId', `0x${node.instance}`), 0n);
    await end();
    await Promise.all(nodes.map((node) => node.stop()));
});

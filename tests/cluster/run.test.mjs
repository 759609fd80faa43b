// run.test.mjs - devproof cluster run: the peers file, the hook, and staying there.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { LEASE, SETTLE, startCluster, startDaemon, startNode } from './lib.mjs';

let cluster;
before(async () => {
    cluster = await startCluster();
});

test('a node enters, its file says so, and its hook is told', async () => {
    const node = await startNode(cluster);
    const daemon = await startDaemon(node, ['--block', 'latest']);
    const file = await daemon.until((at) => at.peers.length === 1);
    const peer = file.peers[0];
    assert.equal(file.schema, 'devproof.peers/1');
    assert.equal(file.contract, cluster.address);
    assert.equal(file.chainId, 31337);
    assert.equal(file.error, null);
    assert.equal(file.digest, await cluster.read('peersDigest'));
    assert.deepEqual([peer.instanceId, peer.self, peer.network, peer.tokenId], [node.instance, true, 'tls-gateway', node.token]);
    assert.equal(peer.endpoint, `https://${node.instance}-443s.gateway.example`);
    const known = await daemon.until((at) => at.self.registration === 'registered');
    assert.equal(known.self.tokenId, node.token);
    assert.equal(known.self.account, node.account);
    const told = await daemon.hooked((at) => at.peers.length === 1);
    assert.equal(told.peers[0].instanceId, node.instance);
    assert.equal(await daemon.end(), 0);
    await node.stop();
});

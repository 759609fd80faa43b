// service.test.mjs - what the daemon writes is what the service answers, the page takes, and a hook acts on.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readPeers } from '../../html/js/peers.js';
import { ROOT, startStack } from '../api/lib/stack.mjs';
import { enter, startCluster, startDaemon, startNode } from './lib.mjs';

let cluster, stack;
before(async () => {
    cluster = await startCluster();
    stack = await startStack();
});
after(() => stack?.stop());

/* The daemon's file, by the service; the page's own code takes all of it. */
async function answered(daemon) {
    copyFileSync(daemon.path, join(stack.dataDir, 'cluster/peers.json'));
    const response = await fetch(`${stack.url}api/cluster/peers`);
    const answer = await response.json();
    assert.equal(response.status, 200, JSON.stringify(answer));
    return readPeers(answer);
}

/* integrations/lib: what a hook is told to act on. */
function hooked(daemon) {
    const { stdout, stderr, status } = spawnSync('/usr/bin/python3', ['-c', `
import sys
sys.path.insert(0, ${JSON.stringify(join(ROOT, 'integrations/lib'))})
sys.dont_write_bytecode = True
import peerlist
try:
    print([(peer.token, peer.host, peer.port, peer.own) for peer in peerlist.read(sys.argv[1]).peers])
except peerlist.Refused as refused:
    print("refused:", refused)`, daemon.path], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout.trim();
}

test('a list of two', async () => {
    const [node, other] = [await startNode(cluster), await startNode(cluster)];
    await enter(other);
    const daemon = await startDaemon(node, ['--block', 'latest']);
    await daemon.until((at) => at.peers.length === 2 && at.self.registration === 'registered');
    const { peers, self, error } = await answered(daemon);
    assert.deepEqual(peers.map((peer) => peer.tokenId), [node.token, other.token]);
    assert.deepEqual([self.registration, self.tokenId, error], ['registered', node.token, null]);
    const host = (one) => `${one.instance}-443s.gateway.example`;
    assert.equal(hooked(daemon), `[(${node.token}, '${host(node)}', 443, True), (${other.token}, '${host(other)}', 443, False)]`);
    await daemon.end();
    await Promise.all([node.stop(), other.stop()]);
});

test('a node that was never heard: no list, and never an empty one', async () => {
    const node = await startNode(cluster, { gas: false });
    const deaf = { ...node, env: { ...node.env, RPC_URL: 'http://127.0.0.1:1' } };
    const daemon = await startDaemon(deaf);
    const first = await daemon.until(() => true);
    assert.equal(first.error.code, 'node', 'nothing is written before that is known');
    const { chainId, block, digest, readAtMs, error } = await answered(daemon);
    assert.deepEqual([chainId, block, digest, readAtMs, error.code], [null, null, null, null, 'node']);
    assert.match(hooked(daemon), /^refused: the list is not current \(node:/);
    await daemon.end();
    await node.stop();
});

// peers.test.mjs - the list: proven, refused where a node lies, kept where none answers, true as peers come and go.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, test } from 'node:test';
import { liar } from '../contracts/lib.mjs';
import { devproof, enter, LEASE, SETTLE, startCluster, startDaemon, startNode } from './lib.mjs';

let cluster, a, b;
before(async () => {
    cluster = await startCluster();
    [a, b] = [await startNode(cluster), await startNode(cluster)];
    for (const node of [a, b]) await enter(node);
    await cluster.mine(SETTLE);
});

const status = async (env, ...words) => {
    const ran = await devproof(['cluster', 'status', '--json', ...words], { env: { ...a.env, ...env } });
    return { ...ran, list: ran.code === 0 ? JSON.parse(ran.stdout) : null };
};

test('the list is what the contract says, and so is its digest', async () => {
    const { list } = await status();
    assert.equal(list.digest, await cluster.read('peersDigest'));
    assert.deepEqual(list.peers.map((peer) => peer.endpoint), await cluster.read('getPeerEndpoints'));
    assert.deepEqual(list.peers.map((peer) => peer.instanceId), [a.instance, b.instance]);
    assert.equal(list.block.tag, 'finalized');
    const { stdout, code } = await a.run('status', '--instance', b.instance);
    assert.equal(code, 0);
    assert.match(stdout, /^2 peers, proven by storage proof$/m);
    assert.equal((await a.run('status', '--instance', '00'.repeat(20))).code, 1);
});

/* What a node that lies in one answer of the list is told to be. */
async function lied(change) {
    const node = await liar(cluster.anvil.url, (method, answer, request) => change(method, answer, request) ?? answer);
    return status({ RPC_URL: node.url });
}
/* getPeers(uint256,uint256) */
const isPage = (method, { params }) => method === 'eth_call' && params[0].data.startsWith('0x776b0f04');

test('a list with an endpoint, a peer or a lease that is not the contract\'s is refused', async () => {
    const hex = (text) => Buffer.from(text).toString('hex');
    const changes = {
        endpoint: (data) => data.replace(hex('gateway.example'), hex('gateway.evil.co')),
        instance: (data) => data.replace(b.instance, 'ee'.repeat(20)),
        lease: (data) => data.replace(/0{56}[6-7][0-9a-f]{7}/, (word) => word.slice(0, -1) + (word.endsWith('0') ? '1' : '0')),
        'fewer peers': () => `0x${'20'.padStart(64, '0')}${'0'.repeat(64)}`,
    };
    for (const [what, change] of Object.entries(changes)) {
        let changed = 0;
        const { code, said } = await lied((method, answer, request) => {
            if (!isPage(method, request)) return answer;
            const result = change(answer.result);
            changed += result !== answer.result;
            return { ...answer, result };
        });
        assert.ok(changed > 0, what);
        assert.equal(code, 1, what);
        assert.match(said, /not the one that the storage proves/, what);
    }
});

test('a proof that does not hold, and a block that is none, are refused', async () => {
    const flip = (text) => text.slice(0, -1) + (text.endsWith('0') ? '1' : '0');
    for (const [what, change] of Object.entries({
        proof: (method, answer) => (method === 'eth_getProof' ? { ...answer, result: { ...answer.result, storageProof: answer.result.storageProof.map((slot) => ({ ...slot, proof: slot.proof.map(flip) })) } } : answer),
        'a digest of its own': (method, answer) => (method === 'eth_getProof' ? { ...answer, result: { ...answer.result, storageProof: answer.result.storageProof.map((slot) => ({ ...slot, value: flip(slot.value) })) } } : answer),
        'a state root of its own': (method, answer) => (method === 'eth_getBlockByNumber' ? { ...answer, result: { ...answer.result, stateRoot: flip(answer.result.stateRoot) } } : answer),
    })) {
        const { code, said } = await lied(change);
        assert.equal(code, 1, `${what}: ${said}`);
    }
});

test('two nodes that do not agree prove nothing', async () => {
    const other = await startCluster({ change: { name: 'Other' } });
    await other.mine(SETTLE);
    const { code, said } = await status({ RPC_URL: `${cluster.anvil.url},${other.anvil.url}` });
    assert.equal(code, 1);
    assert.match(said, /to it block \d+ is 0x/);
    assert.equal((await status({ RPC_URL: `${cluster.anvil.url}, ${cluster.anvil.url}/` })).code, 0, 'two that agree do');
});

test('no cluster, no contract, no node: each has its sentence', async () => {
    for (const [env, code, sentence] of [
        [{ CLUSTER_CONTRACT: `0x${'11'.repeat(20)}` }, 1, /there is no cluster at this address/],
        [{ CLUSTER_CONTRACT: 'x' }, 2, /CLUSTER_CONTRACT/],
        [{ RPC_URL: 'http://127.0.0.1:1' }, 1, /127\.0\.0\.1:1/],
        [{ RPC_URL: 'ftp://x' }, 2, /http:\/\/ or https:\/\//],
    ]) {
        const ran = await status(env);
        assert.equal(ran.code, code, ran.said);
        assert.match(ran.said, sentence);
    }
});

test('a node that is gone or lies leaves the last good list, with the reason', async () => {
    let mode = 'true';
    const node = await liar(cluster.anvil.url, (method, answer, request) => {
        if (mode === 'gone') return (response) => response.destroy();
        return mode === 'lies' && isPage(method, request) ? { ...answer, result: answer.result.replaceAll('676174657761792e', '6761746577617a2e') } : answer;
    });
    const watcher = { ...a, env: { ...a.env, RPC_URL: node.url, RPC_WS_URL: '' } };
    const daemon = await startDaemon(watcher, ['--no-register', '--block', 'latest', '--interval', '1']);
    const good = await daemon.until((at) => at.peers.length === 2);
    mode = 'gone';
    const gone = await daemon.until((at) => at.error !== null);
    assert.equal(gone.error.code, 'node');
    assert.match(gone.error.detail, /127\.0\.0\.1/);
    assert.deepEqual(gone.peers, good.peers);
    await new Promise((done) => setTimeout(done, 2500));
    assert.equal(daemon.now().readAtMs, gone.readAtMs, 'it stays as old as it is');
    await daemon.hooked((at) => at.error?.code === 'node');
    mode = 'true';
    await daemon.until((at) => at.error === null && at.readAtMs > gone.readAtMs);

    mode = 'lies';
    const c = await startNode(cluster);
    await enter(c);
    const lie = await daemon.until((at) => at.error?.code === 'lie');
    assert.deepEqual(lie.peers, good.peers, 'not the list that was lied');
    mode = 'true';
    await daemon.until((at) => at.error === null && at.peers.length === 3);
    assert.equal(await daemon.end(), 0);
    await c.stop();
});

test('who is revoked, sold or lapsed is off at once; who comes waits for the blocks asked for', async () => {
    const daemon = await startDaemon(a, ['--no-register', '--block', 'latest', '--interval', '1', '--after', '3']);
    const has = (node) => (at) => at.peers.some((peer) => peer.instanceId === node.instance);
    const hasNot = (node) => (at) => !has(node)(at);
    await daemon.until(has(b));

    const c = await startNode(cluster);
    await enter(c);
    await new Promise((done) => setTimeout(done, 2500));
    assert.ok(hasNot(c)(daemon.now()), 'seen for no block yet');
    await cluster.mine(3);
    await daemon.until(has(c));

    await cluster.send('revoke', c.token, 'it misbehaves');
    await daemon.until(hasNot(c));

    const d = await startNode(cluster);
    await enter(d);
    const growing = setInterval(() => cluster.mine(), 300);
    await daemon.until(has(d));
    clearInterval(growing);
    const holder = await cluster.read('ownerOf', d.token);
    await cluster.anvil.ask('anvil_impersonateAccount', holder);
    await cluster.anvil.ask('anvil_setBalance', holder, '0x8ac7230489e80000');
    await cluster.sendAs(holder, 'transferFrom', holder, `0x${randomBytes(20).toString('hex')}`, d.token);
    await daemon.until(hasNot(d));

    await daemon.end();
    await Promise.all([c.stop(), d.stop()]);
});

test('a lapsed lease makes no peer, and expirePeer takes it off the chain\'s list', async () => {
    const own = await startCluster();
    const node = await startNode(own);
    await enter(node);
    await own.later(LEASE + 1);
    await own.mine(SETTLE);
    const ran = await node.run('status', '--json');
    const { peers, lapsed } = JSON.parse(ran.stdout);
    assert.deepEqual([peers, lapsed], [[], 1]);
    assert.equal((await node.run('wait', '--timeout', '3')).code, 1);
    await own.send('expirePeer', node.token);
    await own.mine(SETTLE);
    assert.equal(JSON.parse((await node.run('status', '--json')).stdout).lapsed, 0);
    await node.stop();
});

test('wait ends when the node is in, and says what it waits for', async () => {
    const node = await startNode(cluster);
    const waiting = node.run('wait', '--block', 'latest', '--interval', '1', '--timeout', '30', '--json');
    setTimeout(() => enter(node), 1500);
    const { code, stdout, stderr } = await waiting;
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).instanceId, node.instance);
    assert.match(stderr, /not a peer yet/);
    await node.stop();
});

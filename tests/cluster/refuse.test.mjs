// refuse.test.mjs - vouchers that are forged, used twice, too late, of another app, chain or cluster; and who may relay.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { decodeFunctionData, encodeFunctionData } from '../contracts/lib.mjs';
import { abi, DAY, enter, LEASE, relay, startCluster, startNode } from './lib.mjs';

let cluster;
before(async () => {
    cluster = await startCluster();
});

const voucherOf = async (node, ...words) => JSON.parse((await node.run('voucher', ...words)).stdout);

/* The same call with its voucher changed: whoever holds it may try. */
function change(call, body) {
    const { functionName, args } = decodeFunctionData({ abi, data: call.data });
    const copy = structuredClone(args);
    body(copy);
    return { ...call, data: encodeFunctionData({ abi, functionName, args: copy }) };
}

async function assertRefused(node, call, sentence) {
    const { code, said } = await relay(node, call);
    assert.notEqual(code, 0, said);
    assert.match(said, sentence);
}

test('a voucher that anybody has changed is refused', async () => {
    const [node, other] = [await startNode(cluster), await startNode(cluster)];
    const call = await voucherOf(node);
    const forged = /the chain proves another key than the one that signed/;
    await assertRefused(node, change(call, ([voucher]) => { voucher.endpoint = 'https://evil.example'; }), forged);
    await assertRefused(node, change(call, ([voucher]) => { voucher.deadline += 1000n; }), forged);
    await assertRefused(node, change(call, ([voucher]) => { voucher.networkType = 1; voucher.wireguardKey = `0x${'ab'.repeat(32)}`; }), forged);
    await assertRefused(node, change(call, ([voucher]) => { voucher.tokenId = BigInt(other.token); }), /the token does not name this instance/);
    await assertRefused(node, change(call, ([voucher]) => { voucher.nonce = 7n; }), /the voucher is used, or another one was used since/);
    await assertRefused(node, change(call, ([voucher]) => { voucher.appId = `0x${'77'.repeat(20)}`; }), /nodes of this app may not join/);
    await assertRefused(node, change(call, ([, , proof]) => { proof.kmsSignature = proof.appSignature; }), /not from the KMS that this cluster trusts/);
    await assertRefused(node, change(call, ([, , proof]) => { proof.purpose = 'ethereum'; }), /made for another purpose/);
    assert.equal((await relay(node, call)).code, 0, 'as it was signed it is taken');
    await Promise.all([node.stop(), other.stop()]);
});

test('a voucher works once, and not after its time', async () => {
    const node = await startNode(cluster);
    const call = await voucherOf(node);
    assert.equal((await relay(node, call)).code, 0);
    await assertRefused(node, call, /the voucher is used/);
    const late = await voucherOf(node);
    await cluster.later(DAY);
    await assertRefused(node, late, /the voucher's time has passed/);
    await node.stop();
});

test('a voucher is of one cluster and one chain', async () => {
    const twin = await startCluster({ anvil: cluster.anvil, change: { name: 'Twin' } });
    const node = await startNode(cluster);
    const call = await voucherOf(node);
    await twin.mint(node.instance);
    await assertRefused(node, { ...call, to: twin.address }, /a call of another contract/);
    const there = { ...node, env: { ...node.env, CLUSTER_CONTRACT: twin.address } };
    const { functionName, args: [voucher, ...rest] } = decodeFunctionData({ abi, data: call.data });
    const token = await twin.read('lastTokenId');
    const data = encodeFunctionData({ abi, functionName, args: [{ ...voucher, tokenId: BigInt(token) }, ...rest] });
    await assertRefused(there, { ...call, to: twin.address, data }, /proves another key/);
    await assertRefused(node, { ...call, chainId: 1 }, /for another chain/);
    await node.stop();
});

test('a relay sends no other calls, and says what is wrong with what it is given', async () => {
    const node = await startNode(cluster);
    const call = await voucherOf(node);
    const owner = encodeFunctionData({ abi, functionName: 'setClusterConfig', args: [1n, 0] });
    for (const [given, sentence] of [
        [{ ...call, data: owner }, /data: must be a call of registerPeer or renewLease/],
        [{ ...call, data: '0x' }, /data: must be a call/],
        [{ ...call, data: `0x${'00'.repeat(4097)}` }, /data: must be 0x and up to 4096 bytes/],
        [{ ...call, data: `0x${'00'.repeat(5000)}` }, /larger than the limit/],
        [{ ...call, to: 'x' }, /to: must be an address/],
        [{ ...call, chainId: '1' }, /chainId: must be a number/],
        [{ to: call.to, data: call.data }, /chainId: is missing/],
        ['[', /JSON/],
    ]) await assertRefused(node, given, sentence);
    await node.stop();
});

test('a seat is needed, the cluster\'s network, and no pause', async () => {
    const stranger = await startNode(cluster, { seat: false });
    const none = await stranger.run('voucher');
    assert.equal(none.code, 1);
    assert.match(none.said, /no token of the cluster names this instance/);

    const node = await startNode(cluster);
    await cluster.send('setClusterConfig', 1024n, 1);
    await assertRefused(node, await voucherOf(node), /does not take nodes of this network/);
    await cluster.send('setClusterConfig', 1024n, 2);
    await cluster.guard('pause');
    await assertRefused(node, await voucherOf(node), /it is paused/);
    await cluster.later(DAY + 1);
    assert.equal((await relay(node, await voucherOf(node))).code, 0);
    await Promise.all([stranger.stop(), node.stop()]);
});

test('two tokens that name one instance: the node says which is its own', async () => {
    const node = await startNode(cluster);
    await cluster.mint(node.instance);
    const { code, said } = await node.run('voucher');
    assert.equal(code, 1);
    assert.match(said, /2 tokens name this instance; say which one/);
    await node.stop();
});

test('a lease is prolonged by its node alone, and only while it runs', async () => {
    const node = await startNode(cluster);
    assert.match((await node.run('voucher', '--renew')).said, /no peer, so it has no lease/);
    await enter(node);
    await cluster.later(LEASE / 2);
    const call = await voucherOf(node, '--renew');
    await assertRefused(node, change(call, (args) => { args[2] += 1000n; }), /not one that the app was proven to have/);
    assert.equal((await relay(node, call)).code, 0);
    await assertRefused(node, call, /the voucher is used/);
    await cluster.later(LEASE + 1);
    await assertRefused(node, await voucherOf(node, '--renew'), /the lease has lapsed; register anew/);
    await node.stop();
});

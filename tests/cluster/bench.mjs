// bench.mjs - clusters of 10 to 1,000 members: gas, size, time of a read, and how soon nodes' hooks hear of a change.
// A row for each size goes to the file RESULTS, as JSON lines; bench/cluster reads it.
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { askAgent } from '../api/lib/agent.mjs';
import { BUILD_DIR, ROOT, sleep } from '../api/lib/stack.mjs';
import { decodeFunctionData, encodeFunctionData } from '../contracts/lib.mjs';
import { abi, DEPLOYER, newHolder, startCluster, startDaemon, startNode } from './lib.mjs';

const { privateKeyToAccount } = createRequire(join(ROOT, 'tests/api/'))('viem/accounts');
const SIZES = (process.env.SIZES ?? '10 100 300 1000').split(' ').map(Number);
const WATCHERS = 3, CHANGES = 7;
const VOUCHER = ['appId:address', 'tokenId:uint256', 'instanceId:address', 'networkType:uint8', 'endpoint:string', 'wireguardKey:bytes32', 'nonce:uint256', 'deadline:uint256']
    .map((field) => ({ name: field.split(':')[0], type: field.split(':')[1] }));

/* Members of whom only the voucher is real: signed by the app's key as any JavaScript would. */
async function startMembers(cluster) {
    const node = await startNode(cluster);
    const { data } = JSON.parse((await node.run('voucher')).stdout);
    const { args: [first, , proof] } = decodeFunctionData({ abi, data });
    const { key } = await askAgent(node.env.DSTACK_SIMULATOR_ENDPOINT, '/GetKey', { path: '!cluster/voucher', purpose: 'cluster' });
    const account = privateKeyToAccount(`0x${key}`);
    const domain = { name: 'DstackClusterNFT', version: '1', chainId: await cluster.anvil.client.getChainId(), verifyingContract: cluster.address };
    const send = async (functionName, args) => cluster.anvil.mined(await cluster.anvil.ask('eth_sendTransaction', { from: DEPLOYER, to: cluster.address, gas: '0x2dc6c0', data: encodeFunctionData({ abi, functionName, args }) }));
    let token = Number(await cluster.read('lastTokenId'));
    /* Comes to its gas and when it was sent; anvil makes the block at once. */
    return async function enter() {
        const instanceId = `0xb${(++token).toString(16).padStart(39, '0')}`;
        await send('mintNodeAccess', [newHolder(), instanceId.slice(2)]);
        const message = { ...first, tokenId: BigInt(token), instanceId, endpoint: `https://${instanceId.slice(2)}-443s.gateway.example`, deadline: first.deadline + 86_400n };
        const signature = await account.signTypedData({ domain, types: { Voucher: VOUCHER }, primaryType: 'Voucher', message });
        const sentAt = Date.now();
        const { status, gasUsed } = await send('registerPeer', [message, signature, proof]);
        if (status !== 'success') throw new Error(`member ${token} was refused`);
        return { sentAt, gas: Number(gasUsed) };
    };
}

/* A node's daemon, whose hook writes down when it ran: in ms. */
async function startWatcher(cluster, dir, i) {
    const node = await startNode(cluster, { seat: false, gas: false });
    const hook = join(dir, `hook${i}`), times = join(dir, `times${i}`);
    writeFileSync(hook, `#!/bin/sh\ndate +%s%3N >>${times}\n`);
    chmodSync(hook, 0o755);
    const daemon = await startDaemon(node, ['--no-register', '--block', 'latest', '--hook', hook], { hook: false });
    await daemon.until((at) => at.error === null, 60_000);
    const runs = () => (existsSync(times) ? readFileSync(times, 'utf8').trim().split('\n').map(Number) : []);
    return {
        daemon,
        async after(time) {
            for (let tries = 0; tries < 1500; tries++, await sleep(20)) {
                const ran = runs().find((at) => at >= time);
                if (ran) return ran - time;
            }
            throw new Error('a hook heard of no change');
        },
    };
}

const middle = (values) => values.sort((a, b) => a - b)[values.length >> 1];

test('sizes', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'dp-bench-'));
    const cluster = await startCluster();
    const enter = await startMembers(cluster);
    const reader = await startNode(cluster, { seat: false, gas: false });
    const watchers = [];
    for (let i = 0; i < WATCHERS; i++) watchers.push(await startWatcher(cluster, dir, i));
    let members = 0;
    for (const size of SIZES) {
        let entered;
        for (; members < size - CHANGES; members++) entered = await enter();
        await sleep(3000);
        const heard = [];
        for (let i = 0; i < CHANGES; i++, members++) {
            entered = await enter();
            heard.push(...await Promise.all(watchers.map((watcher) => watcher.after(entered.sentAt))));
            await sleep(1000);
        }
        const timed = execFileSync(join(BUILD_DIR, 'bench/peers'), ['list'], { env: { ...process.env, ...reader.env }, encoding: 'utf8' });
        const [count, first, again, memory] = timed.split(' ').map(Number);
        if (count !== size) throw new Error(`${count} peers, not ${size}`);
        const bytes = statSync(watchers[0].daemon.path).size;
        appendFileSync(process.env.RESULTS, `${JSON.stringify({ members: size, gas: entered.gas, bytes, firstMs: first / 1e6, againMs: again / 1e6, memoryUs: memory / 1000, hookMs: middle(heard), hookLongestMs: Math.max(...heard) })}\n`);
    }
    for (const { daemon } of watchers) await daemon.end();
    rmSync(dir, { recursive: true });
});

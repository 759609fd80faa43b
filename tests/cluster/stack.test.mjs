// stack.test.mjs - with CLUSTER_CONTRACT the stack runs the cluster's daemon: its list comes through nginx.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePort, logLines, sleep, spawnUp, startStack, temporaryDir, within } from '../api/lib/stack.mjs';
import { DEVPROOF, enter, startCluster, startNode } from './lib.mjs';

let cluster, other, stack, instance;
before(async () => {
    cluster = await startCluster();
    other = await startNode(cluster, { gas: false });
    await enter(other);
    instance = randomBytes(20).toString('hex');
});
after(() => stack?.stop());

const settings = (options = '') => ({
    CLUSTER_CONTRACT: cluster.address, RPC_URL: cluster.anvil.url, DSTACK_GATEWAY_DOMAIN: 'gateway.example', DSTACK_SIM_OPTIONS: `--instance-id ${instance}`, CLUSTER_OPTIONS: ` --block  latest ${options}`,
});

async function peers() {
    const response = await fetch(`${stack.url}api/cluster/peers`);
    return { status: response.status, ...(await response.json()) };
}
async function until(matches, within = 30_000) {
    for (const end = Date.now() + within; ; await sleep(50)) {
        const at = await peers();
        if (matches(at)) return at;
        if (Date.now() > end) throw new Error(`never: ${JSON.stringify(at)}\n${logLines(stack.logDir).slice(-10).join('\n')}`);
    }
}

/* Programs `devproof cluster run` that write this stack's file: [pid, words]. */
function daemons() {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
        try {
            const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
            return readlinkSync(`/proc/${pid}/exe`) === DEVPROOF && words[2] === 'run' && words.includes(join(stack.dataDir, 'cluster/peers.json')) ? [[Number(pid), words]] : [];
        } catch {
            return []; /* it is gone */
        }
    });
}

test('a stack without it is in no cluster', async () => {
    stack = await startStack();
    assert.deepEqual([(await peers()).code, daemons().length], ['no_cluster', 0]);
    await stack.stop();
});

test('the stack enters its node, and answers the list', async () => {
    const token = await cluster.mint(instance);
    stack = await startStack(settings('--no-register'));
    const { status, self, peers: list, contract, error } = await until((at) => at.status === 200);
    assert.deepEqual([status, contract, error, self.instanceId, self.registration], [200, cluster.address, null, instance, 'none']);
    assert.deepEqual(list.map(({ instanceId }) => instanceId), [other.instance]);
    await cluster.anvil.ask('anvil_setBalance', self.account, '0x8ac7230489e80000');
    await cluster.mine();
    assert.equal(await stack.stop(), 0);

    stack = await startStack(settings());
    const entered = await until((at) => at.self?.registration === 'registered' && at.peers.length === 2);
    assert.deepEqual(entered.peers.find((peer) => peer.self), { ...entered.peers.find((peer) => peer.tokenId === token), instanceId: instance, endpoint: `https://${instance}-443s.gateway.example` });
    assert.equal((await cluster.read('instanceToEndpoint', instance)), `https://${instance}-443s.gateway.example`);
    assert.ok(logLines(stack.logDir).some((line) => line.includes('"event":"registered"')));
});

test('a daemon that is killed comes back, alone, with no secret in its environment', async () => {
    const [[pid]] = daemons();
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
    assert.doesNotMatch(environment, /ADMIN_TOKEN|DATABASE_URL/);
    assert.match(environment, /CLUSTER_CONTRACT/);
    process.kill(pid, 'SIGKILL');
    const killedAt = Date.now();
    const { error } = await until((at) => at.status === 200 && at.writtenAtMs > killedAt && at.self.registration === 'registered');
    assert.equal(error, null);
    const [[anew], ...more] = daemons();
    assert.deepEqual([anew === pid, more.length], [false, 0]);
    const third = await startNode(cluster, { gas: false });
    await enter(third);
    await until((at) => at.peers.length === 3);
    await third.stop();
    assert.equal(await stack.stop(), 0);
    assert.deepEqual(daemons(), [], 'nothing outlives the stack');
});

test('settings that none can be end the start with a sentence', async () => {
    const bad = async (change, code, sentence) => {
        const dataDir = temporaryDir();
        const up = spawnUp({ ...settings(), DATA_DIR: dataDir, PORT: String(await freePort()), ...change });
        const ended = await within(up.exit, 20_000);
        if (ended === 'late') up.child.kill('SIGTERM');
        assert.equal(ended, code, up.output);
        assert.match(up.output, sentence);
        execFileSync('rm', ['-rf', dataDir]);
    };
    await bad({ CLUSTER_CONTRACT: '0x1' }, 2, /CLUSTER_CONTRACT must be 0x and 40 hex digits/);
    await bad({ CLUSTER_CONTRACT: '' }, 2, /CLUSTER_OPTIONS is of no use without CLUSTER_CONTRACT/);
    await bad({ CLUSTER_OPTIONS: "--hook 'x'" }, 2, /CLUSTER_OPTIONS may have no quotes/);
    await bad({ CLUSTER_OPTIONS: '--colour' }, 2, /unrecognized option '--colour'.*CLUSTER_OPTIONS has what/s);
    await bad({ RPC_URL: '' }, 2, /set without RPC_URL/);
    await bad({ DSTACK_GATEWAY_DOMAIN: '' }, 2, /set without DSTACK_GATEWAY_DOMAIN/);
});

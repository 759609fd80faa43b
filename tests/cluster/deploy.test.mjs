// deploy.test.mjs - devproof cluster deploy and deploy-cluster.sh: on a real chain, once, judged by what viem reads there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { BUILD_DIR, ROOT } from '../api/lib/stack.mjs';
import { artifact, CONTRACTS, DEPLOYER, devproof, dir, KEY, keyFile, OTHER, startAnvil } from '../contracts/lib.mjs';
import { abi, enter, newHolder, startNode } from './lib.mjs';

const KMS = '0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf', APP = '0x5bb4ff9a3837357f19dc176407a5709c62eb6c56';
const ZERO = `0x${'00'.repeat(20)}`;
let anvil;
before(async () => {
    anvil = await startAnvil(undefined, '--no-request-size-limit');
});

let files = 0;
function settings(value) {
    const path = join(dir, `settings-${files++}.json`);
    writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
    return path;
}
const least = { owner: DEPLOYER, peer: { kmsRoot: KMS } };
const records = () => mkdtempSync(join(dir, 'records-'));

async function deploy(words, { key = KEY, at = records(), url = anvil.url } = {}) {
    const ran = await devproof(['cluster', 'deploy', ...words, '--contracts', CONTRACTS, '--no-build', '--deployments', at, '--json'], { env: { RPC_URL: url, DEPLOYER_KEY: key } });
    return { ...ran, at, json: ran.code === 0 ? JSON.parse(ran.stdout) : null };
}
const read = (address, functionName, ...args) => anvil.client.readContract({ address, abi, functionName, args });
const rule = async (address, functionName) => anvil.client.readContract({ address: await read(address, 'rules'), abi: artifact('TimelockAppAuth').abi, functionName });
const blocks = () => anvil.client.getBlockNumber();

test('the least that a file must say, and what follows from it', async () => {
    const { code, said, json: { address, deployed } } = await deploy([settings(least)]);
    assert.deepEqual([code, deployed], [0, true], said);
    const seen = Object.fromEntries(await Promise.all(['name', 'symbol', 'owner', 'maxNodes', 'networkMode', 'ownerAdmits', 'publicAdmits', 'publicMinting', 'refundWindow', 'leaseDuration', 'kmsRoot', 'ballot', 'totalSupply', 'isFederated'].map(async (name) => [name, await read(address, name)])));
    assert.deepEqual(seen, { name: 'Cluster', symbol: 'NODE', owner: DEPLOYER, maxNodes: 16, networkMode: 2, ownerAdmits: true, publicAdmits: false, publicMinting: false, refundWindow: 604800n, leaseDuration: 3600n, kmsRoot: KMS, ballot: ZERO, totalSupply: 0, isFederated: false });
    const rules = Object.fromEntries(await Promise.all(['owner', 'guardian', 'noticePeriod', 'minimumNotice', 'exitWindow', 'allowAnyDevice', 'requireTcbUpToDate'].map(async (name) => [name, await rule(address, name)])));
    assert.deepEqual(rules, { owner: DEPLOYER, guardian: DEPLOYER, noticePeriod: 172800n, minimumNotice: 172800n, exitWindow: 604800n, allowAnyDevice: true, requireTcbUpToDate: false });
    assert.equal((await anvil.client.getCode({ address })).length, artifact('DstackClusterNFT').deployedBytecode.object.length);
});

test('all that it says counts, and the rest of an object is filled in', async () => {
    const given = {
        name: 'Mine', symbol: 'M', owner: OTHER, guardian: DEPLOYER, auth: { notice: 200_000 }, member: { maxNodes: 3, networkMode: 1, publicAdmits: true },
        peer: { kmsRoot: KMS, appIds: [APP], leaseDuration: 600 }, founders: [newHolder(), newHolder()],
    };
    const { said, json } = await deploy([settings(given)]);
    assert.ok(json, said);
    const { address } = json;
    const seen = await Promise.all(['name', 'owner', 'maxNodes', 'networkMode', 'ownerAdmits', 'publicAdmits', 'leaseDuration', 'totalSupply', 'isFederated'].map((name) => read(address, name)));
    assert.deepEqual(seen, ['Mine', OTHER, 3, 1, true, true, 600n, 2, true]);
    assert.deepEqual(await Promise.all(['guardian', 'noticePeriod', 'minimumNotice'].map((name) => rule(address, name))), [DEPLOYER, 200_000n, 172_800n]);
    assert.equal(await read(address, 'isAppId', APP), true);
});

test('once: the same settings again send nothing, others want another label', async () => {
    const first = await deploy([settings(least)]);
    const before = await blocks();
    const again = await deploy([settings(`{ "peer": {"kmsRoot": "${KMS}"},\n "owner": "${DEPLOYER}" }`)], first);
    assert.deepEqual([again.json?.deployed, again.json?.address], [false, first.json.address], again.said);
    const other = settings({ ...least, name: 'Other' });
    const refused = await deploy([other], first);
    assert.equal(refused.code, 1);
    assert.match(refused.said, /Choose another label by --as/);
    assert.equal(await blocks(), before, 'nothing was sent');
    const labelled = await deploy([other, '--as', 'other'], first);
    assert.equal(await read(labelled.json.address, 'name'), 'Other');
    const { code, stdout } = await devproof(['contracts', 'verify', 'other', '--rpc', anvil.url, '--contracts', CONTRACTS, '--deployments', first.at, '--json']);
    assert.equal(code, 0, stdout);
});

test('settings that none can be are refused, and nothing is sent', async () => {
    const before = await blocks();
    for (const [value, code, sentence] of [
        ['[', 2, /JSON/], [{}, 2, /owner/], [{ owner: DEPLOYER }, 2, /kmsRoot/], [{ ...least, colour: 'red' }, 2, /colour/], [{ ...least, member: { seats: 3 } }, 2, /seats/],
        [{ ...least, owner: 'me' }, 2, /owner/], [{ ...least, member: { maxNodes: 2000 } }, 1, /ClusterBadMaxNodes/], [{ ...least, peer: { kmsRoot: KMS, leaseDuration: 1 } }, 1, /ClusterBadLease/],
        [{ ...least, ballot: OTHER }, 1, /refuses|revert/i],
    ]) {
        const ran = await deploy([settings(value)]);
        assert.equal(ran.code, code, `${JSON.stringify(value)}: ${ran.said}`);
        assert.match(ran.said, sentence);
    }
    assert.match((await deploy(['/nowhere'])).said, /No such file/);
    assert.match((await deploy([])).said, /too few words/);
    assert.match((await deploy([settings(least), '--to', DEPLOYER])).said, /deploy takes no --to/);
    assert.match((await deploy([settings(least), '--contract', DEPLOYER])).said, /deploy takes no --contract/);
    assert.match((await deploy([settings(least)], { key: '' })).said, /say who deploys/);
    assert.equal(await blocks(), before);
});

/* A script of bin/, with the devproof of this build. */
function script(name, words, env = {}) {
    const { RPC_URL, DEPLOYER_KEY, CLUSTER_CONTRACT, ...rest } = process.env;
    return new Promise((done) => {
        const child = spawn(join(ROOT, 'bin', name), words, { cwd: dir, env: { ...rest, DEVPROOF: join(BUILD_DIR, 'bin/devproof/devproof'), ...env } });
        let stdout = '', stderr = '';
        child.stdout.on('data', (data) => (stdout += data));
        child.stderr.on('data', (data) => (stderr += data));
        child.on('close', (code) => done({ code, stdout, stderr, said: stdout + stderr }));
    });
}

test('deploy-cluster.sh: contract, settings, seats, and the environment with which a node comes in', async () => {
    const holder = newHolder(), instance = randomBytes(20).toString('hex'), empty = newHolder();
    const words = [
        settings({ ...least, peer: { kmsRoot: KMS, appIds: [APP] } }), `${holder}:${instance}`, empty, '--max-nodes', '5', '--network', 'tls', '--rpc', anvil.url, '--key-file', keyFile(),
        '--contracts', CONTRACTS, '--deployments', records(), '--no-build',
    ];
    const { code, stdout, said } = await script('deploy-cluster.sh', words);
    assert.equal(code, 0, said);
    const env = Object.fromEntries(stdout.trim().split('\n').map((line) => line.split(/=(.*)/s)));
    assert.deepEqual(Object.keys(env), ['CLUSTER_CONTRACT', 'RPC_URL']);
    const address = env.CLUSTER_CONTRACT;
    assert.deepEqual(await Promise.all(['maxNodes', 'networkMode', 'totalSupply'].map((name) => read(address, name))), [5, 0, 2]);
    const token = await read(address, 'walletToTokenId', holder);
    assert.equal((await read(address, 'instanceOf', token)).toLowerCase(), `0x${instance}`);
    assert.notEqual(await read(address, 'walletToTokenId', empty), 0n);

    const before = await blocks();
    const again = await script('deploy-cluster.sh', words);
    assert.deepEqual([again.code, again.stdout], [0, stdout], again.said);
    assert.equal(await blocks(), before, 'nothing was sent');

    const node = await startNode({ address, anvil }, { instance, seat: false, gas: false });
    await enter({ ...node, env: { ...node.env, ...env } });
    const status = await script('cluster-status', ['--json', '--block', 'latest'], env);
    assert.deepEqual(JSON.parse(status.stdout).peers.map((peer) => peer.instanceId), [instance], status.said);
    const { stdout: same } = await devproof(['cluster', 'status', '--json', '--block', 'latest'], { env });
    assert.equal(status.stdout, same);
    await node.stop();
});

test('deploy-cluster.sh ends where a step fails, and says what is wrong with its words', async () => {
    const at = records(), common = ['--contracts', CONTRACTS, '--deployments', at, '--no-build'];
    const owned = settings({ ...least, owner: OTHER });
    const ran = await script('deploy-cluster.sh', [owned, newHolder(), ...common], { RPC_URL: anvil.url, DEPLOYER_KEY: KEY });
    assert.equal(ran.code, 1);
    assert.equal(ran.stdout, '');
    assert.match(ran.said, /may not give out seats/);
    for (const [words, sentence] of [
        [[], /^Usage/], [[owned, '--colour', 'red'], /no option --colour/], [[owned, '--rpc'], /--rpc wants a value/], [[owned], /name a node/],
        [[owned, '--rpc', 'x', ...common], /http/],
    ]) {
        const wrong = await script('deploy-cluster.sh', words, { DEPLOYER_KEY: KEY });
        assert.equal(wrong.code, 2, wrong.said);
        assert.match(wrong.said, sentence);
    }
    assert.match((await script('deploy-cluster.sh', ['--help'])).stdout, /^Usage/);
    assert.deepEqual(Object.keys(JSON.parse(readFileSync(join(at, '31337.json'))).contracts), ['DstackClusterNFT']);
});

// join.test.mjs - devproof cluster join: the whole way, cut at each step and gone on with, and what is refused.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { after, before, test } from 'node:test';
import { artifact, CONTRACTS, DEPLOYER, devproof, encodeFunctionData, keyFile, liar } from '../contracts/lib.mjs';
import { APP, makeKms, openSealed, sdkSigner, startCloud, TOKEN } from './lib/cloud.mjs';
import { DAY, DEVPROOF, newHolder, startCluster } from './lib.mjs';

const SECRET = 'schön "geheim"';
const ADDRESS = `0x${APP}`;
const dir = mkdtempSync(path(tmpdir(), 'dp-join-'));
after(() => rmSync(dir, { recursive: true, force: true }));
let cluster, kms, plain;

/* dstack's contract of an app, at the simulator's app id. */
function compilePlain() {
    const solc = createRequire(`${CONTRACTS}/`)('solc');
    const source = readFileSync(new URL('lib/PlainApp.sol', import.meta.url), 'utf8');
    const input = { language: 'Solidity', sources: { p: { content: source } }, settings: { outputSelection: { p: { PlainApp: ['abi', 'evm.deployedBytecode.object'] } } } };
    const { abi, evm } = JSON.parse(solc.compile(JSON.stringify(input))).contracts.p.PlainApp;
    return { abi, code: `0x${evm.deployedBytecode.object}` };
}

const isAllowed = (hash) => cluster.anvil.client.readContract({ address: ADDRESS, abi: plain.abi, functionName: 'allowedComposeHashes', args: [`0x${hash}`] });

before(async () => {
    kms = makeKms();
    plain = compilePlain();
    cluster = await startCluster({ change: { peer: { kmsRoot: kms.root, appIds: [ADDRESS], leaseDuration: 3600 } } });
    await cluster.anvil.ask('anvil_setCode', ADDRESS, plain.code);
    await cluster.anvil.ask('anvil_setStorageAt', ADDRESS, `0x${'00'.repeat(32)}`, `0x${DEPLOYER.slice(2).padStart(64, '0')}`);
});

let files = 0;
const file = (text, mode = 0o600) => {
    const name = path(dir, `file-${files++}`);
    writeFileSync(name, text, { mode });
    return name;
};

/* An app-compose.json whose hash nothing has allowed yet, as devproof makes it. */
async function makeCompose() {
    const name = `node-${files}`, out = path(dir, `${name}.json`);
    const yml = file(`services:\n  web:\n    image: web@sha256:${'ab12'.repeat(16)}\n`);
    const allowed = ['CLUSTER_CONTRACT', 'SECRET'].flatMap((each) => ['--allowed-env', each]);
    const { code, said } = await devproof(['compose', 'build', yml, '-o', out, '--name', name, ...allowed]);
    assert.equal(code, 0, said);
    return out;
}

const variables = () => `CLUSTER_CONTRACT=${cluster.address}\n# none\nSECRET='${SECRET}'\n`;

const wordsOf = (at) => ['cluster', 'join', at.compose, '--to', at.wallet, '--app', at.app, '--cloud', at.cloud.url, '--token-file', at.token, '--env-file', at.env, '--key-file', at.key,
    '--contract', at.own.address, '--rpc', at.own.anvil.url, '--block', 'latest', '--interval', '1', '--timeout', '30'];

async function runWith(at, ...words) {
    const ran = await devproof([...wordsOf(at), '--json', ...words]);
    assert.doesNotMatch(ran.said, /geheim|stand-in/, 'no secret is shown');
    return { ...ran, json: ran.stdout ? JSON.parse(ran.stdout) : null };
}

/* A wallet, a cloud and code that are new; run(words) is devproof cluster join with them. */
async function setOut({ own = cluster, app = ADDRESS, cloud, compose } = {}) {
    const at = { own, app, cloud: cloud ?? await startCloud(own, kms, isAllowed), wallet: newHolder(), compose: compose ?? await makeCompose(), env: file(variables()), token: file(`${TOKEN}\n`), key: keyFile() };
    return { ...at, run: (...words) => runWith(at, ...words) };
}

const taken = (steps) => steps.filter((step, i) => step !== steps[i - 1]);
async function assertIn({ cloud, wallet }, ran, count = 1) {
    assert.equal(ran.code, 0, ran.said);
    assert.equal(cloud.cvms.length, count, 'no CVM too many');
    const cvm = cloud.cvms.at(-1), token = await cluster.read('walletToTokenId', wallet);
    assert.equal((await cluster.read('instanceOf', token)).toLowerCase(), `0x${cvm.instance_id}`);
    assert.equal(await cluster.read('instanceToTokenId', `0x${cvm.instance_id}`), token, 'it is a peer');
    assert.deepEqual([ran.json.tokenId, ran.json.instanceId, ran.json.cvm, ran.json.appId], [Number(token), cvm.instance_id, cvm.vm_uuid, APP]);
    assert.equal(ran.json.endpoint, `https://${cvm.instance_id}-443s.gateway.example`);
    return cvm;
}

test('a node is prepared, allowed, made with its variables, paused, seated, started, and a peer; then nothing is left to do', async () => {
    const at = await setOut(), { cloud } = at;
    const ran = await at.run();
    const cvm = await assertIn(at, ran);
    assert.deepEqual([ran.json.created, ran.json.minted], [true, true]);
    assert.equal(ran.json.composeHash, cvm.compose_hash);
    assert.deepEqual(taken(cloud.steps), ['GET /apps/APP/cvms', 'POST /cvms/provision', 'GET /kms/kms-base-prod/pubkey/APP', 'POST /cvms',
        'GET /cvms/ID', 'POST /cvms/ID/stop', 'GET /cvms/ID', 'POST /cvms/ID/start']);
    assert.deepEqual(cloud.events.map((event) => event.split(' ')[0]), ['start', 'stop', 'start'], 'no seat, no run');
    assert.deepEqual(openSealed(cvm.encrypted_env, kms.privateKey).env.at(-1), { key: 'SECRET', value: SECRET });
    assert.deepEqual(cvm.asked.env_keys, ['CLUSTER_CONTRACT', 'SECRET']);
    assert.deepEqual([cvm.asked.app_id, cvm.asked.contract_address, cvm.asked.kms_id], [APP, APP, 'kms-base-prod']);
    assert.equal(cvm.asked.deployer_address, DEPLOYER);
    assert.doesNotMatch(cloud.heard, /geheim/);
    assert.equal(await isAllowed(cvm.compose_hash), true);

    const before = await cluster.anvil.client.getBlockNumber(), steps = cloud.steps.length;
    const again = await at.run();
    await assertIn(at, again);
    assert.deepEqual([again.json.created, again.json.minted], [false, false]);
    assert.deepEqual(cloud.steps.slice(steps), ['GET /apps/APP/cvms']);
    for (let block = before + 1n; block <= await cluster.anvil.client.getBlockNumber(); block++) {
        const { transactions } = await cluster.anvil.client.getBlock({ blockNumber: block, includeTransactions: true });
        assert.equal(transactions.filter(({ from }) => from.toLowerCase() === DEPLOYER.toLowerCase()).length, 0, 'nothing was sent');
    }

    const second = await setOut({ cloud, compose: at.compose });
    await assertIn(second, await second.run(), 2);
    assert.deepEqual(cloud.steps.filter((step) => step.startsWith('POST /apps')), ['POST /apps/APP/instances'], 'one more, not the first again');
    await cloud.stop();
});

/* As in the way above; each is cut before the cloud has done it, and after. */
const CUTS = ['POST /cvms/provision', 'GET /kms/kms-base-prod/pubkey/APP', 'POST /cvms', 'POST /cvms/ID/stop', 'POST /cvms/ID/start'];
for (const cut of CUTS) {
    test(`cut at ${cut}, join goes on where it was`, async () => {
        for (const done of [false, true]) {
            const at = await setOut();
            let cuts = 0;
            at.cloud.change = (step, answer, response) => {
                if (step === cut && (answer !== null) === done && cuts++ === 0) response.destroy();
            };
            const first = await at.run();
            assert.ok(cuts > 0, first.said);
            /* A pause that was not heard of is looked for again in the same run. */
            if (cut !== 'POST /cvms/ID/stop') assert.equal(first.code, 1, first.said);
            await assertIn(at, await at.run());
            assert.equal(at.cloud.orders.size, 1);
            await at.cloud.stop();
        }
    });
}

/* Ends the program with SIGKILL as soon as it says so. */
function killAt(at, sentence) {
    return new Promise((done) => {
        const child = spawn(DEVPROOF, wordsOf(at));
        let said = '';
        child.stderr.on('data', (data) => {
            said += data;
            if (sentence.test(said)) child.kill('SIGKILL');
        });
        child.on('close', (code, signal) => done(signal));
    });
}

for (const sentence of [/allowing the code/, /making the CVM/, /pausing it/, /seating instance/, /starting it/, /not a peer yet/]) {
    test(`killed at "${sentence.source}", join goes on where it was`, async () => {
        const at = await setOut();
        assert.equal(await killAt(at, sentence), 'SIGKILL');
        await assertIn(at, await at.run());
        await at.cloud.stop();
    });
}

/* What the cloud says instead of its answer to a step, and what join says of that. Nothing is made. */
const pub = () => kms.publicKey.toString('hex');
const now = () => Math.floor(Date.now() / 1000);
const flipped = (signature) => Buffer.concat([signature.subarray(0, 40), Buffer.from([signature[40] ^ 1]), signature.subarray(41)]).toString('hex');
const KEYS = [
    ['the KMS root, undated', () => ({ public_key: pub(), signature: kms.legacy().toString('hex') }), true],
    ['the KMS root, dated', () => ({ public_key: `0x${pub()}`, timestamp: now(), signature: 'ff', signature_v1: kms.dated(now()).toString('hex') }), true],
    ['a stranger', () => ({ public_key: pub(), signature: kms.legacy({ by: kms.stranger }).toString('hex') }), false],
    ['a stranger, dated', () => ({ public_key: pub(), timestamp: now(), signature: kms.legacy().toString('hex'), signature_v1: kms.dated(now(), { by: kms.stranger }).toString('hex') }), false],
    ['the root, of another key', () => ({ public_key: 'ab'.repeat(32), signature: kms.legacy().toString('hex') }), false],
    ['the root, for another app', () => ({ public_key: pub(), signature: kms.legacy({ app: '00'.repeat(20) }).toString('hex') }), false],
    ['the root, long ago', () => ({ public_key: pub(), timestamp: now() - 400, signature_v1: kms.dated(now() - 400).toString('hex') }), false],
    ['the root, with another date', () => ({ public_key: pub(), timestamp: now() + 5, signature_v1: kms.dated(now()).toString('hex') }), false],
    ['the root, with a bit turned', () => ({ public_key: pub(), signature: flipped(kms.legacy()) }), false],
    ['nobody', () => ({ public_key: pub() }), false],
    ['nobody, by an empty text', () => ({ public_key: pub(), signature: '' }), false],
    ['nobody, by 64 bytes', () => ({ public_key: pub(), signature: kms.legacy().toString('hex').slice(0, -2) }), false],
];

test('variables are sealed to a key that the KMS root signed, and to no other; the official SDK judges alike', async () => {
    const at = await setOut();
    for (const [who, say, good] of KEYS) {
        const { cloud } = at, said = say();
        cloud.change = (step, answer) => (step.startsWith('GET /kms') && answer !== null ? [200, said] : step === 'POST /cvms' ? [402, { detail: 'no credit' }] : undefined);
        const bytes = (text = '') => Buffer.from(text, 'hex');
        const signer = said.signature_v1 ? sdkSigner(bytes(said.public_key.replace('0x', '')), bytes(said.signature_v1), said.timestamp)
            : sdkSigner(bytes(said.public_key), bytes(said.signature));
        assert.equal(signer === kms.rootKey, good, `the SDK on ${who}`);
        const ran = await at.run(), reached = cloud.steps.includes('POST /cvms');
        assert.equal(ran.code, 1);
        assert.equal(reached, good, `signed by ${who}: ${ran.said}`);
        assert.match(ran.said, good ? /answers 402. no credit/ : /not signed by the KMS root: nothing was sent|no key that is signed|not of now/);
        cloud.steps.length = 0;
    }
    assert.equal(at.cloud.cvms.length, 0);
});

test('the root may be given, as a key or an address, and then the contract is not asked', async () => {
    const at = await setOut();
    at.cloud.change = (step) => (step === 'POST /cvms' ? [402, {}] : undefined);
    assert.match((await at.run('--kms-root', '0x8f2cF602C9695b23130367ed78d8F557554de7C5')).said, /not signed by the KMS root/);
    for (const root of [kms.root, kms.rootKey]) assert.match((await at.run('--kms-root', root)).said, /answers 402/);
});

test('a node of the chain that names another KMS root is found out', async () => {
    const at = await setOut(), other = '0x8f2cF602C9695b23130367ed78d8F557554de7C5';
    const data = encodeFunctionData({ abi: artifact('DstackClusterNFT').abi, functionName: 'kmsRoot' });
    let asked = 0;
    const lying = await liar(cluster.anvil.url, (method, answer, { params }) => {
        if (method !== 'eth_call' || (params[0].input ?? params[0].data) !== data) return answer;
        asked++;
        return { ...answer, result: `0x${other.slice(2).toLowerCase().padStart(64, '0')}` };
    });
    const ran = await at.run('--rpc', lying.url);
    assert.ok(asked > 0);
    assert.equal(ran.code, 1);
    assert.match(ran.said, /names another KMS root than .*: one of them lies/);
    assert.equal(at.cloud.cvms.length, 0);
});

test('code that the cloud has changed is not allowed, and not made', async () => {
    const at = await setOut();
    at.cloud.change = (step, answer) => (step === 'POST /cvms/provision' && answer ? [200, { ...answer[1], compose_hash: 'ab'.repeat(32) }] : undefined);
    const ran = await at.run();
    assert.equal(ran.code, 1);
    assert.match(ran.said, /the cloud would run other code: compose hash abab/);
    assert.equal(await isAllowed('ab'.repeat(32)), false);
    assert.deepEqual(at.cloud.cvms, []);
});

test('a CVM that turns out to be of other code gets no seat', async () => {
    const at = await setOut();
    at.cloud.change = (step, answer) => (step === 'GET /cvms/ID' && answer ? [200, { ...answer[1], compose_hash: 'ab'.repeat(32) }] : undefined);
    const ran = await at.run();
    assert.equal(ran.code, 1);
    assert.match(ran.said, /is of other code/);
    assert.equal(await cluster.read('walletToTokenId', at.wallet), 0n);
    await at.cloud.stop();
});

test('a cloud that is down, refuses, fails, talks too much or no JSON ends the run with a sentence', async () => {
    const at = await setOut();
    for (const [change, sentence] of [
        [() => [401, { detail: 'Invalid API key' }], /it refuses the token \(401\). Invalid API key/],
        [() => [403, {}], /it refuses the token \(403\)/],
        [() => [500, { detail: 'oh\u001b[31m' }], /it answers 500. oh\?\[31m/],
        [() => [503, '<html>'], /it answers 503/],
        [() => [200, '<html>'], /what it answers is no JSON/],
        [() => [200, { items: 7 }], /no list of CVMs/],
        [() => [200, ' '.repeat(5 << 20)], /over 4194304 bytes/],
        [(step, answer, response) => void response.destroy(), /APP?.*cvms: |the cloud/],
    ]) {
        at.cloud.change = (step, answer, response) => (answer === null ? change(step, answer, response) : undefined);
        const ran = await at.run();
        assert.equal(ran.code, 1, ran.said);
        assert.match(ran.said, sentence);
    }
    await at.cloud.stop();
    const down = await at.run();
    assert.equal(down.code, 1);
    assert.match(down.said, /the cloud, \/apps\/.*refused|connect/i);
    assert.equal(await cluster.read('walletToTokenId', at.wallet), 0n);
});

test('a cloud that does not answer is left after half a minute', { timeout: 60_000 }, async () => {
    const at = await setOut();
    at.cloud.change = () => new Promise(() => {});
    const began = Date.now(), ran = await at.run();
    assert.equal(ran.code, 1);
    assert.match(ran.said, /timed out/i);
    assert.ok(Date.now() - began < 45_000);
});

test('a CVM that never says who it is ends the run, and the next one takes it up', async () => {
    const at = await setOut();
    at.cloud.change = (step, answer) => (step === 'GET /cvms/ID' && answer ? [200, { ...answer[1], instance_id: null }] : undefined);
    const ran = await at.run('--timeout', '3');
    assert.equal(ran.code, 1);
    assert.match(ran.said, /after 3 seconds, and has no instance id/);
    at.cloud.change = null;
    await assertIn(at, await at.run());
    await at.cloud.stop();
});

test('a seat that names an instance which the cloud does not have is not filled with another', async () => {
    const at = await setOut();
    await cluster.send('mintNodeAccess', at.wallet, '77'.repeat(20));
    const ran = await at.run();
    assert.equal(ran.code, 1);
    assert.match(ran.said, /names instance 7777.*, which the cloud does not have/);
    assert.deepEqual(at.cloud.cvms, []);
});

test('where code needs a notice it is proposed, and nothing is made before the notice has passed', async () => {
    const own = await startCluster({ change: { peer: { kmsRoot: kms.root, appIds: [], leaseDuration: 3600 } } });
    const at = await setOut({ own, app: own.address });
    at.cloud.change = (step) => (step === 'POST /cvms' ? [402, { detail: 'no credit' }] : undefined);
    const first = await at.run();
    assert.equal(first.code, 1);
    assert.match(first.said, /proposing the code.*[\s\S]*has its notice until 20.* UTC; say join again then/);
    const hash = `0x${[...at.cloud.orders.keys()][0]}`;
    const rules = (functionName, ...args) => own.anvil.client.readContract({ address: own.address, abi: artifact('TimelockAppAuth').abi, functionName, args });
    assert.equal(first.json.activatesAt, Number(await rules('activatesAt', hash)));
    const before = await own.anvil.client.getBlockNumber();
    const second = await at.run();
    assert.deepEqual([second.code, second.json], [1, first.json]);
    assert.equal(await own.anvil.client.getBlockNumber(), before, 'proposed once');
    await own.later(2 * DAY + 10);
    const third = await at.run();
    assert.match(third.said, /allowing the code, whose notice has passed[\s\S]*answers 402/);
    assert.equal(await rules('allowedComposeHashes', hash), true);
});

test('wrong use is said before anything is asked of cloud or chain', async () => {
    const at = await setOut();
    for (const [change, extra, sentence] of [
        [{ compose: file('{"name":"x"}') }, [], /is no app-compose.json/], [{ compose: file('{"a":1,"a":2}') }, [], /a: /],
        [{ compose: '/nonexistent' }, [], /No such file/], [{ wallet: '0x1' }, [], /--to: 0x and 40 hex digits/],
        [{ env: file('A') }, [], /line 1: no NAME=VALUE/], [{ env: file('OTHER=geheim') }, [], /OTHER is not among allowed_envs/],
        [{ token: file(TOKEN, 0o644) }, [], /nobody else may read/], [{ token: '/nonexistent' }, [], /cannot be read/],
        [{ token: file('') }, [], /is none/], [{ token: file('a\u0007b') }, [], /is none/], [{ key: '/nonexistent' }, [], /cannot be read/],
        [{}, ['--cloud', 'http://cloud.example/'], /--cloud: https:\/\//], [{}, ['--app', 'x'], /--app/],
    ]) {
        const { code, said } = await runWith({ ...at, ...change }, ...extra);
        assert.equal(code, 2, said);
        assert.match(said, sentence);
    }
    assert.deepEqual(at.cloud.steps, []);
});

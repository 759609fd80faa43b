// deploy.test.mjs - devproof contracts deploy against a real anvil, judged by viem.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import {
    artifact, buildContracts, CONTRACTS, DEPLOYER, dir, getContractAddress, hashTypedData, KEY, keccak256, keyFile, liar, operator, OTHER, quickContracts,
    ROOT_A, ROOT_B, run, startAnvil,
} from './lib.mjs';

let anvil;
before(async () => {
    buildContracts();
    anvil = await startAnvil();
});

const nonce = (address = DEPLOYER) => anvil.client.getTransactionCount({ address });

async function ok(running) {
    const ran = await running;
    assert.equal(ran.code, 0, ran.said);
    return JSON.parse(ran.stdout);
}

/* Refused with that sentence, and nothing was sent. */
async function refused(running, code, sentence) {
    const before = await nonce();
    const ran = await running;
    assert.equal(ran.code, code, ran.said);
    assert.match(ran.stderr, sentence);
    assert.equal(await nonce(), before, 'nothing was sent');
}

const read = (name, address, functionName, args = []) =>
    anvil.client.readContract({ address, abi: artifact(name).abi, functionName, args });

test('a contract is where viem says it must be, and answers', async () => {
    const me = operator(anvil.url, { contracts: CONTRACTS });
    const from = await nonce();
    const said = await ok(me.deploy(['UserConsent', ROOT_A]));
    assert.equal(said.address, getContractAddress({ from: DEPLOYER, nonce: BigInt(from) }));
    assert.equal(await read('UserConsent', said.address, 'kmsRoot'), ROOT_A);

    const receipt = await anvil.client.getTransactionReceipt({ hash: said.transaction });
    assert.equal(receipt.contractAddress.toLowerCase(), said.address.toLowerCase());
    assert.equal(receipt.blockNumber, BigInt(said.block));
    const transaction = await anvil.client.getTransaction({ hash: said.transaction });
    assert.equal(transaction.type, 'eip1559');
    assert.equal(keccak256(transaction.input), said.initCodeHash);
    assert.equal(keccak256(await anvil.client.getCode({ address: said.address })), said.runtimeCodeHash);
    assert.deepEqual(me.records().UserConsent, {
        contract: 'UserConsent', address: said.address, arguments: [ROOT_A], from: DEPLOYER, nonce: from,
        transaction: said.transaction, block: said.block, initCodeHash: said.initCodeHash, runtimeCodeHash: said.runtimeCodeHash,
    });
    assert.deepEqual(readdirSync(me.deployments), ['31337.json'], 'no temporary file is left');
});

test('what users sign to opt out is typed data as viem hashes it', async () => {
    const { address } = await ok(operator(anvil.url).deploy(['UserConsent', ROOT_A]));
    const message = { user: OTHER, app: DEPLOYER, composeHash: `0x${'ab'.repeat(32)}`, deadline: 2000000000n };
    const hash = hashTypedData({
        domain: { name: 'devproof UserConsent', version: '1', chainId: 31337, verifyingContract: address },
        types: {
            OptOut: [
                { name: 'user', type: 'address' }, { name: 'app', type: 'address' },
                { name: 'composeHash', type: 'bytes32' }, { name: 'deadline', type: 'uint256' },
            ],
        },
        primaryType: 'OptOut',
        message,
    });
    assert.equal(await read('UserConsent', address, 'digestOf', [message]), hash);
});

test('the same again sends nothing and says so', async () => {
    const me = operator(anvil.url);
    const first = await ok(me.deploy(['UserConsent', ROOT_A]));
    const before = await nonce();
    const file = readFileSync(me.file(), 'utf8');
    const again = await ok(me.deploy(['UserConsent', ROOT_A]));
    assert.equal(again.deployed, false);
    assert.equal(again.address, first.address);
    assert.equal(await nonce(), before);
    assert.equal(readFileSync(me.file(), 'utf8'), file);
    // The same argument in another case is the same contract.
    assert.equal((await ok(me.deploy(['UserConsent', ROOT_A.toLowerCase()]))).deployed, false);
});

test('other arguments need another label, or a word that says so', async () => {
    const me = operator(anvil.url);
    const first = await ok(me.deploy(['UserConsent', ROOT_A]));
    await refused(me.deploy(['UserConsent', ROOT_B]), 1, /other code or other arguments.*--as/s);
    const second = await ok(me.deploy(['UserConsent', ROOT_B, '--as', 'other']));
    assert.equal(me.records().UserConsent.address, first.address);
    assert.equal(me.records().other.address, second.address);
    assert.equal(await read('UserConsent', second.address, 'kmsRoot'), ROOT_B);
    const third = await ok(me.deploy(['UserConsent', ROOT_B, '--replace']));
    assert.equal(me.records().UserConsent.address, third.address);
    assert.deepEqual(me.records().UserConsent.arguments, [ROOT_B]);
});

test('arrays, tuples, texts, numbers: an app that its members own', async () => {
    const me = operator(anvil.url);
    const seats = await ok(me.deploy(['MemberVotes', 'The seats, "all" of them', 'SEAT', JSON.stringify([DEPLOYER, OTHER])]));
    assert.equal(await read('MemberVotes', seats.address, 'name'), 'The seats, "all" of them');
    assert.equal(await read('MemberVotes', seats.address, 'ownerOf', [2n]), OTHER);

    const settings = { votingDelay: 86400, votingPeriod: '432000', voteExtension: '0x2a300', proposalThreshold: 1, quorumPercent: 60, executionDelay: 7200 };
    const governor = await ok(me.deploy(['AppGovernor', 'App', seats.address, JSON.stringify(settings)]));
    assert.equal(await read('AppGovernor', governor.address, 'votingPeriod'), 432000n);
    assert.equal(await read('AppGovernor', governor.address, 'lateQuorumVoteExtension'), 172800);
    const timelock = await read('AppGovernor', governor.address, 'timelock');

    const config = [172800, 604800, 1209600, 2592000, 1728000, true, false, `0x${'11'.repeat(32)}`, `0x${'00'.repeat(32)}`];
    const app = await ok(me.deploy(['TimelockAppAuth', timelock, OTHER, JSON.stringify(config)]));
    assert.equal(await read('TimelockAppAuth', app.address, 'owner'), timelock);
    assert.equal(await read('TimelockAppAuth', app.address, 'noticePeriod'), 604800n);
    assert.equal(await read('TimelockAppAuth', app.address, 'allowAnyDevice'), true);
    assert.equal(await read('TimelockAppAuth', app.address, 'allowedComposeHashes', [config[7]]), true);
    assert.deepEqual(Object.keys(me.records()), ['MemberVotes', 'AppGovernor', 'TimelockAppAuth']);
});

test('the node may sign, and the key may be in the environment', async () => {
    const unlocked = operator(anvil.url, { as: ['--unlocked', OTHER] });
    const said = await ok(unlocked.deploy(['PauseGuardian', JSON.stringify([OTHER])]));
    assert.equal(said.from, OTHER);
    assert.equal(said.address, getContractAddress({ from: OTHER, nonce: BigInt(said.nonce) }));
    assert.deepEqual(await read('PauseGuardian', said.address, 'members'), [OTHER]);

    const env = { DEPLOYER_KEY: KEY, RPC_URL: anvil.url };
    const quick = quickContracts();
    const ran = await run(['deploy', 'PauseGuardian', JSON.stringify([DEPLOYER]), '--contracts', quick, '--deployments', join(dir, 'by-env'), '--json'], { env });
    assert.equal((await ok(ran)).from, DEPLOYER);
    const started = readFileSync(join(quick, 'environment'), 'utf8');
    assert.match(started, /^PATH=/m);
    assert.ok(!started.includes(KEY.slice(2)), 'forge was not given the key');
});

test('what it says for people', async () => {
    const words = ['--rpc', anvil.url, '--contracts', quickContracts(), '--deployments', join(dir, 'people'), '--key-file', keyFile()];
    const first = await run(['deploy', 'UserConsent', ROOT_A, ...words]);
    assert.match(first.stdout, /^UserConsent is deployed at 0x\w{40}, in block \d+ of chain 31337\. .*31337\.json has it\.\n$/);
    assert.match(first.stderr, /^Sent UserConsent as 0x\w{64}\.\nIn block \d+, for \d+ gas\.\n$/);
    const again = await run(['deploy', 'UserConsent', ROOT_A, ...words]);
    assert.match(again.stdout, /^UserConsent is already at 0x/);
    assert.equal(again.stderr, '');
    const help = await run(['--help']);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /--unlocked ADDRESS/);
});

const WRONG_ARGUMENTS = {
    'none': [['UserConsent'], /takes 1 arguments, not 0: address kmsRoot_/],
    'too many': [['UserConsent', ROOT_A, ROOT_B], /takes 1 arguments, not 2/],
    'no address': [['UserConsent', '0x12'], /kmsRoot_: an address is 0x and 40 hex digits/],
    'an address with a slip in its checksum': [['UserConsent', ROOT_A.replace('2cF6', '2Cf6')], /EIP-55/],
    'no JSON for an array': [['PauseGuardian', DEPLOYER], /argument 1: JSON is due/],
    'more than one value': [['PauseGuardian', '[],"x":[]'], /argument 1: JSON is due/],
    'a bad item': [['PauseGuardian', `["${DEPLOYER}","0x"]`], /members_\[1\]: an address/],
    'a member too many': [['AppGovernor', 'n', OTHER, '{"votes":1}'], /settings: there is no member votes/],
    'a member too few': [['AppGovernor', 'n', OTHER, '{"votingDelay":1}'], /settings: the member votingPeriod is missing/],
    'a number out of range': [['AppGovernor', 'n', OTHER, '[1,4294967296,1,1,1,1]'], /settings\.votingPeriod: out of the range of uint32/],
    'no such contract': [['Nothing'], /there is no contract Nothing/],
    'an interface': [['IAppAuth'], /abstract, or an interface/],
    'a path': [['../../etc/passwd'], /no name of a contract/],
};

for (const [name, [words, sentence]] of Object.entries(WRONG_ARGUMENTS))
    test(`arguments: ${name}`, () =>
        refused(operator(anvil.url).deploy(words), words[0] === 'IAppAuth' ? 1 : 2, sentence));

test('a constructor that refuses is tried, named, and not sent', async () => {
    await refused(operator(anvil.url).deploy(['UserConsent', `0x${'00'.repeat(20)}`]), 1, /the constructor refuses: UserConsentNoRoot\[\]\. Nothing was sent/);
    const me = operator(anvil.url);
    const { address } = await ok(me.deploy(['MemberVotes', 'n', 's', `["${OTHER}"]`]));
    await refused(me.deploy(['AppGovernor', 'n', address, '[0,1,1,1,1,1]']), 1, /AppGovernorZero\["votingDelay"\]/);
    await refused(operator(anvil.url).deploy(['TimelockAppAuth', OTHER, OTHER, `[0,1,1,1,1,true,true,"0x${'00'.repeat(32)}","0x${'00'.repeat(32)}"]`]), 1,
        /AppAuthBadPeriod\["0","1","31536000"\]/);
});

const WRONG_KEYS = {
    'nobody is named': [[], /say who deploys/],
    'two are named': [['--key-file', '/dev/null', '--unlocked', OTHER], /contradict each other/],
    'others may read the file': [() => ['--key-file', keyFile(KEY, 0o644)], /chmod 600/],
    'the file holds no key': [() => ['--key-file', keyFile('0x1234\n')], /does not hold a private key/],
    'there is no file': [['--key-file', '/nonexistent/key'], /cannot be read/],
    'the address is none': [['--unlocked', '0x1234'], /--unlocked takes an address/],
};

for (const [name, [words, sentence]] of Object.entries(WRONG_KEYS))
    test(`the key: ${name}`, () => {
        const as = typeof words === 'function' ? words() : words;
        return refused(operator(anvil.url, { as }).deploy(['UserConsent', ROOT_A]), 2, sentence);
    });

test('the key: one that owns nothing, and one that the node has not', async () => {
    const poor = operator(anvil.url, { as: ['--key-file', keyFile(`0x${'11'.repeat(32)}`)] });
    await refused(poor.deploy(['UserConsent', ROOT_A]), 1, /the node refuses: .*[Ii]nsufficient funds/);
    const foreign = operator(anvil.url, { as: ['--unlocked', '0x00000000000000000000000000000000000000AA'] });
    await anvil.ask('anvil_setBalance', '0x00000000000000000000000000000000000000AA', '0xde0b6b3a7640000');
    await refused(foreign.deploy(['UserConsent', ROOT_A]), 1, /the node refuses/);
});

test('wrong use is said, with exit code 2', async () => {
    for (const [words, sentence] of [
        [[], /say deploy NAME or verify/],
        [['remove'], /say deploy NAME or verify/],
        [['deploy', 'UserConsent', ROOT_A], /--rpc URL or RPC_URL/],
        [['deploy', '--rpc', 'ftp://x'], /http:\/\/ or https:\/\//],
        [['deploy', '--rpc', anvil.url], /name a contract/],
        [['deploy', '--rpc', anvil.url, '--timeout', '0', 'UserConsent'], /--timeout: 1 to 86400/],
        [['deploy', '--rpc', anvil.url, '--private-key', KEY], /unrecognized option/],
        [['deploy', '--rpc', anvil.url, '--unlocked', OTHER, '--contracts', dir, 'UserConsent'], /npm ci/],
    ]) {
        const ran = await run(words);
        assert.equal(ran.code, 2, ran.said);
        assert.match(ran.stderr, sentence);
    }
});

test('what is interrupted is taken up again, and not sent twice', async () => {
    const me = operator(anvil.url);
    const blind = await liar(anvil.url, (method, answer) => (method === 'eth_getTransactionReceipt' ? { ...answer, result: null } : answer));
    const before = await nonce();
    const ran = await me.deploy(['UserConsent', ROOT_A, '--timeout', '1'], blind.url);
    assert.equal(ran.code, 1, ran.said);
    assert.match(ran.stderr, /in no block after 1 s.*the same command looks for it first/s);
    assert.equal(me.records().UserConsent.pending, true);
    await refused(me.deploy(['UserConsent', ROOT_B]), 1, /sent and not yet seen in a block/);

    const said = await ok(me.deploy(['UserConsent', ROOT_A]));
    assert.equal(await nonce(), before + 1, 'one transaction in all');
    assert.equal(said.address, getContractAddress({ from: DEPLOYER, nonce: BigInt(before) }));
    assert.equal(me.records().UserConsent.pending, undefined);
});

test('what was written down and never left is sent', async () => {
    const me = operator(anvil.url);
    const busy = await liar(anvil.url, (method, answer, asked) =>
        method === 'eth_chainId' ? answer : asked.method === 'eth_sendRawTransaction' ? (response) => response.destroy() : answer);
    // The liar hands everything on before it answers, so anvil has the transaction; forget it there.
    const snapshot = await anvil.ask('evm_snapshot');
    const ran = await me.deploy(['UserConsent', ROOT_A], busy.url);
    assert.equal(ran.code, 1, ran.said);
    assert.equal(me.records().UserConsent.pending, true);
    await anvil.ask('evm_revert', snapshot);
    const before = await nonce();
    const second = await me.deploy(['UserConsent', ROOT_A]);
    assert.equal((await ok(second)).deployed, true);
    assert.match(second.stderr, /the node does not know of it/);
    assert.equal(await nonce(), before + 1);
});

test('two at the same time do not deploy twice', async () => {
    const me = operator(anvil.url);
    const before = await nonce();
    let release;
    const held = new Promise((done) => (release = done));
    const slow = await liar(anvil.url, async (method, answer) => (method === 'eth_estimateGas' && (await held), answer));
    const first = me.deploy(['UserConsent', ROOT_A], slow.url);
    for (let i = 0; i < 100 && !existsSync(me.deployments); i++) await new Promise((done) => setTimeout(done, 50));
    const second = await me.deploy(['UserConsent', ROOT_A]);
    assert.equal(second.code, 1);
    assert.match(second.stderr, /another devproof contracts deploy is at work/);
    release();
    await ok(first);
    assert.equal(await nonce(), before + 1);
});

test('a file that is no record is not overwritten', async () => {
    const me = operator(anvil.url);
    mkdirSync(me.deployments);
    for (const [text, sentence] of [
        ['', /The body is empty/],
        ['{"chainId":1,"contracts":{}}', /no record of that chain/],
        ['{"chainId":31337,"contracts":[]}', /no record of that chain/],
        ['{"chainId":31337,"contracts":{"UserConsent":{"address":"0x12"}}}', /UserConsent is no record of a contract/],
    ]) {
        writeFileSync(me.file(), text);
        await refused(me.deploy(['UserConsent', ROOT_A]), 1, sentence);
        assert.equal(readFileSync(me.file(), 'utf8'), text);
    }
});

test('a chain that began anew gets its contracts anew', async () => {
    const own = await startAnvil();
    const me = operator(own.url);
    const first = await ok(me.deploy(['UserConsent', ROOT_A]));
    await own.stop();
    const fresh = await startAnvil(own.port);
    const ran = await me.deploy(['UserConsent', ROOT_A]);
    assert.match(ran.stderr, /is no longer where/);
    assert.equal((await ok(ran)).address, first.address, 'the same sender and nonce');
    assert.notEqual(await fresh.client.getCode({ address: first.address }), undefined);
});

test('chains have files of their own', async () => {
    const other = await startAnvil(undefined, '--chain-id', '777');
    const me = operator(anvil.url);
    await ok(me.deploy(['UserConsent', ROOT_A]));
    await ok(me.deploy(['UserConsent', ROOT_A], other.url));
    assert.deepEqual(readdirSync(me.deployments).sort(), ['31337.json', '777.json']);
});

// appauth.test.mjs - devproof appauth show: what it says is what viem reads, and no node can make it say otherwise.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { ROOT, sleep } from '../api/lib/stack.mjs';
import {
    artifact, buildContracts, CONTRACTS, DEPLOYER, devproof, encodeDeployData, encodeFunctionData, keccak256, liar, OTHER, startAnvil, toHex,
} from './lib.mjs';

const DAY = 86400;
const CODE_A = keccak256('0x0a'), CODE_B = keccak256('0x0b'), CODE_C = keccak256('0x0c'), CODE_D = keccak256('0x0d');
const DEVICE = keccak256('0xde');
const CHANGES = ['AddComposeHash', 'RemoveComposeHash', 'AddDevice', 'RemoveDevice', 'SetAllowAnyDevice', 'SetRequireTcbUpToDate', 'SetGuardian',
    'SetNotice', 'DisableUpgrades', 'Pause', 'Unpause', 'SetOwner'];
const ACTIONS = ['Proposed', 'Cancelled', 'Done'];
const CONFIG = {
    minimumNotice: 1 * DAY, notice: 2 * DAY, exitWindow: 3 * DAY, proposalLifetime: 5 * DAY, pauseLength: 7 * DAY,
    allowAnyDevice: false, requireTcbUpToDate: true, composeHash: CODE_A, deviceId: DEVICE,
};
const ZERO = `0x${'00'.repeat(32)}`;
const number = (value) => toHex(BigInt(value), { size: 32 });
const host = (url) => url.slice('http://'.length);

let anvil, abi, bytecode;
before(async () => {
    buildContracts();
    ({ abi, bytecode: { object: bytecode } } = artifact('TimelockAppAuth'));
    anvil = await startAnvil();
});

/* A contract of its own on a chain: what it is sent, and what it answers. */
async function deployed(config = {}, chain = anvil) {
    const transact = async (from, to, data) => {
        const hash = await chain.ask('eth_sendTransaction', { from, to, data, gas: '0x500000' });
        const receipt = await chain.mined(hash);
        assert.equal(receipt.status, 'success');
        return receipt;
    };
    const data = encodeDeployData({ abi, bytecode, args: [DEPLOYER, OTHER, { ...CONFIG, ...config }] });
    const { contractAddress: address } = await transact(DEPLOYER, undefined, data);
    return {
        address,
        send: (functionName, ...args) => transact(DEPLOYER, address, encodeFunctionData({ abi, functionName, args })),
        guard: (functionName, ...args) => transact(OTHER, address, encodeFunctionData({ abi, functionName, args })),
        read: (functionName, ...args) => chain.client.readContract({ abi, address, functionName, args }),
        later: async (seconds) => {
            await chain.ask('evm_increaseTime', toHex(seconds));
            await chain.ask('evm_mine');
        },
    };
}

async function show(code, address, { urls = [anvil.url], words = [], block = 'latest' } = {}) {
    const ran = await devproof(['appauth', 'show', address, ...urls.flatMap((url) => ['--rpc', url]), '--block', block, '--json', ...words]);
    assert.equal(ran.code, code, ran.said);
    return ran.stdout === '' ? ran.stderr : JSON.parse(ran.stdout);
}

/* Every value against what viem reads from the same chain. */
async function assertSame(said, auth) {
    for (const [name, getter] of [['owner'], ['pendingOwner'], ['guardian'], ['noticePeriod'], ['minimumNotice'], ['exitWindow'], ['proposalLifetime'],
        ['pauseLength'], ['upgradesDisabled'], ['allowAnyDevice'], ['requireTcbUpToDate'], ['paused']]) {
        const read = await auth.read(getter ?? name);
        assert.equal(said[name].value, typeof read === 'bigint' ? Number(read) : read, name);
    }
    const versions = await auth.read('versions', 0n, 10000n);
    assert.deepEqual(said.composeHashes.value, versions.map(({ composeHash, activatedAt, retiredAt }, i) => ({
        version: i + 1, composeHash, allowed: retiredAt === 0n, activatedAt: Number(activatedAt), retiredAt: Number(retiredAt) || null,
    })));
    for (const { composeHash, allowed } of said.composeHashes.value)
        assert.equal(await auth.read('allowedComposeHashes', composeHash), allowed);
    for (const { deviceId, allowed } of said.devices.value) assert.equal(await auth.read('allowedDeviceIds', deviceId), allowed);
    const history = await auth.read('history', 0n, 100000n);
    assert.deepEqual(said.history.value, history.map(({ time, action, change, actor, value }) =>
        ({ time: Number(time), action: ACTIONS[action], change: CHANGES[change], value, actor })));
    const live = said.proposals.value.filter(({ status }) => status === 'waiting' || status === 'due');
    for (const { action, change, value } of history.filter(({ action }) => action === 0)) {
        const [proposed, due, expires] = await auth.read('pending', change, value);
        const mine = live.find((proposal) => proposal.change === CHANGES[change] && proposal.value === value);
        if (proposed === 0n) assert.equal(mine, undefined);
        else assert.deepEqual([mine.proposedAt, mine.activatesAt, mine.expiresAt.value], [proposed, due, expires].map(Number), `${action}`);
    }
    assert.deepEqual(said.disagreements, []);
}

test('what it says is what viem reads, from the first block on', async () => {
    const auth = await deployed();
    const said = await show(0, auth.address);
    await assertSame(said, auth);
    assert.equal(said.codeHash.value, keccak256(await anvil.client.getCode({ address: auth.address })));
    assert.equal(said.upgradeable.value, false);
    assert.deepEqual(said.upgradeableReasons, []);
    assert.equal(said.newCodeAfter.value, CONFIG.notice);
    const block = await anvil.client.getBlock({ blockNumber: BigInt(said.block.number) });
    assert.deepEqual([said.block.hash, said.block.time, said.chainId], [block.hash, Number(block.timestamp), 31337]);
    for (const name of ['owner', 'pendingOwner', 'guardian', 'noticePeriod', 'paused', 'upgradesDisabled', 'composeHashes', 'proposals', 'history'])
        assert.equal(said[name].source, 'proven', name);
    for (const name of ['minimumNotice', 'exitWindow', 'proposalLifetime', 'pauseLength']) assert.equal(said[name].source, 'proven', name);
    assert.equal(said.codeKnown.value, true);
});

test('the code that the program knows is what the compiler makes', () => {
    const made = execFileSync(join(CONTRACTS, 'tools/known-code'), ['TimelockAppAuth']);
    assert.equal(made.toString(), readFileSync(join(ROOT, 'schema/timelock_app_auth.json')).toString());
});

test('other code is not known, and its periods are only told', async () => {
    const { immutables, codeBytes } = JSON.parse(readFileSync(join(ROOT, 'schema/timelock_app_auth.json')));
    const changed = (code, at) => `${code.slice(0, 2 * at + 2)}${(parseInt(code.slice(2 * at + 2, 2 * at + 4), 16) ^ 1).toString(16).padStart(2, '0')}${code.slice(2 * at + 4)}`;
    const auth = await deployed();
    const code = await anvil.client.getCode({ address: auth.address });
    const known = async (other) => {
        await anvil.ask('anvil_setCode', auth.address, other);
        await anvil.ask('evm_mine');
        const said = await show(0, auth.address);
        assert.equal(said.exitWindow.source, said.codeKnown.value ? 'proven' : 'told');
        return said.codeKnown.value;
    };
    assert.equal(await known(changed(code, codeBytes + 10)), true, 'a byte of the metadata');
    assert.equal(await known(changed(code, 13)), false, 'a byte of the code');
    assert.equal(await known(changed(code, immutables.exitWindow[2] + 31)), false, 'one of three places of a period');
    assert.equal(await known(`${code}00`), false, 'one byte more');
});


test('through all that can happen to the rules', async () => {
    const auth = await deployed();
    const change = (name) => CHANGES.indexOf(name);
    const check = async () => assertSame(await show(0, auth.address), auth);
    await auth.send('proposeComposeHash', CODE_B);
    await auth.send('proposeComposeHash', CODE_C);
    await auth.send('proposeRemoval', CODE_A);
    await auth.send('propose', change('AddDevice'), CODE_D);
    await auth.send('propose', change('SetAllowAnyDevice'), number(1));
    await auth.send('propose', change('SetRequireTcbUpToDate'), number(0));
    await auth.send('propose', change('SetNotice'), number(DAY));
    await auth.send('propose', change('SetGuardian'), number(DEPLOYER));
    await auth.send('transferOwnership', OTHER);
    await check();
    await auth.send('cancelProposal', CODE_C);
    await auth.later(DAY);
    await auth.guard('pause');
    await check();
    await auth.later(DAY);
    await auth.send('unpause');
    await auth.send('increaseNotice', 2 * DAY + 60);
    await check();
    await auth.later(2 * DAY);
    await auth.send('activateComposeHash', CODE_B);
    await auth.send('activate', change('AddDevice'), CODE_D);
    await auth.send('activate', change('SetAllowAnyDevice'), number(1));
    await auth.send('activate', change('SetRequireTcbUpToDate'), number(0));
    await auth.send('activate', change('SetGuardian'), number(DEPLOYER));
    await auth.send('removeComposeHash', CODE_A);
    await check();
    await auth.send('propose', change('RemoveDevice'), DEVICE);
    await auth.send('proposeComposeHash', CODE_D);
    await auth.later(6 * DAY);
    await auth.send('activate', change('RemoveDevice'), DEVICE);
    await check();
    await auth.send('disableUpgrades');
    await check();
    const status = Object.fromEntries((await show(0, auth.address)).proposals.value.map((proposal) => [proposal.value, proposal.status]));
    assert.equal(status[CODE_D], 'void');
    assert.equal(status[number(DAY)], 'expired');
    await auth.guard('acceptOwnership');
    await check();
    assert.equal((await show(0, auth.address)).newCodeAfter.value, null);
});

test('a history of many pages is read whole', async () => {
    const auth = await deployed();
    for (let i = 0; i < 140; i++) {
        await auth.send('proposeComposeHash', number(1000 + i));
        if (i % 2) await auth.send('cancelProposal', number(1000 + i));
    }
    for (let i = 0; i < 70; i++) await auth.send('proposeComposeHash', number(2000 + i));
    const said = await show(0, auth.address);
    assert.equal(said.history.value.length, 280 + 7);
    assert.equal(said.proposals.value.length, 140);
    await assertSame(said, auth);
});

test('is this code allowed now, and since when?', async () => {
    const auth = await deployed();
    const ask = async (code, hash) => (await show(code, auth.address, { words: ['--compose-hash', hash] })).asked;
    const first = Number((await auth.read('versions', 0n, 1n))[0].activatedAt);
    assert.deepEqual(await ask(0, CODE_A), {
        composeHash: CODE_A, allowed: true, version: 1, since: first, retiredAt: null, source: 'proven',
        reason: `allowed since ${new Date(first * 1000).toISOString()}, version 1`,
    });
    assert.match((await ask(1, CODE_B)).reason, /never was/);
    await auth.send('proposeRemoval', CODE_A);
    await auth.send('proposeComposeHash', CODE_B);
    assert.match((await ask(1, CODE_B)).reason, /never was; it is proposed, from 20.*Z on$/);
    assert.match((await ask(0, CODE_A)).reason, /version 1; its removal is proposed, from 20.*Z on$/);
    await auth.later(3 * DAY);
    assert.equal((await ask(1, CODE_B)).allowed, false);
    await auth.send('activateComposeHash', CODE_B);
    assert.equal((await ask(0, CODE_B.slice(2))).version, 2);
    await auth.send('removeComposeHash', CODE_A);
    const removed = await ask(1, CODE_A);
    assert.match(removed.reason, /removed/);
    assert.equal(removed.retiredAt, Number((await auth.read('versions', 0n, 1n))[0].retiredAt));
    await auth.guard('pause');
    assert.match((await ask(1, CODE_B)).reason, /paused until/);
});

test('the slots are those of the compiler', () => {
    const forge = (contract) => JSON.parse(execFileSync(join(CONTRACTS, 'node_modules/.bin/forge'),
        ['inspect', contract, 'storage-layout', '--json'], { cwd: CONTRACTS, stdio: ['ignore', 'pipe', 'inherit'] }));
    const places = Object.fromEntries(forge('TimelockAppAuth').storage.map(({ label, slot, offset }) => [label, [Number(slot), offset]]));
    assert.deepEqual(places, {
        allowedComposeHashes: [0, 0], upgradesDisabled: [1, 0], allowAnyDevice: [1, 1], pausedUntil: [1, 2], guardian: [1, 10],
        allowedDeviceIds: [2, 0], requireTcbUpToDate: [3, 0], historyDigest: [4, 0], _history: [5, 0], _versions: [6, 0], versionOf: [7, 0],
        _owner: [8, 0], _pendingOwner: [9, 0], _noticePeriod: [9, 20], _pausedSeconds: [10, 0], _proposals: [11, 0],
    });
    const { types } = forge('TimelockAppAuth');
    const proposal = Object.values(types).find(({ label }) => label.endsWith('.Proposal'));
    assert.deepEqual(proposal.members.map(({ label, offset }) => [label, offset]), [['proposedAt', 0], ['pausedBefore', 8], ['delay', 16]]);
});

/* --- nodes that lie --- */

/* A digit of a hex text turned over, the first that counts by default. */
const turn = (text, at = -1) => {
    const digits = [...text];
    const i = at < 0 ? digits.length - 1 : at;
    digits[i] = digits[i] === '1' ? '2' : '1';
    return digits.join('');
};
const changed = (answer, change) => {
    const copy = structuredClone(answer);
    change(copy.result);
    return copy;
};

/* What it lies in, and what is said of it. The lie is only told where `when` says so. */
const LIES = {
    'the state root': ['eth_getBlockByNumber', (block) => (block.stateRoot = turn(block.stateRoot)), /do not hash to its hash/],
    'the block hash': ['eth_getBlockByNumber', (block) => (block.hash = turn(block.hash)), /do not hash to its hash/],
    'the time': ['eth_getBlockByNumber', (block) => (block.timestamp = turn(block.timestamp)), /do not hash to its hash/],
    'a header of later forks': ['eth_getBlockByNumber', (block) => delete block.withdrawalsRoot, /do not hash to its hash/],
    'a field that is none': ['eth_getBlockByNumber', (block) => (block.gasUsed = '0x00'), /no proper gasUsed/],
    'a storage value': ['eth_getProof', ({ storageProof }) => (storageProof[5].value = toHex(5)), /another thing of a storage slot than its proof/],
    'a storage proof': ['eth_getProof', ({ storageProof }) => storageProof[5].proof.forEach((node, i, proof) => (proof[i] = turn(node, 20))), /another hash than the one/],
    'an absence': ['eth_getProof', ({ storageProof }) => Object.assign(storageProof[0], { value: '0x0', proof: [] }), /ends after 0 nodes, too early/],
    'a slot for another': ['eth_getProof', ({ storageProof: list }) => Object.assign(list[0], { value: list[5].value, proof: list[5].proof }), /another hash than the one|nothing needs node|another thing of a storage slot/],
    'a slot that is missing': ['eth_getProof', ({ storageProof }) => storageProof.pop(), /not the slots that were asked for/],
    'an account proof': ['eth_getProof', (answer) => (answer.accountProof[0] = turn(answer.accountProof[0], 20)), /another hash than the one/],
    'a node too much': ['eth_getProof', ({ accountProof }) => accountProof.push(accountProof[0]), /nothing needs node/],
    'a proof without end': ['eth_getProof', (answer) => (answer.accountProof = Array(100).fill('0x80')), /too long/],
    'a storage root': ['eth_getProof', (answer) => (answer.storageHash = turn(answer.storageHash)), /another thing of the account/],
    'a code hash': ['eth_getProof', (answer) => (answer.codeHash = turn(answer.codeHash)), /another thing of the account/],
    'a balance': ['eth_getProof', (answer) => (answer.balance = '0x1'), /another thing of the account/],
};

for (const [what, [method, change, words]] of Object.entries(LIES)) {
    test(`a node that lies in ${what} is refused by name`, async () => {
        const auth = await deployed();
        const node = await liar(anvil.url, (asked, answer) => (asked === method ? changed(answer, change) : answer));
        for (const urls of [[node.url], [node.url, anvil.url]]) {
            const said = await show(1, auth.address, { urls });
            assert.match(said, new RegExp(`^devproof appauth: ${host(node.url)}: `));
            assert.match(said, words);
        }
    });
}

/* Words of the answer to one call. */
const SELECTOR = (signature) => keccak256(toHex(signature)).slice(0, 10);
const callLiar = (signature, change) => liar(anvil.url, (method, answer, asked) =>
    method === 'eth_call' && asked.params[0].data.startsWith(SELECTOR(signature)) ? { ...answer, result: change(answer.result) } : answer);

test('a node that lies in code or calls is refused by name', async () => {
    const auth = await deployed();
    const other = await liar(anvil.url, (method, answer) => (method === 'eth_getCode' ? { ...answer, result: turn(answer.result) } : answer));
    assert.match(await show(1, auth.address, { urls: [other.url] }), new RegExp(`${host(other.url)}: the code that it sends has another hash`));
    for (const change of [turn, (page) => page.slice(0, -64), (page) => `${page}${'0'.repeat(64)}`, () => '0x']) {
        const pages = await callLiar('history(uint256,uint256)', change);
        const alone = await show(1, auth.address, { urls: [pages.url] });
        assert.match(alone, new RegExp(`${host(pages.url)}: (the history that it sends is not the one|what it sends is no page)`));
        const beside = await show(1, auth.address, { urls: [anvil.url, pages.url] });
        assert.match(beside, new RegExp(`${host(pages.url)}: to a call of the contract it answers another thing than ${host(anvil.url)}`));
    }
    const owner = await callLiar('owner()', turn);
    const said = await show(1, auth.address, { urls: [owner.url] });
    assert.equal(said.owner.value, DEPLOYER, 'the proof counts');
    assert.deepEqual(said.disagreements, [`${host(owner.url)}: owner() answers another thing than the storage is proven to have.`]);
});

test('nodes of other chains, other blocks and far behind are refused by name', async () => {
    const auth = await deployed();
    const fork = await startAnvil();
    await fork.ask('anvil_mine', toHex(await anvil.client.getBlockNumber({ cacheTime: 0 })));
    const other = await show(1, auth.address, { urls: [anvil.url, fork.url] });
    assert.match(other, new RegExp(`${host(fork.url)}: to it block \\d+ is 0x\\w{64}, to ${host(anvil.url)} it is 0x\\w{64}`));
    const chain = await startAnvil(undefined, '--chain-id', '5');
    assert.match(await show(1, auth.address, { urls: [anvil.url, chain.url] }), new RegExp(`${host(chain.url)}: it is on chain 5, and ${host(anvil.url)} on chain 31337`));
    await fork.ask('anvil_mine', toHex(2000));
    assert.match(await show(1, auth.address, { urls: [anvil.url, fork.url] }), new RegExp(`${host(anvil.url)}: it is at block \\d+, and another one at \\d+`));
});

test('two who agree are named, and one alone is said to be alone', async () => {
    const auth = await deployed();
    const second = await liar(anvil.url, (method, answer) => answer);
    const both = ['appauth', 'show', auth.address, '--rpc', anvil.url, '--rpc', second.url, '--block', 'latest'];
    const ran = await devproof(both);
    assert.equal(ran.code, 0, ran.said);
    assert.match(ran.stdout, new RegExp(`agreed on by +${host(anvil.url)}, ${host(second.url)}`));
    assert.match(ran.stdout, new RegExp(`owner +proven +${DEPLOYER}`));
    assert.match(ran.stdout, /exit window +proven +259200 s \(3d 00h 00m\)/);
    const alone = await devproof(['appauth', 'show', auth.address, '--block', 'latest'], { env: { RPC_URL: anvil.url } });
    assert.match(alone.stdout, /said by one node only/);
    const json = await show(0, auth.address, { urls: [anvil.url, second.url] });
    assert.deepEqual(json.block.witnesses, [host(anvil.url), host(second.url)]);
});

test('one that has forgotten the state is passed over', async () => {
    const auth = await deployed();
    const pruned = await liar(anvil.url, (method, answer, asked) => (['eth_getProof', 'eth_getCode'].includes(method)
        ? { jsonrpc: '2.0', id: asked.id, error: { code: -32000, message: 'missing trie node' } } : answer));
    await assertSame(await show(0, auth.address, { urls: [pruned.url, anvil.url] }), auth);
    assert.match(await show(1, auth.address, { urls: [pruned.url] }), new RegExp(`${host(pruned.url)}: .*missing trie node`));
});

test('blocks are finalized, or it is said that they are not', async () => {
    const auth = await deployed();
    await anvil.ask('anvil_mine', toHex(100));
    const said = await show(0, auth.address, { block: 'finalized' });
    assert.deepEqual([said.block.tag, said.block.wanted, said.block.lacking], ['finalized', 'finalized', null]);
    assert.ok(said.block.number < await anvil.client.getBlockNumber({ cacheTime: 0 }));
    const lacks = (...tags) => liar(anvil.url, (method, answer, asked) => {
        if (method !== 'eth_getBlockByNumber' || !tags.includes(asked.params[0])) return answer;
        return tags.indexOf(asked.params[0]) === 0 ? { ...answer, result: null }
            : { jsonrpc: '2.0', id: asked.id, error: { code: -32602, message: 'unknown tag' } };
    });
    const one = await lacks('finalized');
    const safe = await show(0, auth.address, { block: 'finalized', urls: [anvil.url, one.url] });
    assert.deepEqual([safe.block.tag, safe.block.wanted, safe.block.lacking], ['safe', 'finalized', host(one.url)]);
    const two = await lacks('finalized', 'safe');
    const latest = await show(0, auth.address, { block: 'finalized', urls: [two.url] });
    assert.deepEqual([latest.block.tag, latest.block.lacking], ['latest', host(two.url)]);
    const ran = await devproof(['appauth', 'show', auth.address, '--rpc', two.url]);
    assert.match(ran.stdout, new RegExp(`${host(two.url)} has no finalized block: latest was taken instead`));
    const fresh = await deployed();
    assert.match(await show(1, fresh.address, { block: 'finalized' }), /no contract at this address in block \d+ \(finalized\)/);
});

/* --- contracts that can be replaced, or are something else --- */

const SLOTS = {
    implementation: '0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc',
    admin: '0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103',
    beacon: '0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50',
};

test('a contract that can be replaced is said to be', async () => {
    for (const [name, slot] of Object.entries(SLOTS)) {
        const auth = await deployed();
        await anvil.ask('anvil_setStorageAt', auth.address, slot, number(OTHER));
        await anvil.ask('evm_mine');
        const said = await show(0, auth.address);
        assert.equal(said.upgradeable.value, true);
        assert.deepEqual(said.upgradeableReasons, [`EIP-1967 ${name}: ${OTHER}`]);
    }
    const auth = await deployed();
    const proxy = '0x00000000000000000000000000000000000a11ce';
    await anvil.ask('anvil_setCode', proxy, `0x363d3d373d3d3d363d73${auth.address.slice(2)}5af43d82803e903d91602b57fd5bf3`);
    await anvil.ask('evm_mine');
    const minimal = await show(0, proxy);
    assert.equal(minimal.upgradeable.value, true);
    assert.deepEqual([minimal.owner.value, minimal.history.value], [`0x${'0'.repeat(40)}`, []]);
    assert.match(minimal.upgradeableReasons[0], new RegExp(`hands all calls to the code at ${auth.address}`, 'i'));
    const code = await anvil.client.getCode({ address: auth.address });
    await anvil.ask('anvil_setCode', auth.address, `${code}5bf4`);
    await anvil.ask('evm_mine');
    assert.match((await show(0, auth.address)).upgradeableReasons[0], /DELEGATECALL/);
});

test('storage that the history does not explain disagrees', async () => {
    const allowed = (hash) => keccak256(`${hash}${ZERO.slice(2)}`);
    for (const [slot, value, words] of [
        [number(8), number(OTHER), /another owner/], [number(10), number(5), /another length of all pauses/],
        [allowed(CODE_A), ZERO, new RegExp(`compose hash ${CODE_A}`)],
    ]) {
        const auth = await deployed();
        await anvil.ask('anvil_setStorageAt', auth.address, slot, value);
        await anvil.ask('evm_mine');
        assert.match((await show(1, auth.address)).disagreements[0], words);
    }
    const auth = await deployed();
    await anvil.ask('anvil_setStorageAt', auth.address, allowed(CODE_B), number(1));
    await anvil.ask('evm_mine');
    const said = await show(1, auth.address, { words: ['--compose-hash', CODE_B] });
    assert.match(said.disagreements[0], new RegExp(`compose hash ${CODE_B}`));
    assert.equal(said.asked.allowed, false);
});

test('what is no TimelockAppAuth, and wrong use, are said', async () => {
    const auth = await deployed();
    assert.match(await show(1, OTHER), /no contract at this address in block \d+ \(latest\)\.$/m);
    const plain = '0x00000000000000000000000000000000000b0b00';
    await anvil.ask('anvil_setCode', plain, '0x5f5ffd');
    await anvil.ask('evm_mine');
    assert.match(await show(1, plain), /historyDigest\(\) refused: .*Is this a TimelockAppAuth\?/);
    await anvil.ask('anvil_setCode', plain, '0x00');
    await anvil.ask('evm_mine');
    assert.match(await show(1, plain), /answers 0 bytes to historyDigest\(\), not a word/);
    for (const [words, said] of [
        [[], /say show ADDRESS/], [['show'], /say show ADDRESS/], [['show', '0x12', '--rpc', anvil.url], /is no address/],
        [['show', auth.address], /name nodes by --rpc/], [['show', auth.address, '--rpc', 'ftp://x'], /http:\/\/ or https/],
        [['show', auth.address, '--rpc', anvil.url, '--rpc', anvil.url], /twice/],
        [['show', auth.address, '--rpc', anvil.url, '--block', '7'], /finalized, safe or latest/],
        [['show', auth.address, '--rpc', anvil.url, '--compose-hash', '0x12'], /64 hex digits/],
        [['show', auth.address, ...Array.from({ length: 9 }, (_, i) => ['--rpc', `http://127.0.0.1:${i + 1}`]).flat()], /8 at most/],
    ]) {
        const ran = await devproof(['appauth', ...words]);
        assert.equal(ran.code, 2, ran.said);
        assert.match(ran.stderr, said);
    }
    assert.equal((await devproof(['appauth', 'show', auth.address, '--rpc', 'http://127.0.0.1:1'])).code, 1);
    assert.equal((await devproof(['appauth', '--help'])).code, 0);
});

test('a node without any block is refused by name', async () => {
    const none = await liar(anvil.url, (method, answer) => (method === 'eth_getBlockByNumber' ? { ...answer, result: null } : answer));
    assert.match(await show(1, OTHER, { urls: [none.url], block: 'finalized' }), new RegExp(`${host(none.url)}: it has no latest block`));
});

test('a slow node does not keep anyone for long', async () => {
    const auth = await deployed();
    const slow = await liar(anvil.url, async (method, answer) => (await sleep(400), answer));
    const begun = Date.now();
    const said = await show(1, auth.address, { urls: [slow.url], words: ['--timeout', '1'] });
    assert.ok(Date.now() - begun < 2500, `${Date.now() - begun} ms`);
    assert.match(said, new RegExp(`^devproof appauth: ${host(slow.url)}: `));
    assert.equal((await devproof(['appauth', 'show', auth.address, '--rpc', slow.url, '--timeout', '0'])).code, 2);
});

// appauth.test.mjs - devproof appauth show: what it says is what viem reads, and no node can make it say otherwise.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { before, test } from 'node:test';
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
        const receipt = await chain.client.waitForTransactionReceipt({ hash, pollingInterval: 20 });
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
    for (const name of ['minimumNotice', 'exitWindow', 'proposalLifetime', 'pauseLength']) assert.equal(said[name].source, 'told', name);
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

// verify.test.mjs - devproof contracts verify: every byte counts, immutables and arguments too.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { before, test } from 'node:test';
import { artifact, buildContracts, CONTRACTS, DEPLOYER, liar, operator, OTHER, ROOT_A, ROOT_B, run, startAnvil, toHex } from './lib.mjs';

let anvil;
before(async () => {
    buildContracts();
    anvil = await startAnvil();
});

async function deployed() {
    const me = operator(anvil.url);
    assert.equal((await me.deploy(['UserConsent', ROOT_A])).code, 0);
    const { address } = me.records().UserConsent;
    return { me, address, code: await anvil.client.getCode({ address }) };
}

async function verdict(me, code, words, node) {
    const ran = await me.verify(words, node);
    assert.equal(ran.code, code, ran.said);
    return JSON.parse(ran.stdout);
}

/* The code with one byte turned over. */
const turned = (code, at) => {
    const digits = 2 + 2 * at;
    const byte = parseInt(code.slice(digits, digits + 2), 16) ^ 1;
    return code.slice(0, digits) + toHex(byte, { size: 1 }).slice(2) + code.slice(digits + 2);
};

const immutables = (name) => Object.values(artifact(name).deployedBytecode.immutableReferences).flat();

test('built anew by forge, all is the same', async () => {
    const me = operator(anvil.url, { contracts: CONTRACTS });
    for (const words of [['UserConsent', ROOT_A], ['PauseGuardian', `["${OTHER}"]`], ['MemberVotes', 'n', 's', `["${OTHER}"]`]])
        assert.equal((await me.deploy(words)).code, 0);
    const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('devproof-'));
    const before = folders();
    const [consent, guardian, votes] = await verdict(me, 0);
    assert.deepEqual([consent.same, consent.immutables, consent.arguments], [true, 'proven', 'proven']);
    assert.deepEqual([guardian.same, guardian.immutables, guardian.arguments], [true, 'none', 'proven']);
    assert.deepEqual([votes.same, votes.immutables, votes.arguments], [true, 'proven', 'proven']);
    assert.equal(consent.bytes, (await anvil.client.getCode({ address: consent.address })).length / 2 - 1);
    assert.deepEqual(folders(), before, 'what was built is gone');
});

test('one byte anywhere is named', async () => {
    const { me, address, code } = await deployed();
    const hidden = new Set(immutables('UserConsent').flatMap(({ start, length }) => Array.from({ length }, (_, i) => start + i)));
    const last = code.length / 2 - 2;
    for (const at of [0, 1, 1000, last]) {
        assert.ok(!hidden.has(at));
        await anvil.ask('anvil_setCode', address, turned(code, at));
        const [said] = await verdict(me, 1);
        assert.deepEqual([said.same, said.differsAt], [false, at]);
    }
    const { start, length } = immutables('UserConsent')[0];
    for (const at of [start, start + length - 1]) {
        await anvil.ask('anvil_setCode', address, turned(code, at));
        const [said] = await verdict(me, 1);
        assert.deepEqual([said.same, said.differsAt], [false, at]);
        assert.match(said.error, /in an immutable/);
    }
    await anvil.ask('anvil_setCode', address, code);
    assert.equal((await verdict(me, 0))[0].same, true);
});

test('more or less code is not the same', async () => {
    const { me, address, code } = await deployed();
    for (const [other, at] of [[`${code}00`, code.length / 2 - 1], [code.slice(0, -2), code.length / 2 - 2]]) {
        await anvil.ask('anvil_setCode', address, other);
        const [said] = await verdict(me, 1);
        assert.equal(said.differsAt, at);
        assert.match(said.error, /the chain has \d+ bytes, these sources give \d+/);
    }
    await anvil.ask('anvil_setCode', address, '0x');
    assert.match((await verdict(me, 1))[0].error, /no contract at this address/);
});

test('for people, and by label', async () => {
    const { me, address, code } = await deployed();
    assert.equal((await me.deploy(['PauseGuardian', `["${OTHER}"]`])).code, 0);
    const words = ['verify', '--rpc', anvil.url, '--deployments', me.deployments, '--contracts', `${CONTRACTS}`];
    await anvil.ask('anvil_setCode', address, turned(code, 7));
    const ran = await run(words);
    assert.equal(ran.code, 1, ran.said);
    assert.match(ran.stdout, new RegExp(`^UserConsent at ${address} is not what these sources give: byte 7 of the code differs`, 'm'));
    assert.match(ran.stdout, /^PauseGuardian at 0x\w{40} is what these sources give, all \d+ bytes\.$/m);
    assert.equal((await verdict(me, 0, ['PauseGuardian'])).length, 1);
    const missing = await me.verify(['Nothing']);
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /31337\.json has no Nothing/);
});

/* A record that is changed by hand, or by whoever wants another contract to pass for this one. */
test('a record that says otherwise than the chain is refused', async () => {
    const { me } = await deployed();
    assert.equal((await me.deploy(['UserConsent', ROOT_B, '--as', 'other'])).code, 0);
    const file = readFileSync(me.file(), 'utf8');
    const records = me.records();
    const changed = (change) => {
        const all = JSON.parse(file);
        change(all.contracts.UserConsent);
        writeFileSync(me.file(), JSON.stringify(all));
    };
    changed((record) => (record.arguments = [ROOT_B]));
    assert.match((await verdict(me, 1, ['UserConsent']))[0].error, /in an immutable/);
    changed((record) => (record.transaction = records.other.transaction));
    assert.match((await verdict(me, 1, ['UserConsent']))[0].error, /did not make this contract/);
    changed((record) => (record.address = records.other.address));
    assert.equal((await verdict(me, 1, ['UserConsent']))[0].same, false);
    changed((record) => (record.contract = 'PauseGuardian'));
    assert.equal((await me.verify(['UserConsent'])).code, 2);
    changed((record) => (record.pending = true));
    assert.match((await verdict(me, 1, ['UserConsent']))[0].error, /not yet seen in a block/);
    changed((record) => delete record.address);
    assert.match((await me.verify(['UserConsent'])).stderr, /no record of a contract/);
});

/* Arguments that no immutable shows: only the transaction does. */
test('arguments in storage are held against the transaction', async () => {
    const me = operator(anvil.url);
    assert.equal((await me.deploy(['PauseGuardian', `["${OTHER}"]`])).code, 0);
    const all = JSON.parse(readFileSync(me.file()));
    all.contracts.PauseGuardian.arguments = [[DEPLOYER]];
    writeFileSync(me.file(), JSON.stringify(all));
    assert.match((await verdict(me, 1))[0].error, /made with other arguments/);
});

test('a node that has forgotten says less, and it is said', async () => {
    const { me } = await deployed();
    const forgetful = await liar(anvil.url, (method, answer, asked) => {
        if (method === 'eth_getTransactionByHash') return { ...answer, result: null };
        if (method === 'eth_call' && asked.params[1] !== 'latest')
            return { jsonrpc: '2.0', id: asked.id, error: { code: -32000, message: 'missing trie node' } };
        return answer;
    });
    const [said] = await verdict(me, 0, [], forgetful.url);
    assert.deepEqual([said.same, said.immutables, said.arguments], [true, 'not proven', 'not proven']);
    const ran = await run(['verify', '--rpc', forgetful.url, '--deployments', me.deployments, '--contracts', CONTRACTS]);
    assert.match(ran.stdout, /immutables are not proven.*arguments are not proven/);
});

test('nothing deployed, and no node, are said', async () => {
    const me = operator(anvil.url);
    const none = await me.verify();
    assert.equal(none.code, 2);
    assert.match(none.stderr, /31337\.json has no contracts/);
    assert.equal((await me.verify([], 'http://127.0.0.1:1')).code, 1);
});

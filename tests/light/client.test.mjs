// client.test.mjs - a client that follows a chain over its forks, and is lied to: lib/chain.mjs says what Lodestar says.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { BitArray } from '@chainsafe/ssz';
import { PERIOD, aggregate, block, bootstrap, bootstrapJson, configFile, finalityJson, lodestar, rootOf, timeOf, update, updateJson } from './lib/chain.mjs';

const PROGRAM = join(process.env.BUILD_DIR ?? 'build', 'bin/devproof/devproof'), NOW = timeOf(4 * PERIOD);
const dir = mkdtempSync(join(tmpdir(), 'devproof-light-'));
after(() => rmSync(dir, { recursive: true }));

const write = (name, value) => {
    writeFileSync(join(dir, name), typeof value === 'string' ? value : JSON.stringify(value));
    return join(dir, name);
};
const CONFIG = write('config', configFile);

function run(args) {
    const { status, stdout, stderr } = spawnSync(PROGRAM, ['lightclient', 'verify', ...args], { encoding: 'utf8', timeout: 60_000 });
    return { status, stderr, ...(args.includes('--json') && stdout ? JSON.parse(stdout) : { stdout }) };
}

/* Each answer in a file of its own. Returns also: refused, as lodestar() has it */
function ours(checkpoint, answers, { now = NOW, maxAge = 0, config = CONFIG } = {}) {
    const files = answers.map((one, i) => write(`answer-${i}`, one));
    const out = run(['--checkpoint', checkpoint, '--config', config, '--at', String(now), '--max-age', String(maxAge), '--json', ...files]);
    assert.ok(out.status === 0 || out.status === 1, `${out.status}: ${out.stderr}`);
    assert.equal(out.valid, out.status === 0);
    return { ...out, refused: out.file ? files.indexOf(out.file) : -1 };
}

const START = bootstrap(320), CHECKPOINT = rootOf(START.header);
const FIRST = update({ at: 4000, final: 3900 }), SECOND = update({ at: PERIOD + 500, final: PERIOD + 400 });
const THIRD = update({ at: 2 * PERIOD + 500, final: 2 * PERIOD + 400 });
const LAST = { at: 3 * PERIOD + 50, final: 3 * PERIOD + 10 };

/* A copy in which the member at a path of dots is another. */
function changed(object, path, make) {
    const [name, ...rest] = path.split('.');
    /* By names, as Lodestar keeps the root of an object in a symbol of it. */
    const copy = Array.isArray(object) ? [...object] : Object.assign(Object.create(Object.getPrototypeOf(object)), Object.fromEntries(Object.entries(object)));
    assert.ok(name in copy, path);
    copy[name] = rest.length ? changed(copy[name], rest.join('.'), make) : make(copy[name]);
    return copy;
}
const other = (value) => {
    if (typeof value === 'number') return value + 1;
    if (typeof value === 'bigint') return value + 1n;
    const out = Uint8Array.from(value);
    out[out.length - 1] ^= 1;
    return out;
};
const forged = (object, path) => changed(object, path, other);

function compare(name, updates, { start = START, checkpoint = CHECKPOINT, now = NOW } = {}) {
    const mine = ours(checkpoint, [bootstrapJson(start), ...updates.map(updateJson)], { now }), theirs = lodestar(checkpoint, start, updates, now);
    assert.equal(mine.refused, theirs.refused, `${name}: ${mine.error ?? 'taken'}; Lodestar: ${theirs.error ?? 'taken'}`);
    if (mine.refused < 0) assert.deepEqual({ slot: mine.finalized_slot, root: mine.beacon_root }, theirs.finalized, name);
    return mine;
}

test('from Capella to Electra, one period after another', () => {
    const end = compare('chain', [FIRST, SECOND, THIRD, update(LAST)]), { execution } = block(LAST.final).header;
    assert.equal(end.finalized_slot, LAST.final);
    assert.equal(end.block_number, execution.blockNumber);
    assert.equal(end.block_hash, `0x${Buffer.from(execution.blockHash).toString('hex')}`);
    assert.equal(end.state_root, `0x${Buffer.from(execution.stateRoot).toString('hex')}`);
    assert.equal(end.age_seconds, NOW - timeOf(LAST.final));
    assert.equal(end.reach_slot, 5 * PERIOD - 1);
});

test('updates in one array, then a finality update', () => {
    const end = ours(CHECKPOINT, [bootstrapJson(START), [FIRST, SECOND, THIRD].map(updateJson), finalityJson(update(LAST))]);
    assert.equal(end.finalized_slot, LAST.final);
    assert.equal(end.reach_slot, 4 * PERIOD - 1);
});

test('a bootstrap alone, and what is wrong with it', () => {
    assert.equal(compare('alone', []).finalized_slot, 320);
    for (const path of ['header.beacon.slot', 'header.beacon.proposerIndex', 'header.beacon.parentRoot', 'header.beacon.stateRoot', 'header.beacon.bodyRoot', 'header.executionBranch.0',
        'header.execution.stateRoot', 'currentSyncCommittee.pubkeys.511', 'currentSyncCommittee.aggregatePubkey', 'currentSyncCommitteeBranch.4']) {
        assert.equal(compare(path, [], { start: forged(START, path) }).refused, 0);
    }
    assert.equal(compare('another block', [], { checkpoint: rootOf(block(321).header) }).refused, 0);
});

test('any member of an update that is another', () => {
    const { beacon, execution } = SECOND.attestedHeader, members = [
        ...['attestedHeader', 'finalizedHeader'].flatMap((header) => [
            ...Object.keys(beacon).map((name) => `${header}.beacon.${name}`), ...Object.keys(execution).map((name) => `${header}.execution.${name}`), `${header}.executionBranch.0`, `${header}.executionBranch.3`]),
        'finalityBranch.0', 'finalityBranch.5', 'nextSyncCommittee.pubkeys.0', 'nextSyncCommittee.aggregatePubkey', 'nextSyncCommitteeBranch.0', 'nextSyncCommitteeBranch.4', 'syncAggregate.syncCommitteeSignature',
    ];
    assert.equal(members.length, 2 * (5 + 17 + 2) + 7);
    for (const path of members) assert.equal(compare(path, [FIRST, forged(SECOND, path)]).refused, 2, path);
});

test('branches of Electra, which are longer', () => {
    for (const path of ['finalityBranch.6', 'nextSyncCommitteeBranch.5', 'attestedHeader.executionBranch.0'])
        assert.equal(compare(path, [FIRST, SECOND, forged(THIRD, path)]).refused, 3, path);
});

test('signed by others, over another domain, or by fewer than the bits say', () => {
    const next = { at: PERIOD + 500, final: PERIOD + 400 };
    const bits = (value) => changed(value, 'syncAggregate.syncCommitteeBits', () => BitArray.fromBoolArray(Array.from({ length: 512 }, (_, i) => i < 400)));
    for (const [name, one] of Object.entries({
        'the committee before': update({ ...next, signers: 0 }), 'another committee': update({ ...next, signers: 9 }), 'the fork before': update({ ...next, domainSlot: 0 }),
        'the fork after': update({ ...next, domainSlot: 2 * PERIOD }), 'another chain': update({ ...next, validatorsRoot: Buffer.alloc(32, 1) }), 'fewer': bits(SECOND),
    })) assert.equal(compare(name, [FIRST, one]).refused, 2, name);
});

test('the first block of a fork has a signature over the domain of the fork before', () => {
    const late = update({ at: PERIOD - 1, final: PERIOD - 100, signature: PERIOD });
    assert.equal(compare('late', [FIRST, late]).finalized_slot, PERIOD - 100);
    assert.equal(compare('its own', [FIRST, update({ at: PERIOD - 1, final: PERIOD - 100, signature: PERIOD, domainSlot: PERIOD })]).refused, 2);
});

test('two thirds have to sign; Lodestar takes less, and makes nothing final of it', () => {
    const next = { at: PERIOD + 500, final: PERIOD + 400 };
    assert.equal(compare('342', [FIRST, update({ ...next, participants: 342 })]).finalized_slot, next.final);
    for (const participants of [341, 1]) {
        const few = update({ ...next, participants }), mine = ours(CHECKPOINT, [START, FIRST, few].map((one, i) => (i ? updateJson(one) : bootstrapJson(one))));
        assert.equal(mine.refused, 2);
        assert.match(mine.error, new RegExp(`^${participants} of 512 have signed`));
        assert.equal(lodestar(CHECKPOINT, START, [FIRST, few], NOW).finalized.slot, 3900);
    }
    assert.equal(compare('none', [FIRST, { ...update(next), syncAggregate: aggregate(block(PERIOD + 500).header, PERIOD + 501, { participants: 0 }) }]).refused, 2);
});

test('slots out of order, from the future, from a period that was left out', () => {
    assert.equal(compare('signed before', [update({ at: 4000, final: 3900, signature: 4000 })]).refused, 1);
    assert.equal(compare('final after attested', [update({ at: 4000, final: 4001 })]).refused, 1);
    assert.equal(compare('future', [FIRST], { now: timeOf(4001) - 1 }).refused, 1);
    assert.equal(compare('now', [FIRST], { now: timeOf(4001) }).refused, -1);
    assert.equal(compare('left out', [FIRST, THIRD]).refused, 2);
    assert.equal(compare('no next committee yet', [SECOND]).refused, 1);
});

test('what is old says nothing new, and takes nothing back', () => {
    assert.equal(compare('twice', [FIRST, FIRST]).finalized_slot, 3900);
    assert.equal(compare('older', [FIRST, update({ at: 3000, final: 2900 })]).finalized_slot, 3900);
    assert.equal(compare('before the checkpoint, with the next committee', [update({ at: 330, final: 10 }), SECOND]).finalized_slot, PERIOD + 400);
    assert.equal(compare('of the period before', [FIRST, SECOND, THIRD, FIRST]).refused, 4);
});

test('a period has one next committee, which may come after its first final block', () => {
    const another = ours(CHECKPOINT, [bootstrapJson(START), updateJson(FIRST), updateJson(update({ at: 4100, final: 4000, next: 9 }))]);
    assert.equal(another.refused, 2);
    assert.match(another.error, /^Another one is known/);
    const late = ours(CHECKPOINT, [bootstrapJson(START), updateJson(FIRST), finalityJson(SECOND), updateJson(SECOND), updateJson(THIRD)]);
    assert.equal(late.finalized_slot, 2 * PERIOD + 400);
    assert.equal(ours(CHECKPOINT, [bootstrapJson(START), updateJson(FIRST), finalityJson(SECOND), updateJson(THIRD)]).refused, 3);
});

test('a final block that is too old', () => {
    const now = timeOf(3900) + 3600, answers = [bootstrapJson(START), updateJson(FIRST)];
    assert.equal(ours(CHECKPOINT, answers, { now, maxAge: 3600 }).valid, true);
    const old = ours(CHECKPOINT, answers, { now: now + 1, maxAge: 3600 });
    assert.equal(old.valid, false);
    assert.match(old.error, /^The final block is 3601 s old/);
});

test('forks: one that is not known here, one that the settings lack', () => {
    const answers = [bootstrapJson(START), updateJson(FIRST), updateJson(SECOND)];
    const unknown = ours(CHECKPOINT, answers, { config: write('unknown', { ...configFile, GLOAS_FORK_EPOCH: '268', GLOAS_FORK_VERSION: '0x08000077' }) });
    assert.equal(unknown.refused, 2);
    assert.match(unknown.error, /not known here/);
    assert.equal(ours(CHECKPOINT, answers, { config: write('later', { ...configFile, GLOAS_FORK_EPOCH: '300' }) }).refused, -1);
    const { DENEB_FORK_EPOCH, ELECTRA_FORK_EPOCH, ...lacking } = configFile;
    assert.equal(ours(CHECKPOINT, answers, { config: write('lacking', lacking) }).refused, 2);
    const early = ours(CHECKPOINT, answers, { config: write('early', { ...configFile, CAPELLA_FORK_EPOCH: '11' }) });
    assert.match(early.error, /^Before Capella/);
});

test('answers that are none', () => {
    const good = updateJson(FIRST);
    for (const [name, answer] of Object.entries({
        'no JSON': '{', 'a number': 7, 'a list of numbers': [1], 'no data': { data: [] }, 'an empty object': {},
        'a branch too long': changed(good, 'data.finality_branch', (list) => [...list, list[0]]), 'a branch too short': changed(good, 'data.finality_branch', (list) => list.slice(1)),
        'a short root': changed(good, 'data.finality_branch.0', (text) => text.slice(0, -2)), 'not final': changed(good, 'data.finality_branch', (list) => list.map(() => `0x${'00'.repeat(32)}`)),
        'a list of keys too short': changed(good, 'data.next_sync_committee.pubkeys', (list) => list.slice(1)), 'keys that are numbers': changed(good, 'data.next_sync_committee.pubkeys.3', () => 3),
        'a branch that is no list': changed(good, 'data.next_sync_committee_branch', () => ({ a: '0x00' })), 'a slot that is no number': changed(good, 'data.signature_slot', () => '12x'),
        'a slot of 65 bits': changed(good, 'data.signature_slot', () => '18446744073709551616'), 'a slot as far as can be': changed(good, 'data.signature_slot', () => '18446744073709551615'),
        'too many bits': changed(good, 'data.sync_aggregate.sync_committee_bits', (text) => `${text}00`), 'extra data too long': changed(good, 'data.attested_header.execution.extra_data', () => `0x${'11'.repeat(33)}`),
        'a fee too large': changed(good, 'data.attested_header.execution.base_fee_per_gas', () => String(2n ** 256n)),
    })) {
        const out = ours(CHECKPOINT, [bootstrapJson(START), answer]);
        assert.equal(out.refused, 1, name);
        assert.ok(out.error.length > 10, name);
    }
});

test('wrong use, and settings that are none: exit code 2', () => {
    const start = write('start', bootstrapJson(START)), fine = ['--checkpoint', CHECKPOINT, '--config', CONFIG, '--max-age', '0'];
    assert.match(run([...fine, start]).stdout, /finalized_slot +320\n/);
    const configs = { short: { ...configFile, SYNC_COMMITTEE_SIZE: '32' }, disordered: { ...configFile, DENEB_FORK_EPOCH: '600' }, nothing: {}, still: { ...configFile, SLOTS_PER_EPOCH: '0' }, list: [] };
    for (const args of [[start], [...fine], [...fine, '--checkpoint', '0x12', start], [...fine, '--at', 'soon', start], [...fine, '--max-age', '-1', start], [...fine, join(dir, 'absent')],
        ...Object.entries(configs).map(([name, value]) => [...fine, '--config', write(name, value), start])]) assert.equal(run(args).status, 2, args.join(' '));
});

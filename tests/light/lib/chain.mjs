// chain.mjs - a short consensus chain with real states, blocks and signatures, made with Lodestar's types and blst;
// what a beacon node would answer about it, and what Lodestar's light client says of such answers.
import { createHash } from 'node:crypto';
import { Tree, setHasher } from '@chainsafe/persistent-merkle-tree';
import { hasher } from '@chainsafe/persistent-merkle-tree/hasher/as-sha256';
import { createBeaconConfig } from '@lodestar/config';
import { chainConfig as defaultChainConfig } from '@lodestar/config/default';
import { LightclientSpec } from '@lodestar/light-client/spec';
import { validateLightClientBootstrap } from '../node_modules/@lodestar/light-client/lib/spec/validateLightClientBootstrap.js';
import { BitArray } from '@chainsafe/ssz';
import { ssz, sszTypesFor } from '@lodestar/types';
import { publicKey, secretKey, signTogether } from './bls.mjs';

setHasher(hasher);

const SIZE = 512, DISTINCT = 32, NEVER = '18446744073709551615';
export const PERIOD = 8192;
const GENESIS_TIME = 1_700_000_000;
const bytes = (label, length = 32) => Buffer.concat([createHash('sha256').update(label).digest(), createHash('sha512').update(label).digest()]).subarray(0, length);
const version = (n) => Uint8Array.from([n, 0, 0, 0x77]);

/* Capella from the start, Deneb from period 1 on, Electra from period 2 on. */
const EPOCHS = { ALTAIR: 0, BELLATRIX: 0, CAPELLA: 0, DENEB: 256, ELECTRA: 512, FULU: Infinity };
const ROOT = bytes('genesis validators');
const chainConfig = { ...defaultChainConfig, GENESIS_FORK_VERSION: version(0) };
Object.entries(EPOCHS).forEach(([fork, epoch], i) => Object.assign(chainConfig, { [`${fork}_FORK_EPOCH`]: epoch, [`${fork}_FORK_VERSION`]: version(i + 1) }));
export const config = createBeaconConfig(chainConfig, ROOT);

const hex = (value) => `0x${Buffer.from(value).toString('hex')}`;
export const configFile = {
    genesis_time: String(GENESIS_TIME), genesis_validators_root: hex(ROOT), SECONDS_PER_SLOT: '12', SLOTS_PER_EPOCH: '32',
    EPOCHS_PER_SYNC_COMMITTEE_PERIOD: '256', SYNC_COMMITTEE_SIZE: '512', GENESIS_FORK_VERSION: hex(version(0)),
    ...Object.fromEntries(Object.entries(EPOCHS).flatMap(([fork, epoch], i) => [[`${fork}_FORK_EPOCH`, epoch === Infinity ? NEVER : String(epoch)], [`${fork}_FORK_VERSION`, hex(version(i + 1))]])),
};
export const timeOf = (slot) => GENESIS_TIME + 12 * slot;
export const rootOf = (header) => hex(ssz.phase0.BeaconBlockHeader.hashTreeRoot(header.beacon));

const secrets = new Map();
const secretOf = (period, i) => {
    const label = `${period}/${i % DISTINCT}`;
    if (!secrets.has(label)) secrets.set(label, secretKey(label));
    return secrets.get(label);
};
const committees = new Map();
export function committee(period) {
    if (!committees.has(period)) {
        const pubkeys = Array.from({ length: SIZE }, (_, i) => publicKey(secretOf(period, i)));
        committees.set(period, { pubkeys, aggregatePubkey: publicKey(secretOf(period, 0)) });
    }
    return committees.get(period);
}

const typesAt = (slot) => sszTypesFor(config.getForkName(slot));
const proofOf = (type, node, path) => new Tree(node).getSingleProof(type.getPathInfo(path).gindex);
const nodeOf = (type, value) => type.toView(value).node;

function stateOf(types, slot, finalizedRoot, next) {
    const view = types.BeaconState.defaultViewDU(), period = Math.floor(slot / PERIOD);
    view.slot = slot;
    view.currentSyncCommittee = ssz.altair.SyncCommittee.toViewDU(committee(period));
    view.nextSyncCommittee = ssz.altair.SyncCommittee.toViewDU(committee(next));
    view.finalizedCheckpoint = ssz.phase0.Checkpoint.toViewDU({ epoch: 1, root: finalizedRoot });
    view.commit();
    return view.node;
}

function payloadOf(types, slot, label) {
    const payload = Object.assign(types.ExecutionPayload.defaultValue(), {
        parentHash: bytes(`parent ${slot}`), feeRecipient: bytes(`fee ${slot}`, 20), stateRoot: bytes(`state ${slot}${label}`), receiptsRoot: bytes(`receipts ${slot}`),
        logsBloom: Buffer.concat(Array.from({ length: 8 }, (_, i) => bytes(`bloom ${slot} ${i}`))), prevRandao: bytes(`randao ${slot}`), blockNumber: 1000 + slot,
        gasLimit: 30_000_000, gasUsed: slot, timestamp: timeOf(slot), extraData: bytes(`extra ${slot}`, slot % 33), baseFeePerGas: 2n ** 200n + BigInt(slot),
        blockHash: bytes(`block ${slot}${label}`), transactions: [bytes(`transaction ${slot}`, 90)],
    });
    return 'blobGasUsed' in payload ? Object.assign(payload, { blobGasUsed: 131_072n, excessBlobGas: BigInt(slot) }) : payload;
}

/* A block of that slot over a state with these parts. Returns: {header, state (its tree), types} */
export function block(slot, { finalizedRoot = new Uint8Array(32), label = '', next = Math.floor(slot / PERIOD) + 1 } = {}) {
    const types = typesAt(slot), state = stateOf(types, slot, finalizedRoot, next), { fields } = types.ExecutionPayload;
    const { transactions, withdrawals, ...kept } = payloadOf(types, slot, label);
    const body = nodeOf(types.BeaconBlockBody, { ...types.BeaconBlockBody.defaultValue(), executionPayload: { ...kept, transactions, withdrawals } });
    const execution = { ...kept, transactionsRoot: fields.transactions.hashTreeRoot(transactions), withdrawalsRoot: fields.withdrawals.hashTreeRoot(withdrawals) };
    const beacon = { slot, proposerIndex: slot % 1000, parentRoot: bytes(`before ${slot}`), stateRoot: state.root, bodyRoot: body.root };
    return { types, state, header: { beacon, execution, executionBranch: proofOf(types.BeaconBlockBody, body, ['executionPayload']) } };
}

export function bootstrap(slot) {
    const { types, state, header } = block(slot);
    return { header, currentSyncCommittee: committee(Math.floor(slot / PERIOD)), currentSyncCommitteeBranch: proofOf(types.BeaconState, state, ['currentSyncCommittee']) };
}

/* The signature of a slot's committee over a header, by those of it who take part. */
export function aggregate(header, slot, { participants = SIZE, signers = Math.floor(slot / PERIOD), domainSlot = slot - 1, validatorsRoot } = {}) {
    const domains = validatorsRoot ? createBeaconConfig(chainConfig, validatorsRoot) : config;
    const message = ssz.phase0.SigningData.hashTreeRoot({ objectRoot: ssz.phase0.BeaconBlockHeader.hashTreeRoot(header.beacon), domain: domains.getDomain(domainSlot, Uint8Array.from([7, 0, 0, 0])) });
    const bits = BitArray.fromBoolArray(Array.from({ length: SIZE }, (_, i) => i < participants));
    return { syncCommitteeBits: bits, syncCommitteeSignature: signTogether(Array.from({ length: participants || 1 }, (_, i) => secretOf(signers, i)), message) };
}

/* An update: at is the attested slot, final the finalized one, signature its slot, next the committee that the state says. */
export function update({ at, final, signature = at + 1, label, next = Math.floor(at / PERIOD) + 1, ...signing }) {
    const finalized = block(final, { label }), { types, state, header } = block(at, { next, finalizedRoot: ssz.phase0.BeaconBlockHeader.hashTreeRoot(finalized.header.beacon) });
    return {
        attestedHeader: header, nextSyncCommittee: committee(next), nextSyncCommitteeBranch: proofOf(types.BeaconState, state, ['nextSyncCommittee']),
        finalizedHeader: finalized.header, finalityBranch: proofOf(types.BeaconState, state, ['finalizedCheckpoint', 'root']),
        syncAggregate: aggregate(header, signature, signing), signatureSlot: signature,
    };
}

const json = (type, value, slot) => ({ version: config.getForkName(slot), data: type.toJson(value) });
const headerJson = (header) => typesAt(header.beacon.slot).LightClientHeader.toJson(header);
export const bootstrapJson = (value) => json(typesAt(value.header.beacon.slot).LightClientBootstrap, value, value.header.beacon.slot);
/* Each header in the form of its own slot's fork. */
export function updateJson(value) {
    const slot = value.attestedHeader.beacon.slot, out = json(typesAt(slot).LightClientUpdate, { ...value, finalizedHeader: upgraded(value.finalizedHeader, slot) }, slot);
    out.data.finalized_header = headerJson(value.finalizedHeader);
    return out;
}
export function finalityJson(value) {
    const out = updateJson(value);
    delete out.data.next_sync_committee;
    delete out.data.next_sync_committee_branch;
    return out;
}
/* With the members that the later fork's header has. */
const upgraded = (header, slot) => ({ ...header, execution: { ...typesAt(slot).ExecutionPayloadHeader.defaultValue(), ...header.execution } });

/*
 * Lodestar's verdict on a bootstrap and updates in turn, and what it then knows.
 * Returns: {refused: index of the first that it refused (0 for the bootstrap) or -1, finalized: {slot, root}}
 */
export function lodestar(checkpoint, start, updates, now) {
    const slot = Math.floor((now - GENESIS_TIME) / 12);
    try { validateLightClientBootstrap(config, Buffer.from(checkpoint.slice(2), 'hex'), start); } catch (error) { return { refused: 0, error }; }
    const client = new LightclientSpec(config, { allowForcedUpdates: false, updateHeadersOnForcedUpdate: false }, start);
    const known = () => ({ slot: client.store.finalizedHeader.beacon.slot, root: rootOf(client.store.finalizedHeader) });
    for (const [i, one] of updates.entries()) {
        try { client.onUpdate(slot, { ...one, finalizedHeader: upgraded(one.finalizedHeader, one.attestedHeader.beacon.slot) }); } catch (error) { return { refused: i + 1, error, finalized: known() }; }
    }
    return { refused: -1, finalized: known() };
}

// light-client.mjs - makes light-client.json: what a beacon node answers about a chain that ../light/lib/chain.mjs makes,
// from Deneb to Electra, and what Lodestar's light client says is final. Once npm has installed what ../light needs:
// node light-client.mjs
import { writeFileSync } from 'node:fs';
import { PERIOD, block, bootstrap, bootstrapJson, configFile, finalityJson, lodestar, rootOf, timeOf, update, updateJson } from '../light/lib/chain.mjs';

const start = bootstrap(PERIOD + 64), checkpoint = rootOf(start.header), now = timeOf(2 * PERIOD + 1000);
const first = update({ at: PERIOD + 700, final: PERIOD + 600, participants: 400 }), last = { at: 2 * PERIOD + 500, final: 2 * PERIOD + 400, participants: 450 };
const { finalized } = lodestar(checkpoint, start, [first, update(last)], now), { execution } = block(finalized.slot).header;
const hex = (bytes) => `0x${Buffer.from(bytes).toString('hex')}`;
const document = {
    config: configFile, checkpoint, now, bootstrap: bootstrapJson(start).data, update: updateJson(first).data, finality: finalityJson(update(last)).data,
    final: { slot: finalized.slot, root: finalized.root, block_number: execution.blockNumber, block_hash: hex(execution.blockHash), state_root: hex(execution.stateRoot) },
};
writeFileSync(new URL('light-client.json', import.meta.url), `${JSON.stringify(document)}\n`);

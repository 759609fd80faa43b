// dstack's event log: replays RTMR3 from it, and finds what it says of the app.
import { concat, equal, fromHex, fromText, Refused, sha } from './bytes.js';

const EVENTS_MAX = 4096; // real logs have some 30
const PAYLOAD_MAX = 1 << 20;
const RUNTIME = 0x08000001, RTMR3 = 3, RTMR_LEN = 48;
const TYPE_BYTES = [0x01, 0x00, 0x00, 0x08];

// What the guest logs before it hands over to the app, in this order; lib/attest/event_facts.c has it too.
const ORDER = ['system-preparing', 'rootfs-hash', 'app-id', 'upgraded-app-id', 'compose-hash', 'init-script-hash', 'gpu-policy-hash', 'gpu-attestation',
  'ca-cert-hash', 'instance-id', 'boot-mr-done', 'mr-kms', 'os-image-hash', 'key-provider', 'storage-fs', 'system-ready'];
const REPEATS = 'init-script-hash';

function preimage(version, name, payload, hex) {
  if (version === 1) return concat(TYPE_BYTES, fromText(`:${name}:`), payload);
  return fromText(`{"name":${JSON.stringify(name)},"payload":"${hex}","type":${RUNTIME}}`); // RFC 8785
}

// Version 2 shows what its digest is over, which has to be what we would write; version 1 does not.
function showsPreimage(version, shown, computed) {
  return version === 1 ? shown === undefined || shown === '' : equal(fromHex(shown, 4 * PAYLOAD_MAX) ?? [], computed);
}

// The digest is computed: a given one proves nothing, but has to be the same.
async function readRuntime({ event_type: type, event: name, event_payload: hex, digest, version = 1, preimage: shown }, i) {
  const payload = fromHex(hex, PAYLOAD_MAX), given = fromHex(digest, RTMR_LEN);
  if (type !== RUNTIME || typeof name !== 'string' || payload === null || given === null || (version !== 1 && version !== 2))
    throw new Refused(`Entry ${i} of the event log is not an event of dstack.`);
  const over = preimage(version, name, payload, hex.toLowerCase());
  if (!showsPreimage(version, shown, over)) throw new Refused(`Entry ${i} of the event log shows another text than its digest is over.`);
  const computed = await sha(384, over);
  if (given.length > 0 && !equal(given, computed)) throw new Refused(`Entry ${i} of the event log has a digest that is not its own.`);
  return { name, payload, digest: computed };
}

// The events of RTMR3, where dstack's own go; those of the firmware are for other registers.
export async function readLog(text) {
  let list;
  try {
    list = JSON.parse(text);
  } catch {
    throw new Refused('The event log is not JSON.');
  }
  if (!Array.isArray(list) || list.length > EVENTS_MAX) throw new Refused('The event log is not a list, or too long.');
  const events = [];
  for (const [i, entry] of list.entries()) {
    if (entry === null || typeof entry !== 'object') throw new Refused(`Entry ${i} of the event log is not an event.`);
    if (entry.imr === RTMR3) events.push(await readRuntime(entry, i));
    else if (entry.event_type === RUNTIME || ![0, 1, 2].includes(entry.imr)) throw new Refused(`Entry ${i} of the event log is for a register that it does not belong to.`);
  }
  return events;
}

export async function replay(events) {
  let register = new Uint8Array(RTMR_LEN);
  for (const { digest } of events) register = await sha(384, concat(register, digest));
  return register;
}

// By name, the payloads of the guest's own events. After system-ready the app itself may log, so
// nothing counts there; before it each comes once and in its order, so none can stand in for another.
export function guestFacts(events) {
  const facts = {};
  let last = -1;
  for (const { name, payload } of events) {
    const place = ORDER.indexOf(name);
    if (place < 0) continue;
    if (place < last || (place === last && name !== REPEATS)) throw new Refused(`The event ${name} is there twice, or out of its order.`);
    facts[name] = payload;
    last = place;
    if (name === 'system-ready') break;
  }
  return facts;
}

// The live check: is this answer of GET /api/attestation a genuine one, over this nonce? Nothing is
// asked of the server here, and nothing that it says of itself is taken for true.
import { concat, equal, fromHex, fromText, Refused, sha, toHex } from './bytes.js';
import { pemBlocks, readCertificate } from './certificate.js';
import { guestFacts, readLog, replay } from './eventlog.js';
import { judgeQuote, parseQuote, QUOTE_MAX } from './quote.js';

export const ANSWER_MAX = 4 << 20; // bytes of JSON; real ones have some 60 KB
const TAG = 'devproof-live:';

// In the order in which they are told.
export const STEPS = {
  'quote.form': 'The answer holds a quote of a TD',
  'quote.signature': 'The attestation key signed what the hardware measured',
  'quote.key': 'The quoting enclave vouches for that key',
  'enclave.signature': 'The platform’s certificate vouches for the quoting enclave',
  'enclave.intel': 'The quoting enclave is the one that Intel made',
  'chain.signatures': 'Each of the platform’s certificates is signed by the next, and in date',
  'chain.root': 'The last of them is Intel’s root',
  'quote.production': 'The virtual machine is closed to its host',
  'quote.fresh': 'The quote was made for this check, and for the TLS key that the server names',
  'log.replays': 'The event log leads to what the hardware measured',
  'compose.measured': 'The app definition that is shown is the one that was measured',
  'tls.named': 'The TLS certificate that the server names has that TLS key',
};

async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
}

function readAnswer(answer) {
  const { quote, event_log: eventLog, app_compose: appCompose, tls } = answer ?? {};
  const bytes = fromHex(quote, QUOTE_MAX);
  if (bytes === null || bytes.length === 0) throw new Refused('The answer has no quote in it.');
  if (typeof eventLog !== 'string' || typeof appCompose !== 'string') throw new Refused('The answer has no event log or no app definition.');
  if (tls !== null && (typeof tls?.certificate_chain !== 'string' || fromHex(tls.spki_sha256, 32)?.length !== 32))
    throw new Refused('The answer says nothing of the TLS key that can be read.');
  return { quote: parseQuote(bytes), eventLog, appCompose, tls };
}

// SHA-512("devproof-live:" || nonce || hash of the TLS key, all zero without TLS): lib/attest/live.h
async function freshFault({ quote, tls }, nonce) {
  const key = tls === null ? new Uint8Array(32) : fromHex(tls.spki_sha256, 32);
  const want = await sha(512, concat(fromText(TAG), nonce, key));
  return equal(want, quote.reportData) ? '' : 'It is over something else: an older quote, or one for another TLS key.';
}

async function judgeLog({ quote, eventLog, appCompose }, facts) {
  const events = await readLog(eventLog);
  if (!equal(await replay(events), quote.rtmrs[3])) throw new Refused('Replayed, it leads to another value than RTMR3 of the quote.');
  Object.assign(facts, guestFacts(events));
  const hash = await sha(256, fromText(appCompose));
  const measured = facts['compose-hash'];
  return measured && equal(hash, measured) ? '' : 'It has another hash than the one that was measured.';
}

async function logSteps(answer, facts) {
  let compose = null;
  const fault = await attempt(async () => {
    compose = await judgeLog(answer, facts);
    return '';
  });
  return { 'log.replays': fault, 'compose.measured': compose };
}

async function tlsFault({ tls }, facts) {
  if (tls === null) return null;
  const [der] = pemBlocks(tls.certificate_chain);
  if (der === undefined) throw new Refused('There is no certificate in it.');
  const { spki } = readCertificate(der);
  const key = await sha(256, spki);
  Object.assign(facts, { certificate: await sha(256, der), tlsKey: key });
  return toHex(key) === tls.spki_sha256.toLowerCase() ? '' : 'It has another key than the one that the quote is over.';
}

const MISSING = {
  'tls.named': 'The server has no TLS key of its own: no quote can say whose connection this is, and whoever carries it can read it.',
  'compose.measured': 'The event log does not hold, so nothing says which app definition was measured.',
  'enclave.signature': 'The platform’s certificates cannot be read.',
  'chain.root': 'The platform’s certificates cannot be read.',
};

// The rows for people. found: by step, '' for pass, why not, or null
function rows(found) {
  return Object.entries(STEPS).map(([id, title]) => {
    const fault = found[id] ?? null;
    const state = fault === null ? 'none' : fault === '' ? 'pass' : 'fail';
    return { id, title, state, note: fault ?? MISSING[id] ?? 'There is no quote to look at.' };
  });
}

/**
 * nonce: the 32 bytes that were sent. now: Unix ms. root: a certificate, as readCertificate gives it.
 * Gives {steps: [{id, title, state: 'pass' | 'fail' | 'none', note}], quote, facts, chain, appCompose},
 * the latter ones where they could be read.
 */
export async function checkLive(answer, nonce, { now, root }) {
  let read;
  const form = await attempt(() => {
    read = readAnswer(answer);
    return '';
  });
  if (read === undefined) return { steps: rows({ 'quote.form': form }), facts: {} };
  const facts = {};
  const { chain = [], ...found } = await judgeQuote(read.quote, { now, root });
  return {
    steps: rows({
      'quote.form': '', ...found,
      'quote.fresh': await freshFault(read, nonce),
      ...(await logSteps(read, facts)),
      'tls.named': await attempt(() => tlsFault(read, facts)),
    }),
    quote: read.quote, appCompose: read.appCompose, facts, chain,
  };
}

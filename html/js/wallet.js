// The browser's own wallets: found (EIP-6963, or window.ethereum), asked (EIP-1193), and what goes wrong
// with them as a Fault, in sentences.
import { Fault } from './api.js';
import { NotAbi } from './abi.js';
import { refusal } from './refusals.js';

const WALLETS_MAX = 20;
const NAME_MAX = 40;
const ANNOUNCED_MS = 300;
const READ_MS = 30000;
const ANSWERED_MS = 600000; // by a person, in the wallet's window
const SAID_MAX = 200;

const SENTENCES = {
  4001: 'You declined in your wallet. Nothing was sent.',
  4100: 'Your wallet does not allow this page that account. Connect it again.',
  4900: 'Your wallet has no connection to any chain. See to that, then try again.',
  4901: 'Your wallet has no connection to this chain. See to that, then try again.',
  4902: 'Your wallet does not know this chain. Add it there, then try again.',
  [-32002]: 'Your wallet has a question open already. Answer it there first.',
};

const SILENT = 'Your wallet does not answer. If it asked you something, look there; what you agree to there may still be sent.';

export function walletFault(code, detail, field) {
  return new Fault({ code: `wallet_${code}`, detail, field });
}

// The bytes of a contract's refusal, which wallets put at different depths of their errors.
function revertData(error) {
  let at = error;
  for (let depth = 0; depth < 5 && typeof at === 'object' && at !== null; depth++) {
    if (typeof at.data === 'string' && /^0x[0-9a-fA-F]{8}/.test(at.data)) return at.data;
    at = at.data ?? at.error ?? at.cause;
  }
  return undefined;
}

function faultOf(error) {
  const data = revertData(error);
  if (data !== undefined) return walletFault('refused', refusal(data));
  if (SENTENCES[error?.code]) return walletFault(error.code === 4001 ? 'declined' : 'failed', SENTENCES[error.code]);
  const said = typeof error?.message === 'string' ? error.message.slice(0, SAID_MAX) : 'nothing';
  return walletFault('failed', `Your wallet could not do it. It says: ${said}`);
}

async function within(ms, promise) {
  let timer;
  const late = new Promise((done, fail) => {
    timer = setTimeout(() => fail(walletFault('silent', SILENT)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export async function ask(provider, method, params = [], ms = READ_MS) {
  try {
    return await within(ms, provider.request({ method, params }));
  } catch (error) {
    throw error instanceof Fault ? error : faultOf(error);
  }
}

// What a person has to answer in the wallet's window.
export function askPerson(provider, method, params) {
  return ask(provider, method, params, ANSWERED_MS);
}

// An answer of the wallet's node that has to be of a form.
export async function askFor(form, provider, method, params) {
  const answer = await ask(provider, method, params);
  if (typeof answer !== 'string' || !form.test(answer))
    throw walletFault('unreadable', 'Your wallet’s node gave an answer that this page cannot read. Try again, or choose another node there.');
  return answer;
}

export const hexNumber = (number) => `0x${number.toString(16)}`;
export const NUMBER = /^0x[0-9a-fA-F]{1,64}$/;
export const BYTES = /^0x([0-9a-fA-F]{2})*$/;
export const HASH = /^0x[0-9a-fA-F]{64}$/;

// read() gives what was decoded of such an answer.
export function reading(read) {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof NotAbi)) throw error;
    throw walletFault('no_contract', 'Your wallet’s node knows no such contract at this address. See that the chain is the right one.');
  }
}

// Tells of the wallets in this browser, again whenever one more makes itself known.
export function findWallets(told) {
  const found = [];
  const add = (id, name, provider) => {
    if (typeof provider?.request !== 'function' || found.length === WALLETS_MAX || found.some((one) => one.id === id)) return;
    found.push({ id, name, provider });
    told([...found]);
  };
  addEventListener('eip6963:announceProvider', ({ detail }) => {
    add(String(detail?.info?.uuid), String(detail?.info?.name).slice(0, NAME_MAX), detail?.provider);
  });
  dispatchEvent(new Event('eip6963:requestProvider'));
  // One of the older kind announces nothing.
  setTimeout(() => {
    if (found.length === 0) add('', 'the browser’s wallet', globalThis.ethereum);
    told([...found]);
  }, ANNOUNCED_MS);
}

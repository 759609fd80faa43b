// The live check on the page: asks for evidence over a fresh nonce, and shows what came of it.
import { Fault, getText } from './api.js';
import { fromText, sha, toHex } from './bytes.js';
import { readCertificate } from './certificate.js';
import { checkItem } from './checks.js';
import { INTEL_ROOT } from './intel_root.js';
import { ANSWER_MAX, checkLive, STEPS } from './live.js';
import { $, el, facts, longValue, say, showFault } from './ui.js';

const NONCE_LEN = 32;
const NO_CRYPTO = 'Not checked. Browsers do cryptography on HTTPS pages only, and this is none. Open the page by HTTPS, or use the command below.';
const UNCHECKED = [
  ['whether the certificate of this very connection is the one below', 'JavaScript cannot see it. Compare the fingerprints below with those in your browser’s certificate viewer, or use the command.'],
  ['whether Intel has revoked the platform, or knows holes in it', 'That takes Intel’s current lists: devproof audit with --pccs or --collateral.'],
  ['whether the code that runs is the one that was published', 'Build it again and compare: devproof audit with --image and --os-reference.'],
  ['whether the contract of this app allows that code', 'The chain itself has to be asked: devproof appauth show.'],
];

function waiting() {
  const row = ([, title]) => checkItem('none', title);
  $('live-steps').replaceChildren(...Object.entries(STEPS).map(row));
  $('live-details').hidden = true;
}

function verdict({ steps }) {
  const failed = steps.filter(({ state }) => state === 'fail'), open = steps.filter(({ state }) => state === 'none');
  if (failed.some(({ id }) => id === 'chain.root'))
    return ['fail', 'No. This is simulated hardware, or a forgery: nothing here protects you from the people who run it.'];
  if (failed.length > 0) return ['fail', `No. ${failed.length === 1 ? 'One step fails' : `${failed.length} steps fail`}: this answer proves nothing.`];
  if (open.length > 0) return ['none', 'Not all could be checked. What passes, passes; the rest stands below with its reason.'];
  return ['pass', 'Yes: genuine hardware of Intel’s signed, just now and for this check, what is listed below.'];
}

function hexFact(term, name, bytes) {
  return bytes === undefined ? [] : [[term, bytes.length === 0 ? 'none' : longValue(name, toHex(bytes))]];
}

async function showFacts({ quote, facts: found, chain, appCompose }) {
  const root = chain.at(-1);
  facts($('live-facts'), [
    ...hexFact('App definition, as measured', 'hash that was measured', found['compose-hash']),
    ...hexFact('App definition, as shown', 'hash of what is shown', await sha(256, fromText(appCompose))),
    ...hexFact('App id', 'app id', found['app-id']),
    ...hexFact('Instance', 'instance id', found['instance-id']),
    ...hexFact('OS image, as it says itself', 'hash of the OS image', found['os-image-hash']),
    ...hexFact('Firmware (MRTD)', 'MRTD', quote.mrtd),
    ...quote.rtmrs.flatMap((value, i) => hexFact(`Register ${i} (RTMR${i})`, `RTMR${i}`, value)),
    ...(root ? [['Platform', chain[0].name], ['Root', root.name], ...hexFact('Root, SHA-256', 'fingerprint of the root', await sha(256, root.der))] : []),
    ...hexFact('TLS certificate, SHA-256', 'fingerprint of the TLS certificate', found.certificate),
    ...hexFact('TLS key, SHA-256', 'fingerprint of the TLS key', found.tlsKey),
  ]);
  $('live-compose').textContent = appCompose;
  $('live-details').hidden = false;
}

async function ask() {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_LEN));
  const text = await getText(`/api/attestation?nonce=${toHex(nonce)}`, ANSWER_MAX);
  let answer = null;
  try {
    answer = JSON.parse(text);
  } catch {
    // checkLive says that there is no quote in it
  }
  return checkLive(answer, nonce, { now: Date.now(), root: readCertificate(INTEL_ROOT) });
}

// Gives what checkLive gives, or null: then the page has said why.
async function run() {
  waiting();
  $('live-fault').replaceChildren();
  if (crypto.subtle === undefined) {
    say($('live-verdict'), 'none', NO_CRYPTO);
    return null;
  }
  say($('live-verdict'), 'none', 'Being checked.');
  try {
    const found = await ask();
    $('live-steps').replaceChildren(...found.steps.map(({ state, title, note }) => checkItem(state, title, note)));
    if (found.quote) await showFacts(found);
    say($('live-verdict'), ...verdict(found));
    return found;
  } catch (error) {
    say($('live-verdict'), 'none', 'Not checked.');
    if (!(error instanceof Fault)) throw error;
    showFault($('live-fault'), error, 'Nothing was checked: that says neither good nor bad of the server.');
    return null;
  }
}

// Checks now and at each press of the button; done is told what came of it.
export function liveCheck(done) {
  const button = $('again');
  const once = async () => {
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    try {
      done(await run());
    } finally {
      button.removeAttribute('aria-disabled');
    }
  };
  $('live-unchecked').replaceChildren(...UNCHECKED.map(([what, how]) => checkItem('none', what, how)));
  button.addEventListener('click', once);
  once();
}

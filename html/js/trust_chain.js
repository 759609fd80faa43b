// The chain of trust as steps: who vouches for whom, and who has checked it.
import { heading, together } from './checks.js';
import { $, el } from './ui.js';

// live: steps of the browser's check; report: claims of the operator's report.
const LINKS = [
  { name: 'Intel’s root', says: 'A key that Intel keeps, and the one thing that is taken on trust here.', live: ['chain.root'] },
  { name: 'The platform’s certificate (PCK)', says: 'Intel certifies the key of this one processor.', live: ['chain.signatures'] },
  { name: 'The quoting enclave', says: 'Intel’s program in the processor, for which the platform’s key vouches. It makes the attestation key.',
    live: ['enclave.signature', 'enclave.intel', 'quote.key'] },
  { name: 'The quote', says: 'What the hardware measured, and what the virtual machine was asked to commit to, signed by the attestation key.',
    live: ['quote.signature', 'quote.fresh'] },
  { name: 'The virtual machine (TD): its operating system', says: 'Its memory is closed to its host. Which system it booted is in the measurements.',
    live: ['quote.production'], report: ['os.published'] },
  { name: 'The app definition', says: 'Which images run, and with which settings: its hash is in the event log, and the log in the quote.',
    live: ['log.replays', 'compose.measured'], report: ['image.rebuilt'] },
  { name: 'The key service (KMS)', says: 'Gives the app’s key to this app alone, after it has looked at the quote itself.', report: ['kms.identity'] },
  { name: 'The app’s key, and the users’ keys', says: 'The KMS’s root signed the app’s key, and the app’s key each user’s.', report: ['keys.chain'] },
  { name: 'The TLS key', says: 'Made inside the virtual machine: whoever talks to it, talks to what was measured.', live: ['quote.fresh', 'tls.named'], report: ['tls.bound'] },
];

function part(state, who) {
  return el('div', { class: 'below' }, ...heading(state, who));
}

function liveState(live, ids) {
  return live === null ? 'none' : together(ids.map((id) => live.steps.find((step) => step.id === id).state));
}

function reportState(report, ids) {
  return report === null ? 'none' : together(ids.map((id) => report.states.get(id) ?? 'none'));
}

function link({ name, says, live: steps = [], report: claims = [] }, live, report) {
  const item = el('li', {}, el('strong', {}, name), el('div', { class: 'hint' }, says));
  if (steps.length > 0) item.append(part(liveState(live, steps), 'your browser, now'));
  if (claims.length > 0) item.append(part(reportState(report, claims), report === null ? 'the operator’s report, of which there is none to go by' : 'the operator’s report'));
  return item;
}

// live: what checkLive gives, report: what readReport gives; each may be null.
export function showChain(live, report) {
  $('chain-steps').replaceChildren(...LINKS.map((one) => link(one, live, report)));
}

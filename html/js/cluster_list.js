// On the page of the network: asks for the list again and again, and says how old and how sound it is.
import { call, Fault } from './api.js';
import { showMembers, showProof, showSelf, tickLeases } from './cluster_members.js';
import { errorWords, readPeers } from './peers.js';
import { $, el, mark, parts, say, showFault } from './ui.js';
import { duration } from './when.js';

const ASK_MS = 5000;

const show = parts('waiting', 'none', 'cluster');
const written = new Map(); // what a part of the page was made of

let list = null; // the last that could be read
let receivedAt = 0; // when that was, by the clock here

// Makes a part of the page anew only where what it shows has changed: else the keyboard's focus would
// be lost, and what is announced would be said again.
function renew(name, what, make) {
  const text = JSON.stringify(what);
  if (written.get(name) === text) return;
  written.set(name, text);
  make(what);
}

function members(count) {
  return count === 1 ? '1 member' : `${count} members`;
}

function healthOf({ readAtMs, error, peers }) {
  if (readAtMs === null) return ['fail', 'Not known.'];
  if (error !== null) return ['fail', `Not known just now. Last seen: ${members(peers.length)}.`];
  if (peers.length === 0) return ['pass', 'Nobody yet.'];
  return ['pass', `${members(peers.length)}. This node’s daemon found the list proven.`];
}

function showError({ error, known }) {
  if (error === null) return $('list-fault').replaceChildren();
  const [what, todo] = errorWords(error);
  const means = known ? 'The list below is the last good one: who came or left since is not known.' : 'Who is in the network is not known.';
  return $('list-fault').replaceChildren(el('div', { class: 'fault' },
    el('p', {}, mark('fail'), ` ${[what, means, todo].filter(Boolean).join(' ')}`),
    el('p', { class: 'hint' }, `The daemon says: ${error.detail}`)));
}

function tick() {
  const now = Date.now();
  tickLeases(now);
  if (list === null || list.ageMs === null) $('age').textContent = '';
  else $('age').textContent = `Read ${list.block === null ? '' : `at block ${list.block.number}, `}${duration(list.ageMs + now - receivedAt)} ago.`;
}

function showList(answer) {
  list = answer;
  receivedAt = Date.now();
  const { contract, chainId, mode, block, digest, peers, readAtMs, self, error } = list;
  renew('members', { peers, readAtMs: readAtMs && 1 }, showMembers);
  renew('self', { ...self, listed: peers.some((peer) => peer.self) }, showSelf);
  renew('proof', { contract, chainId, mode, block, digest }, showProof);
  renew('health', healthOf(list), (said) => say($('health'), ...said));
  renew('fault', { error, known: readAtMs !== null }, showError);
  show('cluster');
}

function showNone() {
  list = null;
  written.clear();
  for (const id of ['health', 'list-fault']) $(id).replaceChildren();
  show('none');
}

function showOutage(error) {
  if (!(error instanceof Fault)) throw error;
  $('waiting').hidden = true;
  renew('fault', error.problem.code, () => showFault($('list-fault'), error,
    list === null ? 'Who is in the network is not known.' : 'The list below is the one from before.'));
  if (list !== null) renew('health', ['fail', `Not known just now. Last seen: ${members(list.peers.length)}.`], (said) => say($('health'), ...said));
}

async function ask() {
  try {
    showList(readPeers(await call('GET', '/api/cluster/peers')));
  } catch (error) {
    if (error.code === 'no_cluster') showNone();
    else showOutage(error);
  }
  tick();
}

// Shows the list for as long as the page stands; told(list) is called after each look, with null where
// there is none. Gives a function that looks at once.
export function watchList(told) {
  let timer;
  async function look() {
    clearTimeout(timer);
    if (!document.hidden) await ask();
    told(list);
    timer = setTimeout(look, ASK_MS);
  }
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) look();
  });
  look();
  return look;
}

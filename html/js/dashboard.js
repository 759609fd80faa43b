// The user's dashboard: opens one wallet, and changes its key. What it does with the wallet is in
// signing.js, tokens.js and log.js.
import { call, Fault } from './api.js';
import { logOf } from './log.js';
import { askForToken, onLeave, onSignIn, session, signOut } from './session.js';
import { signingWith } from './signing.js';
import { tokensOf } from './tokens.js';
import {
  $, addressValue, chain, el, facts, longValue, onSubmit, parts, say, showFault, textValue, time,
} from './ui.js';

const show = parts('waiting', 'sign-in', 'open-wallet', 'wallet');

let wallet = null;
let open = false; // whether the server signs without asking for a token

// What the parts of the page share. ended(): says so, and asks for the token, where an error means
// that the session is over; any other is thrown on.
const page = {
  wallet: () => wallet,
  done: () => log.refresh(),
  ended(error, note) {
    if (error.code !== 'unauthorized') throw error;
    askForToken(show, `Your session has ended. ${note}`);
    $('token').focus();
  },
};
const signing = signingWith(page);
const tokens = tokensOf(page);
const log = logOf(page);

function clear() {
  signing.clear();
  tokens.clear();
  log.clear();
  $('rotated').replaceChildren();
  for (const details of $('wallet').querySelectorAll('details')) details.open = false;
  for (const place of document.querySelectorAll('.fault-place')) place.replaceChildren();
}

// wallet/ethereum, wallet/ethereum/v2, wallet/ethereum/v3, ...
function nextNamespace(namespace) {
  const version = /^(.*)\/v(\d+)$/.exec(namespace);
  return version ? `${version[1]}/v${Number(version[2]) + 1}` : `${namespace}/v2`;
}

function showWallet(keys) {
  if (wallet?.userId !== keys.userId) clear();
  wallet = keys;
  facts($('facts'), [
    ['User id', textValue('user id', keys.userId)],
    ['Address', addressValue(keys.address)],
    ['Public key', longValue('public key', keys.pubKeyHex)],
    ['Namespace', textValue('namespace', keys.namespace)],
  ]);
  facts($('origin'), [
    ['Made', time(keys.createdAt)],
    ['Purpose', keys.purpose],
    ['Public key, compressed', longValue('compressed public key', keys.derivedPubKeyHex)],
    ['Application’s public key', longValue('application’s public key', keys.appPubKeyHex)],
    ['Application id', longValue('application id', keys.appId)],
  ]);
  $('key-chain').replaceChildren(chain(keys.signature_chain));
  $('namespace').value = nextNamespace(keys.namespace);
  $('leave').textContent = open ? 'Another wallet' : 'Sign out';
  // A token outlives AUTH=open, so the server makes none for whoever comes along.
  $('tokens').hidden = open;
  show('wallet');
}

async function fetchWallet(userId) {
  showWallet(await call('GET', `/api/users/me/keys?${new URLSearchParams({ userId })}`));
  if (!open) tokens.refresh();
  log.refresh();
}

// Where no token is asked for there is no session: the page's address says whose wallet it shows.
function userOf(who) {
  return open ? new URLSearchParams(location.search).get('userId') : who.userId;
}

async function welcome(who) {
  const userId = userOf(who);
  if (userId !== null) await fetchWallet(userId);
  else if (open) show('open-wallet');
  else askForToken(show, who.admin ? 'You are signed in as the admin, who has no wallet. Sign in with a user’s token.' : '');
}

async function start() {
  $('load-fault').replaceChildren();
  show('waiting');
  try {
    const who = await session();
    open = who.auth === 'open';
    await welcome(who);
  } catch (error) {
    show(open ? 'open-wallet' : '');
    const meaning = error.code === 'unknown_user' ? '' : 'Your wallet cannot be shown now; your key is not lost.';
    showFault($('load-fault'), error, meaning, start);
  }
}

onSignIn(async (who) => {
  await welcome(who);
  if (!$('wallet').hidden) $('wallet-title').focus();
});

onSubmit($('open-wallet'), () => 'No wallet was opened.', async ({ userId }) => {
  await fetchWallet(userId.value.trim());
  history.replaceState(null, '', `?${new URLSearchParams({ userId: wallet.userId })}`);
  $('load-fault').replaceChildren();
  $('wallet-title').focus();
});

onLeave(async () => {
  if (!open) await signOut();
  wallet = null;
  clear();
  if (open) {
    history.replaceState(null, '', location.pathname);
    show('open-wallet');
    $('userId').focus();
  } else {
    askForToken(show, 'You are signed out.');
    $('token').focus();
  }
});

// --- keys ---

function pastKey(key) {
  const list = el('dl', { class: 'facts past' });
  facts(list, [
    ['Address', addressValue(key.address)],
    ['Public key', longValue('public key', key.pubKeyHex)],
    ['Namespace', key.namespace],
    ['In use', el('span', {}, time(key.createdAt), ' to ', time(key.retiredAt))],
  ]);
  return list;
}

async function showEarlier() {
  try {
    const { keys } = await call('GET', `/api/users/${wallet.userId}/keys?all=1`);
    const past = keys.filter((key) => key.retiredAt !== null);
    $('earlier-keys').replaceChildren(...(past.length > 0 ? past.map(pastKey)
      : [el('p', {}, 'There are none: this is your first key.')]));
  } catch (error) {
    showFault($('earlier-keys'), error, 'The earlier keys cannot be shown now; they are not lost.', showEarlier);
  }
}

$('earlier').addEventListener('toggle', () => {
  if ($('earlier').open) showEarlier();
});

function rotationMeaning(error) {
  if (error.nothingDone) return 'The key was not changed.';
  return 'The key may have been changed or not: open this page again to see.';
}

onSubmit($('rotate'), rotationMeaning, async ({ namespace, sure }) => {
  if (!sure.checked) throw new Fault({ code: 'not_sure', field: 'sure', status: 400 });
  let keys;
  try {
    keys = await call('POST', `/api/users/${wallet.userId}/rotate`, { namespace: namespace.value.trim() });
  } catch (error) {
    page.ended(error, 'The key was not changed. Sign in again.');
    return;
  }
  clear();
  $('rotate').reset();
  showWallet(keys);
  say($('rotated'), 'pass', 'The key was changed. The address above is the new one; the old one is under “Earlier keys”.');
  $('wallet-title').focus();
  tokens.refresh();
  page.done();
});

start();

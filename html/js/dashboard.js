// The user's dashboard: shows one wallet, signs with it and verifies its signatures.
import { call } from './api.js';
import { askForToken, onLeave, onSignIn, session, signOut } from './session.js';
import {
  $, addressValue, chain, el, facts, longValue, mark, onSubmit, parts, showFault, textValue, time,
} from './ui.js';

const show = parts('waiting', 'sign-in', 'open-wallet', 'wallet');

let wallet = null;
let open = false; // whether the server signs without asking for a token

function say(place, state, sentence) {
  place.replaceChildren(mark(state), ` ${sentence}`);
}

function clearSigned() {
  $('signed').replaceChildren();
  $('signed-facts').replaceChildren();
}

// A verdict is about one message and one signature; it must not outlive a change of either.
function clearVerdict() {
  $('verdict').replaceChildren();
  $('how').hidden = true;
  $('how').open = false;
}

function clear() {
  clearSigned();
  clearVerdict();
  $('sign').reset();
  $('verify').reset();
  for (const place of document.querySelectorAll('.fault-place')) place.replaceChildren();
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
  $('leave').textContent = open ? 'Another wallet' : 'Sign out';
  show('wallet');
}

async function fetchWallet(userId) {
  showWallet(await call('GET', `/api/users/me/keys?${new URLSearchParams({ userId })}`));
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

onSubmit($('sign'), () => 'You got no signature.', async ({ message }) => {
  const text = message.value;
  clearSigned();
  clearVerdict();
  let answer;
  try {
    answer = await call('POST', `/api/users/${wallet.userId}/sign`, { message: text, scheme: 'raw' });
  } catch (error) {
    if (error.code !== 'unauthorized') throw error;
    askForToken(show, 'Your session has ended, and nothing was signed. Sign in again: your message is kept.');
    $('token').focus();
    return;
  }
  say($('signed'), 'pass', 'Signed. Anyone can check it with the address alone.');
  const list = el('dl', { class: 'facts' });
  facts(list, [
    ['Message', text === '' ? 'the empty message' : el('span', { class: 'excerpt', tabindex: '0' }, text)],
    ['Signature', longValue('signature', answer.signature)],
    ['Digest', longValue('digest', answer.hash)],
    ['Recovery id', String(answer.recoveryId)],
    ['Address', addressValue(answer.address)],
  ]);
  $('signed-facts').replaceChildren(list, el('h3', {}, 'Signature chain of the key'), chain(answer.signature_chain));
  $('signature').value = answer.signature;
});

onSubmit($('verify'), () => 'Nothing was checked.', async ({ signature }) => {
  const text = $('message').value;
  clearVerdict();
  const answer = await call('POST', '/api/verify', {
    message: text, signature: signature.value.trim(), address: wallet.address, scheme: 'raw',
  });
  if (answer.valid)
    say($('verdict'), 'pass', 'Yes. The key of this address signed exactly this message.');
  else
    say($('verdict'), 'fail', 'No. This signature is not by the key of this address over this message. One of the two was changed, or they never belonged together.');
  const list = el('dl', { class: 'facts' });
  facts(list, [
    ['Digest of the message', longValue('digest', answer.hash)],
    ['Address', addressValue(answer.address)],
    ['Form', answer.canonical ? 's is in the lower half, as Ethereum wants it'
      : 's is in the upper half: many contracts refuse such a signature'],
  ]);
  $('how-facts').replaceChildren(list, el('p', { class: 'hint' },
    'The server computed this from the message, the signature and the address. Your browser did not repeat it; any Ethereum library can.'));
  $('how').hidden = false;
});

for (const box of [$('message'), $('signature')]) box.addEventListener('input', clearVerdict);

start();

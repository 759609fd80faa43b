// Sign up: asks for an email address and a user id, then shows the wallet and, once, its token.
import { call } from './api.js';
import { session } from './session.js';
import { $, addressValue, copyButton, facts, longValue, onSubmit, showFault, textValue } from './ui.js';

async function start() {
  $('load-fault').replaceChildren();
  try {
    const who = await session();
    $('signed-in').hidden = who.userId === null;
    $('signed-in').textContent = `You are signed in as ${who.userId}. Making another wallet signs you in as its user.`;
  } catch (error) {
    showFault($('load-fault'), error, 'Signing up may not work now.', start);
  }
}

function showToken(wallet) {
  $('token-card').hidden = wallet.token === undefined;
  $('no-token').hidden = wallet.token !== undefined;
  if (wallet.token === undefined) return;
  $('token').textContent = wallet.token;
  $('token-copy').replaceChildren(copyButton('token', wallet.token));
}

function showJson(wallet) {
  const shown = wallet.token === undefined ? wallet : { ...wallet, token: '(stands above)' };
  $('json-hint').hidden = wallet.token === undefined;
  $('json').textContent = JSON.stringify(shown, null, 2);
}

function showWallet(wallet) {
  $('done-title').textContent = `${wallet.userId} has a wallet`;
  facts($('facts'), [
    ['Address', addressValue(wallet.address)],
    ['Public key', longValue('public key', wallet.pubKeyHex)],
    ['User id', textValue('user id', wallet.userId)],
    ['Email', wallet.email],
  ]);
  showToken(wallet);
  showJson(wallet);
  // Where no token is asked for, no session says whose wallet the dashboard is to show.
  if (wallet.token === undefined) $('to-dashboard').search = new URLSearchParams({ userId: wallet.userId });
  $('start').hidden = true;
  $('load-fault').replaceChildren();
  $('done').hidden = false;
  $('done-title').focus();
}

function meaning(error) {
  if (error.nothingDone) return 'No wallet was made.';
  return 'A wallet may have been made or not: if the user id is taken when you try again, it was.';
}

onSubmit($('signup'), meaning, async ({ email, userId }) => {
  showWallet(await call('POST', '/api/signup', { email: email.value.trim(), userId: userId.value.trim() }));
});

start();

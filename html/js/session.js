// Who is signed in, and the line in every page's head that says whether signing needs a token.
import { call } from './api.js';
import { $, onSubmit, showFault } from './ui.js';

const MODE = {
  token: 'Signing here needs the token that you get when you sign up.',
  open: 'Demo: signing needs no token here. Who knows a user id can sign as its user.',
};

export async function session() {
  try {
    const answer = await call('GET', '/api/session');
    $('mode').textContent = MODE[answer.auth];
    $('mode').classList.toggle('open', answer.auth === 'open');
    return answer;
  } catch (error) {
    $('mode').textContent = 'Whether signing needs a token is not known: the server did not say.';
    throw error;
  }
}

// Shows the sign-in form, through the page's own show(), with a note above its field or ''.
export function askForToken(show, note) {
  $('sign-in-note').textContent = note;
  $('sign-in-note').hidden = note === '';
  show('sign-in');
}

// Runs welcome(session) after the sign-in form was sent with a token that somebody has.
export function onSignIn(welcome) {
  let who;
  const meaning = (error) => {
    if (error.code === 'unknown_token') return '';
    return who ? 'You are signed in, but this page has nothing to show yet.' : 'You are not signed in.';
  };

  onSubmit($('sign-in'), meaning, async ({ token }) => {
    who = undefined;
    try {
      who = await call('POST', '/api/session', { token: token.value.trim() });
    } catch (error) {
      throw error.code === 'unauthorized' ? error.as('unknown_token') : error;
    }
    await welcome(who);
    $('sign-in').reset();
  });
}

// Runs work when the button that ends the visit is pressed.
export function onLeave(work) {
  $('leave').addEventListener('click', async () => {
    $('leave-fault').replaceChildren();
    try {
      await work();
    } catch (error) {
      showFault($('leave-fault'), error, 'You may still be signed in here.');
    }
  });
}

export function signOut() {
  return call('DELETE', '/api/session');
}

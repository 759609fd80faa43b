// The admin's dashboard: every user with their public key, searched and paged.
import { call } from './api.js';
import { askForToken, onLeave, onSignIn, session, signOut } from './session.js';
import { $, addressValue, cell, el, longValue, onSubmit, parts, showFault, time } from './ui.js';

const PAGE = 20;
const show = parts('waiting', 'sign-in', 'users');

let query = '';
let cursors = [null]; // of the pages up to the one shown; the first has none
let next = null;

function row(user) {
  return el('tr', { role: 'row' },
    cell('Email', user.email),
    cell('User id', user.userId),
    cell('Address', addressValue(user.address)),
    cell('Public key', longValue('public key', user.pubKeyHex)),
    cell('Created', time(user.createdAt)));
}

function summary(count) {
  if (count === 0) return query === '' ? 'Nobody has signed up yet.' : `No user matches “${query}”.`;
  const users = `${count} ${count === 1 ? 'user' : 'users'}`;
  const page = cursors.length > 1 || next !== null ? ` on page ${cursors.length}` : '';
  return `${users}${page}${query === '' ? '' : `, matching “${query}”`}, oldest first.`;
}

async function ask(parameters) {
  try {
    return await call('GET', `/api/admin/users?${parameters}`);
  } catch (error) {
    if (error.code !== 'unauthorized' && error.code !== 'forbidden') throw error;
    askForToken(show, 'You are not signed in as the admin any more. Sign in again.');
    $('token').focus();
    return null;
  }
}

// Changes what is remembered only after the answer has come, so that a fault leaves the page as it was.
async function fetchUsers(text, trail) {
  const parameters = new URLSearchParams({ limit: PAGE });
  if (text !== '') parameters.set('q', text);
  if (trail.at(-1) !== null) parameters.set('cursor', trail.at(-1));
  const answer = await ask(parameters);
  if (answer === null) return;

  query = text;
  cursors = trail;
  next = answer.nextCursor;
  $('rows').replaceChildren(...answer.users.map(row));
  $('table').hidden = answer.users.length === 0;
  $('count').textContent = summary(answer.users.length);
  $('pager').hidden = cursors.length === 1 && next === null;
  $('previous').disabled = cursors.length === 1;
  $('next').disabled = next === null;
  show('users');
}

async function turn(trail) {
  $('pager-fault').replaceChildren();
  try {
    await fetchUsers(query, trail);
    if (!$('users').hidden) $('users-title').focus();
  } catch (error) {
    showFault($('pager-fault'), error, 'The page above is the one from before.', () => turn(trail));
  }
}

async function welcome(who) {
  if (who.admin) await fetchUsers('', [null]);
  else askForToken(show, who.userId === null ? '' : `You are signed in as ${who.userId}, who is not the admin.`);
}

async function start() {
  $('load-fault').replaceChildren();
  show('waiting');
  try {
    await welcome(await session());
  } catch (error) {
    show('');
    showFault($('load-fault'), error, 'The users cannot be shown now; nothing is lost.', start);
  }
}

onSignIn(async (who) => {
  await welcome(who);
  if (!$('users').hidden) $('users-title').focus();
});

onSubmit($('search'), () => 'The list below is the one from before.', ({ q }) => fetchUsers(q.value.trim(), [null]));

$('previous').addEventListener('click', () => turn(cursors.slice(0, -1)));
$('next').addEventListener('click', () => turn([...cursors, next]));

onLeave(async () => {
  await signOut();
  $('rows').replaceChildren();
  $('search').reset();
  askForToken(show, 'You are signed out.');
  $('token').focus();
});

start();

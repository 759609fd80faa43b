// On the dashboard: the user's tokens, made, listed and revoked. A new one is shown once and kept nowhere.
import { call } from './api.js';
import { $, cell, copyButton, el, onSubmit, showFault, time, twiceButton } from './ui.js';

export function tokensOf(page) {
  const path = (id) => `/api/users/${page.wallet().userId}/tokens${id === undefined ? '' : `/${id}`}`;

  function hideNew() {
    $('new-token').hidden = true;
    $('new-token-text').textContent = '';
    $('new-token-copy').replaceChildren();
  }

  function clear() {
    hideNew();
    $('token-rows').replaceChildren();
    $('token-table').hidden = true;
    $('tokens-said').textContent = '';
    $('tokens-fault').replaceChildren();
    $('make-token').reset();
  }

  async function revoke(token) {
    $('tokens-fault').replaceChildren();
    try {
      await call('DELETE', path(token.id));
    } catch (error) {
      if (error.code === 'unauthorized') return page.ended(error, 'Sign in again.');
      // Not found: somebody was faster, and it is gone all the same.
      if (error.code !== 'not_found') return showFault($('tokens-fault'), error, 'The token may still be in force.');
    }
    hideNew();
    await refresh();
    $('tokens-said').textContent = `“${token.name}” is revoked.`;
    $('tokens-title').focus();
    page.done();
  }

  function row(token) {
    return el('tr', { role: 'row' },
      cell('Name', token.name),
      cell('Made', time(token.createdAt)),
      cell('Revoke', twiceButton('Revoke', token.name, () => revoke(token))));
  }

  async function refresh() {
    try {
      const { tokens } = await call('GET', path());
      $('token-rows').replaceChildren(...tokens.map(row));
      $('token-table').hidden = tokens.length === 0;
      $('tokens-fault').replaceChildren();
    } catch (error) {
      if (error.code === 'unauthorized') page.ended(error, 'Sign in again.');
      else showFault($('tokens-fault'), error, 'The tokens cannot be shown now.', refresh);
    }
  }

  function meaning(error) {
    return error.nothingDone ? 'No token was made.' : 'A token may have been made or not: if it stands in the list, revoke it.';
  }

  onSubmit($('make-token'), meaning, async ({ name }) => {
    hideNew();
    $('tokens-said').textContent = '';
    let made;
    try {
      made = await call('POST', path(), { name: name.value.trim() });
    } catch (error) {
      page.ended(error, 'No token was made. Sign in again.');
      return;
    }
    $('make-token').reset();
    $('new-token-title').textContent = `The token of “${made.name}”`;
    $('new-token-text').textContent = made.token;
    $('new-token-copy').replaceChildren(copyButton('new token', made.token));
    $('new-token').hidden = false;
    $('new-token-title').focus();
    await refresh();
    page.done();
  });

  return { clear, refresh };
}

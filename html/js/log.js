// On the dashboard: the rows of the audit log that are about this user, newest first.
import { call } from './api.js';
import { $, cell, el, facts, longValue, showFault, time } from './ui.js';

const PAGE = 10;

const ACTIONS = {
  signup: 'Wallet made',
  sign: 'Signed',
  rotate: 'Key changed',
  sign_in: 'Signed in',
  token_made: 'Token made',
  token_revoked: 'Token revoked',
};
// By what right, where it is not the user's own.
const ACTORS = { admin: 'by the admin', operator: 'by the people who run this server', anyone: 'nobody was asked who they are' };
const NAMES = { digest: 'Digest', address: 'Address', namespace: 'Namespace', scheme: 'Scheme', tokenId: 'Token number', count: 'Signatures in its batch' };

function value(name, text) {
  return /^0x[0-9a-f]{40,}$/i.test(text) ? longValue(name, text) : String(text);
}

function details(row) {
  const list = el('dl', { class: 'facts' });
  facts(list, Object.entries(row.data ?? {}).map(([name, text]) => [NAMES[name] ?? name, value(NAMES[name] ?? name, text)]));
  return list;
}

function showRow(row) {
  return el('tr', { role: 'row' },
    cell('When', time(row.time)),
    cell('What', ACTIONS[row.action] ?? row.action, ...(row.actor === 'user' ? [] : [el('p', { class: 'hint' }, ACTORS[row.actor] ?? row.actor)])),
    cell('Details', details(row)),
    cell('Row', el('span', { class: 'value' }, el('span', { class: 'count' }, `${row.seq}`), longValue(`hash of row ${row.seq}`, row.hash))));
}

export function logOf(page) {
  let next = null;

  function clear() {
    next = null;
    $('log-rows').replaceChildren();
    $('log-table').hidden = true;
    $('log-more').hidden = true;
    $('log-count').textContent = '';
    $('log-fault').replaceChildren();
  }

  function count() {
    const rows = $('log-rows').childElementCount;
    $('log-table').hidden = rows === 0;
    $('log-more').hidden = next === null;
    if (rows === 0) $('log-count').textContent = 'Nothing yet.';
    else $('log-count').textContent = `${next === null ? 'All' : 'The last'} ${rows} ${rows === 1 ? 'row' : 'rows'}, newest first.`;
  }

  async function fetchRows(cursor, put) {
    const asked = page.wallet().userId;
    $('log-fault').replaceChildren();
    try {
      const parameters = new URLSearchParams({ limit: PAGE, ...(cursor !== null && { cursor }) });
      const answer = await call('GET', `/api/users/${asked}/log?${parameters}`);
      if (page.wallet()?.userId !== asked) return;
      next = answer.nextCursor;
      put(answer.rows.map(showRow));
      count();
    } catch (error) {
      if (error.code === 'unauthorized') page.ended(error, 'Sign in again.');
      else showFault($('log-fault'), error, 'What was done before is written down all the same.', () => fetchRows(cursor, put));
    }
  }

  $('log-more').addEventListener('click', () => fetchRows(next, (rows) => {
    $('log-rows').append(...rows);
    if (rows.length === 0) return;
    rows[0].tabIndex = -1;
    rows[0].focus();
  }));

  return { clear, refresh: () => fetchRows(null, (rows) => $('log-rows').replaceChildren(...rows)) };
}

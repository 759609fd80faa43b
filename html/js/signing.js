// On the dashboard: sign with the wallet's key, and verify in place.
import { call } from './api.js';
import { messageEntry } from './message.js';
import { $, addressValue, chain, el, facts, longValue, onSubmit, say } from './ui.js';
import { clearVerdict, showVerdict } from './verdict.js';

function showSigned(answer, said) {
  say($('signed'), 'pass', 'Signed. Anyone can check it with the address alone.');
  const list = el('dl', { class: 'facts' });
  facts(list, [
    ['Message', said],
    ['Scheme', answer.scheme],
    ['Signature', longValue('signature', answer.signature)],
    ['Digest', longValue('digest', answer.hash)],
    ['Recovery id', String(answer.recoveryId)],
    ['Address', addressValue(answer.address)],
  ]);
  $('signed-facts').replaceChildren(list, el('h3', {}, 'Signature chain of the key'), chain(answer.signature_chain));
}

export function signingWith(page) {
  const entry = messageEntry($('entry'), clearVerdict);

  function clearSigned() {
    $('signed').replaceChildren();
    $('signed-facts').replaceChildren();
  }

  onSubmit($('sign'), () => 'You got no signature.', async () => {
    const body = entry.body({});
    const said = entry.said();
    clearSigned();
    clearVerdict();
    let answer;
    try {
      answer = await call('POST', `/api/users/${page.wallet().userId}/sign`, body);
    } catch (error) {
      page.ended(error, 'Nothing was signed. Sign in again: your message is kept.');
      return;
    }
    showSigned(answer, said);
    $('signature').value = answer.signature;
    page.done();
  });

  onSubmit($('verify'), () => 'Nothing was checked.', async ({ signature }) => {
    clearVerdict();
    const { address } = page.wallet();
    showVerdict(await call('POST', '/api/verify', entry.body({ signature: signature.value.trim(), address })), 'the key of this address');
  });

  $('signature').addEventListener('input', clearVerdict);

  return {
    clear() {
      clearSigned();
      clearVerdict();
      entry.reset();
      $('verify').reset();
    },
  };
}

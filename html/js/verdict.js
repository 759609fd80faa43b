// What POST /api/verify answered, in words: yes or no, why not, and how the page knows.
import { $, addressValue, el, facts, longValue, mark, say } from './ui.js';

// By hint: what would make it right.
const HINTS = {
  scheme_raw: 'It is right under the scheme raw: choose that one.',
  scheme_eip191: 'It is right under the scheme eip191, as wallets sign a text: choose that one.',
  recovery_id: 'Only its last byte (v) is wrong. With the other v the rest is by this key over this message.',
  high_s: 'Somebody exchanged its s for the other one that fits, and not v with it. With both or neither changed it is right.',
  message_is_hex: 'The bytes that these hex digits stand for were signed, not the digits: tick the box under the message.',
  trailing_newline: 'It is right with a line break more, or less, at the end of the message.',
};
const NEITHER = 'One of the two was changed, or they never belonged together.';

// A verdict is about one message and one signature; it must not outlive a change of either.
export function clearVerdict() {
  $('verdict').replaceChildren();
  $('how').hidden = true;
  $('how').open = false;
}

// whose: 'the key of this address', or whoever else was asked for.
export function showVerdict(answer, whose) {
  if (answer.valid) say($('verdict'), 'pass', `Yes. ${whose[0].toUpperCase()}${whose.slice(1)} signed exactly this message.`);
  else
    say($('verdict'), 'fail', `No. This signature is not by ${whose} over this message. ${HINTS[answer.hint] ?? answer.hintDetail ?? NEITHER}`);
  const list = el('dl', { class: 'facts' });
  facts(list, [
    ['Scheme', answer.scheme],
    ['Digest of the message', longValue('digest', answer.hash)],
    ['Address', addressValue(answer.address)],
    ...(answer.namespace === undefined ? [] : [['Namespace of the key', answer.namespace]]),
    ['Form', answer.canonical ? 's is in the lower half, as Ethereum wants it'
      : 's is in the upper half: many contracts refuse such a signature'],
  ]);
  $('how-facts').replaceChildren(list, el('p', { class: 'hint' }, mark('none'),
    ' The server computed this from the message, the signature and the key. Your browser did not repeat it; any Ethereum library can.'));
  $('how').hidden = false;
}

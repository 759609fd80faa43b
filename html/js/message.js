// The boxes for what is signed: a text, bytes as hex or typed data, and the scheme that it is signed under.
import { Fault } from './api.js';
import { $, el } from './ui.js';

const SCHEMES = {
  raw: 'The key signs the keccak-256 digest of exactly these bytes. Programs check that; wallets do not.',
  eip191: 'As Ethereum wallets sign a text: a fixed line goes before it, so that it can never be a transaction.',
  eip712: 'Data with names and types (EIP-712), so that a wallet can show what it means.',
};

// The example of EIP-712.
const EXAMPLE = {
  types: {
    EIP712Domain: [
      { name: 'name', type: 'string' }, { name: 'version', type: 'string' },
      { name: 'chainId', type: 'uint256' }, { name: 'verifyingContract', type: 'address' },
    ],
    Person: [{ name: 'name', type: 'string' }, { name: 'wallet', type: 'address' }],
    Mail: [{ name: 'from', type: 'Person' }, { name: 'to', type: 'Person' }, { name: 'contents', type: 'string' }],
  },
  primaryType: 'Mail',
  domain: { name: 'Ether Mail', version: '1', chainId: 1, verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC' },
  message: {
    from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
    to: { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' },
    contents: 'Hello, Bob!',
  },
};

// JSON with each object or list on one line as long as that line stays short.
function pretty(value, indent = '') {
  const flat = JSON.stringify(value);
  if (flat.length < 48 || typeof value !== 'object') return flat;
  const inner = `${indent}  `;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const items = Object.entries(value).map(([key, item]) =>
    inner + (Array.isArray(value) ? '' : `${JSON.stringify(key)}: `) + pretty(item, inner));
  return `${open}\n${items.join(',\n')}\n${indent}${close}`;
}

function choice(type, attributes, ...text) {
  return el('label', { class: 'choice' }, el('input', { type, ...attributes }), ' ', ...text);
}

function build(place) {
  place.replaceChildren(
    el('fieldset', {}, el('legend', {}, 'Scheme'),
      el('div', { class: 'choices' }, ...Object.keys(SCHEMES).map((name) =>
        choice('radio', { name: 'scheme', value: name, 'aria-describedby': 'scheme-hint' }, el('code', {}, name)))),
      el('p', { class: 'hint', id: 'scheme-hint', role: 'status' })),
    el('div', { id: 'message-part' },
      el('label', { for: 'message' }, 'Message'),
      el('textarea', { id: 'message', name: 'message', rows: 5, 'aria-describedby': 'message-hint', 'data-fields': 'messageHex' }),
      choice('checkbox', { name: 'isHex' }, 'These are hex digits: take the bytes that they stand for'),
      el('p', { class: 'hint', id: 'message-hint' }, 'Every character counts, line breaks too. Up to 48 KiB; it may be empty.')),
    el('div', { id: 'typed-part', hidden: '' },
      el('label', { for: 'typedData' }, 'Typed data'),
      el('textarea', { id: 'typedData', name: 'typedData', rows: 12, class: 'mono', autocapitalize: 'none', spellcheck: 'false', 'aria-describedby': 'typed-hint' }),
      el('p', { class: 'hint', id: 'typed-hint' }, 'JSON as ', el('code', {}, 'eth_signTypedData_v4'), ' takes it. Put whole numbers over 2⁵³ in quotes.'),
      el('p', {}, el('button', { type: 'button', id: 'example' }, 'Fill in an example'))));
}

// What was typed must be sent as it stands: a number that JavaScript has read may have lost digits.
function typedJson(text) {
  try {
    JSON.parse(text);
  } catch {
    throw new Fault({ code: 'not_json', field: 'typedData', status: 400 });
  }
  return text;
}

// Puts the boxes into a form at `place`. changed() runs whenever what they hold does.
export function messageEntry(place, changed) {
  build(place);
  const { form } = $('message');
  const { scheme, message, typedData, isHex } = form.elements;

  function show() {
    $('scheme-hint').textContent = SCHEMES[scheme.value];
    $('message-part').hidden = scheme.value === 'eip712';
    $('typed-part').hidden = scheme.value !== 'eip712';
  }

  function reset() {
    scheme.value = 'raw';
    message.value = typedData.value = '';
    isHex.checked = false;
    show();
  }

  place.addEventListener('input', () => {
    show();
    changed();
  });
  $('example').addEventListener('click', () => {
    typedData.value = pretty(EXAMPLE);
    changed();
  });
  reset();

  return {
    reset,
    // The body of a request: these fields and what the boxes hold.
    body(fields) {
      const more = JSON.stringify({ ...fields, scheme: scheme.value }).slice(1);
      if (scheme.value === 'eip712') return `{"typedData":${typedJson(typedData.value)},${more}`;
      return `{"${isHex.checked ? 'messageHex' : 'message'}":${JSON.stringify(isHex.checked ? message.value.trim() : message.value)},${more}`;
    },
    // What the boxes hold, to be shown beside the answer.
    said() {
      const text = scheme.value === 'eip712' ? typedData.value : message.value;
      return text === '' ? 'the empty message' : el('span', { class: 'excerpt', tabindex: '0' }, text);
    },
  };
}

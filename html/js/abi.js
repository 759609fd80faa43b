// Solidity's ABI for values in a row, of the types that the cluster's contract has: uintN (a BigInt),
// address, bool, bytes32 and string. Hex text goes in and comes out, with 0x. No hash is made here:
// selectors are constants of cluster_abi.js.
const WORD = 64; // hex digits
const TEXT_MAX = 4096; // bytes of a string that is read

export class NotAbi extends Error {}

function ask(right, what) {
  if (!right) throw new NotAbi(what);
}

function bitsOf(type) {
  const found = /^uint(\d+)$/.exec(type);
  ask(found !== null, `no type ${type}`);
  return Number(found[1]);
}

function word(number) {
  return number.toString(16).padStart(WORD, '0');
}

function padded(hex) {
  return hex.padEnd(Math.ceil(hex.length / WORD) * WORD, '0');
}

// One value that is one word.
function encodeWord(type, value) {
  if (type === 'bool') {
    ask(typeof value === 'boolean', 'not a bool');
    return word(value ? 1n : 0n);
  }
  if (type === 'address' || type === 'bytes32') {
    const digits = type === 'address' ? 40 : WORD;
    ask(typeof value === 'string' && new RegExp(`^0x[0-9a-fA-F]{${digits}}$`).test(value), `not ${type}`);
    return value.slice(2).toLowerCase().padStart(WORD, '0');
  }
  ask(typeof value === 'bigint' && value >= 0n && value >> BigInt(bitsOf(type)) === 0n, `not ${type}`);
  return word(value);
}

function encodeText(value) {
  ask(typeof value === 'string' && !/\p{Surrogate}/u.test(value), 'not a string');
  const bytes = new TextEncoder().encode(value);
  return word(BigInt(bytes.length)) + padded([...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(''));
}

// What follows the selector of a call.
export function encode(types, values) {
  ask(types.length === values.length, 'too few or too many values');
  let head = '', tail = '';
  types.forEach((type, i) => {
    if (type !== 'string') {
      head += encodeWord(type, values[i]);
      return;
    }
    head += word(BigInt((types.length * WORD + tail.length) / 2));
    tail += encodeText(values[i]);
  });
  return head + tail;
}

function wordAt(hex, at) {
  const text = hex.slice(at, at + WORD);
  ask(text.length === WORD, 'too short');
  return text;
}

// A place or a length in the data, as hex digits.
function smallAt(hex, at) {
  const number = BigInt(`0x${wordAt(hex, at)}`);
  ask(number <= BigInt(hex.length / 2), 'it points beyond its end');
  return Number(number) * 2;
}

function decodeText(hex, at) {
  const start = smallAt(hex, at);
  const length = smallAt(hex, start);
  const digits = hex.slice(start + WORD, start + WORD + length);
  ask(digits.length === length && length <= 2 * TEXT_MAX, 'text that is cut off or too long');
  const bytes = Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new NotAbi('text that is no UTF-8');
  }
}

function decodeWord(type, text) {
  const number = BigInt(`0x${text}`);
  if (type === 'bytes32') return `0x${text}`;
  const bits = type === 'bool' ? 1 : type === 'address' ? 160 : bitsOf(type);
  ask(number >> BigInt(bits) === 0n, `not ${type}`);
  if (type === 'bool') return number === 1n;
  return type === 'address' ? `0x${text.slice(-40)}` : number;
}

// Values of these types; what follows them is not looked at, as Solidity does not.
export function decode(types, data) {
  ask(typeof data === 'string' && /^0x([0-9a-fA-F]{2})*$/.test(data), 'not hex');
  const hex = data.slice(2).toLowerCase();
  return types.map((type, i) => (type === 'string' ? decodeText(hex, i * WORD) : decodeWord(type, wordAt(hex, i * WORD))));
}

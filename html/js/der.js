// Cuts DER into its parts, and nothing more: definite and shortest lengths, bounded counts, no recursion.
import { Refused } from './bytes.js';

const PARTS_MAX = 64;
const refuse = () => {
  throw new Refused('A certificate is not DER.');
};

// Lengths take at most three bytes: more than 16 MB comes from nobody.
function readLength(bytes, at, end) {
  if (at >= end) refuse();
  const first = bytes[at];
  if (first < 0x80) return [first, at + 1];
  const count = first & 0x7f;
  if (count === 0 || count > 3 || count > end - at - 1) refuse();
  let length = 0;
  for (let i = 1; i <= count; i++) length = length * 256 + bytes[at + i];
  if (length < 0x80 || bytes[at + 1] === 0) refuse();
  return [length, at + 1 + count];
}

// The value that begins at `at`: its tag, its content, and all of it.
function readAt(bytes, at) {
  if (at >= bytes.length || (bytes[at] & 0x1f) === 0x1f) refuse();
  const [length, from] = readLength(bytes, at + 1, bytes.length);
  if (length > bytes.length - from) refuse();
  return { tag: bytes[at], content: bytes.subarray(from, from + length), whole: bytes.subarray(at, from + length) };
}

// Exactly one value, of this tag.
export function one(bytes, tag) {
  const value = readAt(bytes, 0);
  if (value.whole.length !== bytes.length || value.tag !== tag) refuse();
  return value;
}

// The values in a row that these bytes are.
export function parts(bytes) {
  const out = [];
  for (let at = 0; at < bytes.length; at += out.at(-1).whole.length) {
    if (out.length === PARTS_MAX) refuse();
    out.push(readAt(bytes, at));
  }
  return out;
}

// A part that has to be there and of this tag.
export function expect(part, tag) {
  if (part?.tag !== tag) refuse();
  return part.content;
}

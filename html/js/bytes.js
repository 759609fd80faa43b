// Bytes: hex, base64, comparing and hashing, with what browsers and node have alike.

// What was read is not as it has to be; the message is a sentence for people.
export class Refused extends Error {}

export function fromHex(text, max) {
  if (typeof text !== 'string' || text.length > 2 * max || !/^([0-9a-f]{2})*$/i.test(text)) return null;
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return out;
}

export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

// What stands behind the first "=" is left out, and so are bits that make no whole byte.
export function fromBase64(text) {
  const digits = text.replace(/=.*$/s, '').replace(/[\r\n]/g, '');
  const whole = digits.padEnd(Math.ceil(digits.length / 4) * 4, 'A');
  return Uint8Array.from(atob(whole), (c) => c.charCodeAt(0)).subarray(0, Math.floor((digits.length * 3) / 4));
}

export function fromText(text) {
  return new TextEncoder().encode(text);
}

export function equal(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

export function concat(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

// bits: 256, 384 or 512 of SHA-2
export async function sha(bits, bytes) {
  return new Uint8Array(await crypto.subtle.digest(`SHA-${bits}`, bytes));
}

// ECDSA over P-256 with SHA-256. key: 64 bytes x || y; signature: 64 bytes r || s.
export async function verifyP256(key, signature, data) {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  try {
    const made = await crypto.subtle.importKey('raw', concat([4], key), algorithm, false, ['verify']);
    return await crypto.subtle.verify(algorithm, made, signature, data);
  } catch {
    return false; // no point of the curve
  }
}

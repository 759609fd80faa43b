// X.509 certificates: what the live check has to know of them, and who signed whom.
import { concat, equal, fromBase64, Refused, toHex, verifyP256 } from './bytes.js';
import { expect, one, parts } from './der.js';

const CHAIN_MAX = 10;
const BOOLEAN = 1, INTEGER = 2, BITS = 3, OCTETS = 4, OID = 6, UTC_TIME = 0x17, GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30, VERSION = 0xa0, EXTENSIONS = 0xa3;
const ECDSA_SHA256 = '2a8648ce3d040302', EC_KEY = '2a8648ce3d0201', P256 = '2a8648ce3d030107';
const BASIC_CONSTRAINTS = '551d13', KEY_USAGE = '551d0f', COMMON_NAME = '550403';
const KEY_CERT_SIGN = 0x04; // of the first byte of the bits

// The bytes of the certificates in a PEM text; what stands between them is left out.
export function pemBlocks(text) {
  const blocks = [...text.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\r\n]+)-----END CERTIFICATE-----/g)];
  if (blocks.length > CHAIN_MAX) throw new Refused(`There are more than ${CHAIN_MAX} certificates.`);
  return blocks.map(([, base64]) => fromBase64(base64));
}

function readTime({ tag, content }) {
  const text = String.fromCharCode(...content);
  const [, head, rest] = (tag === UTC_TIME ? /^(\d\d)(\d{10})Z$/ : /^(\d{4})(\d{10})Z$/).exec(text) ?? [];
  if (head === undefined || (tag !== UTC_TIME && tag !== GENERALIZED_TIME)) throw new Refused('A certificate has a date that cannot be read.');
  const year = tag === UTC_TIME ? Number(head) + (Number(head) < 50 ? 2000 : 1900) : Number(head);
  const [month, day, hour, minute, second] = rest.match(/\d\d/g).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

// The x || y of a key on P-256, or null: the key is another one.
function readPoint(spki) {
  const [algorithm, key] = parts(one(spki, SEQUENCE).content);
  const [kind, curve] = parts(expect(algorithm, SEQUENCE));
  const bits = expect(key, BITS);
  if (toHex(expect(kind, OID)) !== EC_KEY || curve?.tag !== OID || toHex(curve.content) !== P256) return null;
  return bits.length === 66 && bits[0] === 0 && bits[1] === 4 ? bits.subarray(2) : null;
}

function readConstraints(out, value) {
  const [ca, limit] = parts(one(value, SEQUENCE).content);
  out.ca = ca !== undefined && expect(ca, BOOLEAN)[0] === 0xff;
  if (limit !== undefined) {
    const bytes = expect(limit, INTEGER);
    if (bytes.length !== 1 || bytes[0] > 0x7f) throw new Refused('A certificate has a path length that cannot be read.');
    [out.pathLength] = bytes;
  }
}

// One that is critical and not known here says something that would be overlooked.
function readExtension(out, extension) {
  const [oid, ...rest] = parts(expect(extension, SEQUENCE));
  const critical = rest.length === 2 && expect(rest[0], BOOLEAN)[0] !== 0;
  const value = expect(rest.at(-1), OCTETS), name = toHex(expect(oid, OID));
  if (name === BASIC_CONSTRAINTS) readConstraints(out, value);
  else if (name === KEY_USAGE) out.mayCertify = (one(value, BITS).content[1] & KEY_CERT_SIGN) !== 0;
  else if (critical) throw new Refused('A certificate has a critical extension that is not known here.');
}

// The common name in a subject, for people to read; nothing is decided by it.
function commonName(name) {
  for (const set of parts(one(name, SEQUENCE).content))
    for (const pair of parts(set.content)) {
      const [oid, value] = parts(pair.content);
      if (oid?.tag === OID && toHex(oid.content) === COMMON_NAME) return new TextDecoder().decode(value?.content);
    }
  return '';
}

export function readCertificate(der) {
  const [tbs, algorithm, signature] = parts(one(der, SEQUENCE).content);
  const fields = parts(expect(tbs, SEQUENCE));
  expect(fields[0], VERSION); // of version 1 there are none here
  const [, , inner, issuer, validity, subject, spki, ...more] = fields;
  const bits = expect(signature, BITS);
  const [from, until] = parts(expect(validity, SEQUENCE));
  for (const part of [algorithm, inner, issuer, subject, spki]) expect(part, SEQUENCE);
  if (!equal(algorithm.whole, inner.whole) || bits[0] !== 0 || !from || !until) throw new Refused('A certificate is not DER.');
  const out = {
    der, tbs: tbs.whole, issuer: issuer.whole, subject: subject.whole, spki: spki.whole,
    algorithm: toHex(expect(parts(algorithm.content)[0], OID)), signature: bits.subarray(1),
    point: readPoint(spki.whole), from: readTime(from), until: readTime(until),
    name: commonName(subject.whole), ca: false, pathLength: Infinity, mayCertify: false,
  };
  const extensions = more.find(({ tag }) => tag === EXTENSIONS);
  if (extensions) for (const part of parts(one(extensions.content, SEQUENCE).content)) readExtension(out, part);
  return out;
}

// DER's r and s as the 64 bytes that WebCrypto takes, or null.
function rawSignature(der) {
  let numbers;
  try {
    numbers = parts(one(der, SEQUENCE).content).map((part) => expect(part, INTEGER));
  } catch (error) {
    if (error instanceof Refused) return null; // no signature of ECDSA, so none that holds
    throw error;
  }
  if (numbers.length !== 2) return null;
  const fixed = numbers.map((bytes) => {
    const padded = bytes[0] === 0 && bytes[1] >= 0x80;
    const digits = padded ? bytes.subarray(1) : bytes;
    const positive = bytes.length > 0 && (padded || (bytes[0] > 0 && bytes[0] < 0x80));
    return positive && digits.length <= 32 ? concat(new Uint8Array(32 - digits.length), digits) : null;
  });
  return fixed.includes(null) ? null : concat(...fixed);
}

// Did the key of `issuer` sign this certificate, with ECDSA over P-256 and SHA-256?
export async function isSignedBy(certificate, issuer) {
  if (certificate.algorithm !== ECDSA_SHA256 || issuer.point === null) return false;
  const signature = rawSignature(certificate.signature);
  return signature !== null && verifyP256(issuer.point, signature, certificate.tbs);
}

// Whether it may issue a certificate with `below` others between it and the leaf.
export function mayIssue(certificate, below) {
  return certificate.ca && certificate.mayCertify && below <= certificate.pathLength;
}

export function isNamedBy(certificate, issuer) {
  return equal(certificate.issuer, issuer.subject);
}

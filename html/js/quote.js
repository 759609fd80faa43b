// A TDX quote: its parts, and whether the hardware's keys signed it, up to a root.
import { concat, equal, fromHex, Refused, sha, verifyP256 } from './bytes.js';
import { isNamedBy, isSignedBy, mayIssue, pemBlocks, readCertificate } from './certificate.js';

export const QUOTE_MAX = 256 * 1024; // bytes; real ones have some 5000
const HEADER = 48, TD10 = 584, TD15 = 648, ENCLAVE_REPORT = 384;
const KEY_P256 = 2, TDX = 0x81, CERTIFICATE_CHAIN = 5, AUTH = 32;
const INTEL_VENDOR = fromHex('939a7233f79c4ca9940a0db3957f0607', 16);
// Of the enclave that Intel made to sign quotes of TDs: its signer and number (Intel's TD_QE identity).
const INTEL_SIGNER = fromHex('dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5', 32);
const INTEL_TD_QE = 2;

// --- parts ---

// Takes piece after piece; the first that goes beyond the end is refused.
function reader(bytes) {
  let at = 0;
  const take = (length) => {
    if (length > bytes.length - at) throw new Refused('The quote ends too early.');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const number = (length) => take(length).reduceRight((sum, byte) => sum * 256 + byte, 0);
  return { take, number, position: () => at };
}

function readBody(version, r) {
  let length = TD10;
  if (version === 5) {
    const type = r.number(2), said = r.number(4);
    length = type === 3 ? TD15 : TD10;
    if ((type !== 2 && type !== 3) || said !== length) throw new Refused('The quote has no report of a TD.');
  }
  return r.take(length);
}

function readHeader(r) {
  const version = r.number(2), keyType = r.number(2), tee = r.number(4);
  r.take(4); // versions of the quoting enclave and of what certifies it, which its report says too
  const vendor = r.take(16);
  r.take(20); // user data
  if (version !== 4 && version !== 5) throw new Refused(`The quote is of version ${version}, not 4 or 5.`);
  if (tee !== TDX) throw new Refused('The quote is not of a TD.');
  if (keyType !== KEY_P256) throw new Refused('The attestation key is not of ECDSA over P-256.');
  if (!equal(vendor, INTEL_VENDOR)) throw new Refused('The quoting enclave is not of Intel.');
  return version;
}

function readReport(td) {
  const rtmr = (i) => td.subarray(328 + 48 * i, 376 + 48 * i);
  return {
    attributes: td.subarray(120, 128), mrtd: td.subarray(136, 184), rtmrs: [0, 1, 2, 3].map(rtmr),
    reportData: td.subarray(520, 584), serviceTd: td.subarray(600),
  };
}

// All that is given back leads into the bytes. No signature is looked at.
export function parseQuote(bytes) {
  if (bytes.length > QUOTE_MAX) throw new Refused(`The quote has over ${QUOTE_MAX} bytes.`);
  const r = reader(bytes);
  const version = readHeader(r);
  const td = readBody(version, r);
  const signedPart = bytes.subarray(0, r.position());
  const data = reader(r.take(r.number(4)));
  const signature = data.take(64), key = data.take(64);
  data.take(2); // type of what holds the rest
  const inner = reader(data.take(data.number(4)));
  const enclaveReport = inner.take(ENCLAVE_REPORT), enclaveSignature = inner.take(64), auth = inner.take(inner.number(2));
  const certificationType = inner.number(2), certification = inner.take(inner.number(4));
  return { version, ...readReport(td), signedPart, signature, key, enclaveReport, enclaveSignature, auth, certificationType, certification };
}

// --- the chain of certificates ---

// The leaf first. The root may be left out, where the last is signed by the one that is trusted.
export function readChain(quote) {
  if (quote.certificationType !== CERTIFICATE_CHAIN) throw new Refused('The quote has no certificates in it.');
  const chain = pemBlocks(new TextDecoder('latin1').decode(quote.certification)).map(readCertificate);
  if (chain.length < 2) throw new Refused('The quote has fewer than two certificates.');
  return chain;
}

// The chain with its root at the end: its own, or the trusted one.
function upToRoot(chain, trusted) {
  const last = chain.at(-1);
  return isNamedBy(last, last) ? chain : [...chain, trusted];
}

async function chainFault(path, now) {
  if (path[0].ca) return 'The first certificate is that of an authority, not of a platform.';
  for (const [i, certificate] of path.entries()) {
    const issuer = path[Math.min(i + 1, path.length - 1)];
    if (now < certificate.from) return `“${certificate.name}” is not valid yet.`;
    if (now > certificate.until) return `“${certificate.name}” has expired.`;
    if (!isNamedBy(certificate, issuer) || !mayIssue(issuer, Math.min(i, path.length - 2))) return `“${certificate.name}” is not by the certificate after it.`;
    if (!(await isSignedBy(certificate, issuer))) return `The signature under “${certificate.name}” is not by the certificate after it.`;
  }
  return null;
}

// --- what a TD must not be ---

const DEBUG = 0x01, SEPT_VE_DISABLE = 0x10, PKS_AND_KEY_LOCKER = 0xc0;

// Source: Intel, "TDX Module Base Architecture", TD attributes; the same as lib/attest/td_policy.c.
function productionFault({ attributes, serviceTd }) {
  if ((attributes[0] & DEBUG) !== 0) return 'The TD is in debug mode: its host can read it.';
  if ((attributes[7] & 0x80) !== 0) return 'The TD has performance monitoring on, which tells its host too much.';
  if ((attributes[3] & SEPT_VE_DISABLE) === 0) return 'The TD has not SEPT_VE_DISABLE: its host can take pages away unseen.';
  const others = attributes.map((byte, i) => (i === 3 ? byte & ~(SEPT_VE_DISABLE | PKS_AND_KEY_LOCKER) : byte));
  if (others.some((byte) => byte !== 0)) return 'The TD has an attribute that makes it untrusted.';
  return serviceTd.some((byte) => byte !== 0) ? 'The TD has a service TD, which may move it elsewhere.' : null;
}

function enclaveFault({ enclaveReport: report }) {
  if (!equal(report.subarray(128, 160), INTEL_SIGNER) || report[256] !== INTEL_TD_QE || report[257] !== 0) return 'The enclave is not the one that Intel made for this.';
  return (report[48] & 0x02) !== 0 ? 'The quoting enclave is in debug mode: its host has its key.' : null;
}

async function keyFault({ key, auth, enclaveReport }) {
  const hash = await sha(256, concat(key, auth));
  return auth.length === AUTH && equal(hash, enclaveReport.subarray(320, 352)) ? null : 'The quoting enclave’s report is about another key.';
}

// --- the steps ---

export const SIMULATED = 'Simulated hardware, or a forgery: the chain ends at another root than Intel’s. Whoever made that root can make any quote.';

async function chainSteps(quote, { now, root }) {
  let chain;
  try {
    chain = readChain(quote);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { 'enclave.signature': null, 'chain.signatures': error.message, 'chain.root': null };
  }
  const path = upToRoot(chain, root), signed = await verifyP256(chain[0].point ?? [], quote.enclaveSignature, quote.enclaveReport);
  return {
    chain,
    'enclave.signature': signed ? '' : 'The platform’s key did not sign the quoting enclave’s report.',
    'chain.signatures': (await chainFault(path, now)) ?? '',
    'chain.root': equal(path.at(-1).der, root.der) ? '' : SIMULATED,
  };
}

// By step: '' where it passes, why it fails, or null where it could not be looked at; and the chain.
export async function judgeQuote(quote, { now, root }) {
  const signed = await verifyP256(quote.key, quote.signature, quote.signedPart);
  return {
    'quote.signature': signed ? '' : 'The attestation key did not sign what the quote says.',
    'quote.key': (await keyFault(quote)) ?? '',
    ...(await chainSteps(quote, { now, root })),
    'enclave.intel': enclaveFault(quote) ?? '',
    'quote.production': productionFault(quote) ?? '',
  };
}

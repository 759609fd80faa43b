// bls.mjs - keys, signatures and bad ones of each kind, and what blst and noble say of them.
import { createHash } from 'node:crypto';
import { PublicKey, SecretKey, Signature, aggregateSignatures, fastAggregateVerify } from '@chainsafe/blst';
import { bls12_381 } from '@noble/curves/bls12-381.js';

const { G1, G2, fields: { Fp, Fp2, Fp12 }, pairingBatch } = bls12_381;
const TAG = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_';
export const P = Fp.ORDER;

/* The same for the same seed. Returns: bytes(length), below(limit), pick(list) */
export function random(seed) {
    let counter = 0;
    const bytes = (length) => {
        let out = Buffer.alloc(0);
        while (out.length < length) out = Buffer.concat([out, createHash('sha256').update(`${seed}/${counter++}`).digest()]);
        return out.subarray(0, length);
    };
    const below = (limit) => bytes(6).readUIntBE(0, 6) % limit;
    return { bytes, below, pick: (list) => list[below(list.length)] };
}

export const secretKey = (label) => SecretKey.fromKeygen(createHash('sha256').update(`devproof test key ${label}`).digest());
export const publicKey = (secret) => Buffer.from(secret.toPublicKey().toBytes());
export function signTogether(secrets, message) {
    const signed = new Map(); /* each signs once, however often it is there */
    for (const one of secrets) if (!signed.has(one)) signed.set(one, one.sign(message));
    return Buffer.from(aggregateSignatures(secrets.map((one) => signed.get(one))).toBytes());
}

const hex = (value) => value.toString(16).padStart(96, '0');
const encode = (parts, flags) => {
    const bytes = Buffer.from(parts.map(hex).join(''), 'hex');
    bytes[0] |= flags;
    return bytes;
};

/* Compressed points of the curve with small x that are in no subgroup of prime order, or on no curve. */
function search(is) {
    for (let x = 1n; ; x++) if (is(x)) return x;
}
const rightSide1 = (x) => Fp.add(Fp.pow(x, 3n), 4n);
const rightSide2 = (x) => Fp2.add(Fp2.pow(Fp2.fromBigTuple([x, 1n]), 3n), Fp2.fromBigTuple([4n, 4n]));
const isSquare2 = (value) => { try { Fp2.sqrt(value); return true; } catch { return false; } };
const isSquare1 = (value) => { try { Fp.sqrt(value); return true; } catch { return false; } };
export const INFINITY1 = encode([0n], 0xc0), INFINITY2 = encode([0n, 0n], 0xc0);
export const ROGUE1 = encode([search((x) => isSquare1(rightSide1(x)))], 0x80), NOWHERE1 = encode([search((x) => !isSquare1(rightSide1(x)))], 0x80);
export const ROGUE2 = encode([1n, search((x) => isSquare2(rightSide2(x)))], 0x80), NOWHERE2 = encode([1n, search((x) => !isSquare2(rightSide2(x)))], 0x80);

const xor = (bytes, at, mask) => {
    const out = Buffer.from(bytes);
    out[at] ^= mask;
    return out;
};
/* p more than the last coordinate, where it fits: another spelling of the same number. */
const respelt = (bytes) => {
    const at = bytes.length - 48, flags = at === 0 ? bytes[0] & 0xe0 : 0, own = Buffer.from(bytes.subarray(at));
    own[0] &= 0xff ^ flags;
    const more = BigInt(`0x${own.toString('hex')}`) + P;
    return more >> (at === 0 ? 381n : 384n) ? null : Buffer.concat([bytes.subarray(0, at), encode([more], flags)]);
};
const negated = (bytes) => xor(bytes, 0, 0x20);

/* What can be wrong with a point: name, and how it is made of a good one. */
const bends = (r, infinity, rogue, nowhere) => ({
    'a bit flipped': (bytes) => xor(bytes, r.below(bytes.length), 1 << r.below(8)),
    'negated': negated,
    'infinity': () => infinity,
    'infinity with a sign': () => xor(infinity, 0, 0x20),
    'infinity with a bit': () => xor(infinity, 1 + r.below(infinity.length - 1), 1 << r.below(8)),
    'infinity and a point': (bytes) => xor(bytes, 0, 0x40),
    'not compressed': (bytes) => xor(bytes, 0, 0x80),
    'outside the subgroup': () => rogue,
    'outside, negated': () => negated(rogue),
    'on no curve': () => nowhere,
    'another spelling': (bytes) => respelt(bytes) ?? xor(bytes, 0, 0x1f),
    'random': (bytes) => { const out = Buffer.from(r.bytes(bytes.length)); out[0] = out[0] & 0x3f | 0x80; return out; },
});

/* Returns: {name, keys, message, signature} */
export function makeCase(r) {
    const count = r.pick([1, 1, 2, 3, 8]), secrets = Array.from({ length: count }, () => secretKey(r.below(40)));
    const message = Buffer.from(r.bytes(r.pick([0, 1, 31, 32, 32, 32, 200])));
    const good = { name: `${count} keys`, keys: secrets.map(publicKey), message, signature: signTogether(secrets, message) };
    const of1 = bends(r, INFINITY1, ROGUE1, NOWHERE1), of2 = bends(r, INFINITY2, ROGUE2, NOWHERE2);
    const which = r.below(count), how1 = r.pick(Object.keys(of1)), how2 = r.pick(Object.keys(of2));
    return r.pick([
        () => good,
        () => ({ ...good, name: `signature: ${how2}`, signature: of2[how2](good.signature) }),
        () => ({ ...good, name: `key: ${how1}`, keys: good.keys.map((key, i) => (i === which ? of1[how1](key) : key)) }),
        () => ({ ...good, name: 'another message', message: Buffer.concat([message, Buffer.from([0])]) }),
        () => ({ ...good, name: 'a key too many', keys: [...good.keys, publicKey(secretKey(r.below(40)))] }),
        () => ({ ...good, name: 'key and its negative', keys: [good.keys[0], negated(good.keys[0])] }),
    ])();
}

/* Each says 'valid', 'invalid', or 'keys' where one of the keys is none. */
export function blst({ keys, message, signature }) {
    let decoded;
    try { decoded = keys.map((key) => PublicKey.fromBytes(key, true)); } catch { return 'keys'; }
    try { return fastAggregateVerify(message, decoded, Signature.fromBytes(signature, true, true), true) ? 'valid' : 'invalid'; } catch { return 'invalid'; }
}

const point = (group, bytes) => {
    const made = group.Point.fromBytes(Uint8Array.from(bytes)); // which it changes
    made.assertValidity();
    if (made.is0()) throw new Error('infinity'); // which noble lets pass, and KeyValidate does not
    return made;
};
/* It reads coordinates mod p, and so takes what is spelt another way: not asked about that. */
export const nobleCanTell = ({ name }) => !name.endsWith('another spelling');
export function noble({ keys, message, signature }) {
    let sum;
    try { sum = keys.map((key) => point(G1, key)).reduce((a, b) => a.add(b)); } catch { return 'keys'; }
    try {
        const pairs = [{ g1: sum, g2: G2.hashToCurve(message, { DST: TAG }) }, { g1: G1.Point.BASE.negate(), g2: point(G2, signature) }];
        return Fp12.eql(pairingBatch(pairs), Fp12.ONE) ? 'valid' : 'invalid';
    } catch { return 'invalid'; }
}

/* The point of a message, compressed. */
export const hashed = (message, tag) => Buffer.from(G2.hashToCurve(message, { DST: tag }).toBytes());

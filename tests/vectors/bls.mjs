// bls.mjs - makes bls.json: points of RFC 9380, appendix J.10.1, as noble has them, and signatures of which blst and
// noble say the same. Once npm has installed what ../light needs: node bls.mjs
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { blst, hashed, makeCase, noble, nobleCanTell, random } from '../light/lib/bls.mjs';

const TAG = 'QUUX-V01-CS02-with-BLS12381G2_XMD:SHA-256_SSWU_RO_', hex = (bytes) => Buffer.from(bytes).toString('hex');
const messages = ['', 'abc', 'abcdef0123456789', `q128_${'q'.repeat(128)}`, `a512_${'a'.repeat(512)}`];

const r = random('vectors'), rows = new Map();
while (rows.size < 30) {
    const one = makeCase(r), verdict = blst(one);
    if (nobleCanTell(one)) assert.equal(verdict, noble(one), one.name);
    rows.set(one.name, { name: one.name, keys: hex(Buffer.concat(one.keys)), message: hex(one.message), signature: hex(one.signature), verdict });
}
const document = {
    hash_to_g2: messages.map((message) => ({ tag: TAG, message, point: hex(hashed(Buffer.from(message), TAG)) })),
    signatures: [...rows.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
};
writeFileSync(new URL('bls.json', import.meta.url), `${JSON.stringify(document, null, 1)}\n`);

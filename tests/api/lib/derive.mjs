// derive.mjs - what dstack's guest agent derives and signs, computed with noble and viem alone.
import { readFileSync } from 'node:fs';
import { secp256k1 } from '@noble/curves/secp256k1';
import { hkdf } from '@noble/hashes/hkdf';
import { sha256 } from '@noble/hashes/sha2';
import { concat, keccak256, recoverPublicKey, stringToHex } from 'viem';
import { publicKeyToAddress } from 'viem/accounts';

export const vectors = (name) =>
    JSON.parse(readFileSync(new URL(`../../vectors/${name}`, import.meta.url), 'utf8'));

export const simulators = Object.fromEntries(vectors('keys.json').simulators.map((one) => [one.name, one]));
export const GEN2 = simulators.gen2;
export const KMS_ROOT = '0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf';

const hex = (bytes) => Buffer.from(bytes).toString('hex');

/* The 32 bytes that GetKey gives for a path. */
export function deriveKey(path, appKey = GEN2.k256_key) {
    return Buffer.from(hkdf(sha256, Buffer.from(appKey, 'hex'), 'RATLS', Buffer.from(path), 32));
}

/* A user's wallet as it has to come out. */
export function wallet(userId, namespace = 'wallet/ethereum') {
    const key = deriveKey(`${namespace}/${userId}`);
    const pubKeyHex = '0x' + hex(secp256k1.getPublicKey(key, false));
    return {
        key: hex(key),
        pubKeyHex,
        derivedPubKeyHex: '0x' + hex(secp256k1.getPublicKey(key, true)),
        address: publicKeyToAddress(pubKeyHex),
    };
}

/* The deterministic signature r || s || v with v 0 or 1, as bytes. */
export function sign(digest, key) {
    const signature = secp256k1.sign(digest.replace(/^0x/, ''), key, { lowS: true });
    return Buffer.concat([signature.toCompactRawBytes(), Buffer.from([signature.recovery])]);
}

/* Keccak-256 of a text's UTF-8 bytes, and of what a request's body says is to be signed. */
export const hashOf = (text) => keccak256(stringToHex(text));
export const hashOfBody = ({ message, messageHex }) =>
    message === undefined ? keccak256(messageHex.toLowerCase()) : hashOf(message);

export function appDigest(purpose, derivedPubKeyHex) {
    return keccak256(stringToHex(`${purpose}:${derivedPubKeyHex.replace(/^0x/, '')}`));
}

/* GetKey's whole answer. */
export function getKey(path, purpose, app = GEN2) {
    const key = deriveKey(path, app.k256_key);
    const digest = appDigest(purpose, hex(secp256k1.getPublicKey(key, true)));
    return {
        key: hex(key),
        signature_chain: [hex(sign(digest, app.k256_key)), app.k256_signature],
    };
}

const compress = (publicKey) => '0x' + secp256k1.ProjectivePoint.fromHex(publicKey.slice(2)).toHex(true);

/* Who signed a chain: the app key, and the address of the KMS root above it. */
export async function recoverChain({ purpose, derivedPubKeyHex, appId, signature_chain }) {
    const app = compress(
        await recoverPublicKey({
            hash: appDigest(purpose, derivedPubKeyHex),
            signature: signature_chain[0],
        }),
    );
    const root = await recoverPublicKey({
        hash: keccak256(concat([stringToHex('dstack-kms-issued:'), appId, app])),
        signature: signature_chain[1],
    });
    return { appPubKeyHex: app, root: publicKeyToAddress(root) };
}

// cases.mjs - the published quotes with their collateral, and what the official verifier says.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const BUILD_DIR = process.env.BUILD_DIR ?? join(ROOT, 'build');
export const DEVPROOF = join(BUILD_DIR, 'bin/devproof/devproof');
export const VERDICTS = join(BUILD_DIR, 'tests/attest/verdicts');
export const VECTORS = join(ROOT, 'tests/vectors');
export const QUOTES = join(VECTORS, 'quotes');
const { QuoteVerifier } = createRequire(import.meta.url)('@phala/dcap-qvl');

const roots = { intel: 'real/intel-root-ca.der', test: 'test-root/root.der', 'test-other': 'test-root/other-root.der' };
const kept = new Map();
const read = (name) => {
    if (!kept.has(name)) kept.set(name, readFileSync(join(QUOTES, name)));
    return kept.get(name);
};
export const quoteFile = (name) => Buffer.from(read(name));
export const collateralFile = (name) => JSON.parse(read(name));
export const rootFile = (name) => read(roots[name]);

/* The rows of the index, each with its edits made. */
export const published = JSON.parse(read('index.json')).map((row) => {
    const one = { ...row, quote: quoteFile(row.quote), collateral: collateralFile(row.collateral), root: rootFile(row.root), rootName: row.root };
    for (const edit of row.edits ?? []) apply(one, edit);
    return one;
});

function apply(one, { field, op, offset, bytes, length, old, new: text, value }) {
    const data = Buffer.from(bytes ?? '', 'hex');
    const xor = (into) => data.forEach((byte, i) => { into[offset + i] ^= byte; });
    if (field === 'quote') {
        if (op === 'xor') xor(one.quote);
        else if (op === 'set') data.copy(one.quote, offset);
        else if (op === 'truncate') one.quote = one.quote.subarray(0, length);
        else one.quote = Buffer.concat([one.quote, data]);
    } else if (op === 'replace-text') {
        one.collateral[field] = one.collateral[field].replace(old, text);
    } else if (op === 'set') {
        one.collateral[field] = value;
    } else {
        const member = Buffer.from(one.collateral[field], 'hex');
        xor(member);
        one.collateral[field] = member.toString('hex');
    }
}

/* What the official verifier says: "valid STATUS ADVISORY...", or "refused: why". */
export function official({ quote, collateral, root, time }) {
    try {
        const { status, advisory_ids: ids } = new QuoteVerifier(root).verify(quote, collateral, time);
        return ['valid', status, ...ids].join(' ');
    } catch (e) {
        return `refused: ${e.message}`;
    }
}

/* A case as verdicts.c reads it. */
export function framed({ quote, collateral, root, time }) {
    const parts = [quote, Buffer.from(JSON.stringify(collateral)), root, Buffer.from(String(time))];
    return Buffer.concat(parts.flatMap((part) => [Buffer.from(`${part.length}\n`), part]));
}

// ethereum-abi.mjs - makes ethereum-abi.json: parameter lists with values and their encodings, on which
// viem and ethers agree. In a folder with both, such as ../api: node ../vectors/ethereum-abi.mjs
import { createRequire } from 'node:module';
import { writeFileSync } from 'node:fs';

const require = createRequire(`${process.cwd()}/`);
const { decodeAbiParameters, encodeAbiParameters, parseAbiParameters, toFunctionSelector } = require('viem');
const { AbiCoder } = require('ethers');

// The same numbers each time (mulberry32).
let state = 20240607;
function random(below) {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
}
const hex = (bytes) => `0x${Array.from({ length: bytes }, () => random(256).toString(16).padStart(2, '0')).join('')}`;
const pick = (list) => list[random(list.length)];

function elementary() {
    const bits = 8 * (1 + random(32));
    return pick(['address', 'bool', 'string', 'bytes', `uint${bits}`, `int${bits}`, `bytes${1 + random(32)}`]);
}

function makeType(depth) {
    const kind = depth > 0 ? random(5) : 0;
    if (kind === 3) return `${makeType(depth - 1)}[]`;
    if (kind === 4) return `${makeType(depth - 1)}[${1 + random(3)}]`;
    if (kind === 2) return `(${Array.from({ length: 1 + random(3) }, () => makeType(depth - 1)).join(',')})`;
    return elementary();
}

function integer(type) {
    const bits = BigInt(type.replace(/\D/g, ''));
    const signed = type[0] === 'i';
    const edge = random(4);
    const max = (1n << (signed ? bits - 1n : bits)) - 1n;
    const value = edge === 0 ? 0n : edge === 1 ? max : BigInt(hex(Number(bits) / 8)) % (max + 1n);
    return signed && random(2) ? -value - 1n : value;
}

function makeValue(parameter) {
    const array = /^(.*)\[(\d*)\]$/.exec(parameter.type);
    if (array) {
        const length = array[2] === '' ? random(4) : Number(array[2]);
        return Array.from({ length }, () => makeValue({ ...parameter, type: array[1] }));
    }
    const { type } = parameter;
    if (type === 'tuple') return parameter.components.map(makeValue);
    if (type === 'bool') return random(2) === 1;
    if (type === 'string') return pick(['', 'a', 'plain', 'grün, 字, 🔑', 'x'.repeat(31), 'y'.repeat(32), 'z'.repeat(70)]);
    if (type === 'bytes') return hex(pick([0, 1, 31, 32, 33, 100]));
    if (type === 'address') return hex(20);
    if (type.startsWith('bytes')) return hex(Number(type.slice(5)));
    return integer(type);
}

const asJson = (value) => (typeof value === 'bigint' ? String(value) : Array.isArray(value) ? value.map(asJson) : value);

function makeRow() {
    const types = Array.from({ length: 1 + random(4) }, () => makeType(3)).join(', ');
    const parameters = parseAbiParameters(types);
    const values = parameters.map(makeValue);
    const encoded = AbiCoder.defaultAbiCoder().encode(parameters.map((p) => format(p)), values);
    // viem takes members without names by position, as ethers does.
    if (encodeAbiParameters(parameters, values) !== encoded) throw new Error(types);
    decodeAbiParameters(parameters, encoded);
    return { types, parameters, values: values.map(asJson), encoded: encoded.slice(2) };
}

function format(p) {
    return p.type.startsWith('tuple') ? `(${p.components.map(format).join(',')})${p.type.slice(5)}` : p.type;
}

const rows = Array.from({ length: 120 }, makeRow);
const selectors = [
    'transfer(address,uint256)',
    'isAppAllowed((address,bytes32,address,bytes32,bytes32,bytes32,bytes32,string,string[]))',
    'supportsInterface(bytes4)',
    'getPeerEndpoints()',
].map((signature) => ({ signature, selector: toFunctionSelector(`function ${signature}`).slice(2) }));

writeFileSync(new URL('ethereum-abi.json', import.meta.url), `${JSON.stringify({ abi: rows, selectors }, null, 1)}\n`);

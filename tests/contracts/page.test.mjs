// page.test.mjs - what the page /cluster sends and reads: its selectors against the compiler's ABI, its encoding against viem.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { decode, encode, NotAbi } from '../../html/js/abi.js';
import { callData, CALLS, ERRORS, errorOf, signature, VIEWS, viewData, viewValue } from '../../html/js/cluster_abi.js';
import { ether, parseEther } from '../../html/js/ether.js';
import { refusal } from '../../html/js/refusals.js';
import { ROOT } from '../api/lib/stack.mjs';
import { artifact, buildContracts } from './lib.mjs';

const viem = createRequire(join(ROOT, 'tests/api/'))('viem');
const { decodeFunctionData, encodeAbiParameters, encodeErrorResult, encodeFunctionResult, parseEther: viemEther, formatEther } = viem;

const WHO = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const MOST = 2n ** 256n - 1n;
const BUILT_IN = [
    { type: 'error', name: 'Error', inputs: [{ type: 'string' }] },
    { type: 'error', name: 'Panic', inputs: [{ type: 'uint256' }] },
];

let abi, rules;
before(() => {
    buildContracts();
    abi = artifact('DstackClusterNFT').abi;
    rules = artifact('ClusterRules').abi;
});

const functionOf = (name) => [...abi, ...rules].filter((one) => one.type === 'function' && one.name === name);

/* Values of each type at its edges. */
const VALUES = {
    uint8: [0n, 2n, 255n], uint32: [0n, 2n ** 32n - 1n], uint64: [0n, 1n], uint96: [0n, 2n ** 96n - 1n], uint256: [0n, 1n, MOST],
    address: [WHO, `0x${'00'.repeat(20)}`, `0x${'ff'.repeat(20)}`], bool: [true, false], bytes32: [`0x${'ab'.repeat(32)}`],
    string: ['', 'a', 'x'.repeat(31), 'x'.repeat(32), 'x'.repeat(33), 'é€😀', 'x'.repeat(256)],
};

function* rowsOf(types) {
    const most = Math.max(1, ...types.map((type) => VALUES[type].length));
    for (let i = 0; i < most; i++) yield types.map((type, k) => VALUES[type][(i + k) % VALUES[type].length]);
}

const same = (value) => (typeof value === 'string' && value.startsWith('0x') ? value.toLowerCase() : typeof value === 'number' ? BigInt(value) : value);

test('each call is the contract’s, and says to viem what it says', () => {
    for (const [name, [selector, types, names]] of Object.entries(CALLS)) {
        const [item, more] = functionOf(name);
        assert.ok(item && !more, name);
        assert.deepEqual(item.inputs.map((one) => one.type), types, name);
        assert.deepEqual(item.inputs.map((one) => one.name), names, name);
        assert.equal(viem.toFunctionSelector(item), selector, name);
        assert.equal(signature(name), `${name}(${item.inputs.map((one) => `${one.type} ${one.name}`).join(', ')})`);
        for (const values of rowsOf(types)) {
            const found = decodeFunctionData({ abi: [item], data: callData(name, values) });
            assert.deepEqual(found.args.map(same), values.map(same), name);
        }
    }
});

test('each view is the contract’s, and reads what viem writes', () => {
    for (const [name, [selector, types, answer]] of Object.entries(VIEWS)) {
        const item = functionOf(name)[0];
        assert.ok(item?.stateMutability === 'view', name);
        assert.deepEqual(item.inputs.map((one) => one.type), types, name);
        assert.deepEqual(item.outputs.map((one) => one.type), [answer], name);
        assert.equal(viem.toFunctionSelector(item), selector, name);
        for (const values of rowsOf(types)) assert.deepEqual((decodeFunctionData({ abi: [item], data: viewData(name, values) }).args ?? []).map(same), values.map(same), name);
        for (const [value] of rowsOf([answer])) assert.deepEqual(viewValue(name, encodeFunctionResult({ abi: [item], result: value })), same(value), name);
    }
});

test('each refusal is the contract’s, and becomes a sentence with its values', () => {
    const items = [...abi.filter((one) => one.type === 'error'), ...BUILT_IN];
    for (const [name, [selector, types]] of Object.entries(ERRORS)) {
        const item = items.find((one) => one.name === name);
        assert.ok(item, name);
        assert.deepEqual(item.inputs.map((one) => one.type), types, name);
        assert.equal(viem.toFunctionSelector(`function ${name}(${types})`), selector, name);
        for (const values of rowsOf(types)) {
            const data = encodeErrorResult({ abi: [item], errorName: name, args: values });
            assert.deepEqual(errorOf(data), [name, values.map(same)], name);
            const said = refusal(data);
            assert.doesNotMatch(said, /undefined|NaN|Invalid Date|does not know/, `${name}: ${said}`);
        }
    }
    assert.match(refusal('0x6aaa2ceb' + '0'.repeat(63) + '3'), /^All 3 seats are taken\./);
});

test('what can refuse these calls is known', () => {
    const source = ['ClusterMembers', 'ClusterPeers'].map((name) => readFileSync(join(ROOT, `contracts/src/cluster/${name}.sol`), 'utf8')).join('\n');
    const bodies = [...Object.keys(CALLS), '_admit', '_assign', '_update', '_requireNotPaused', '_requireHolder', '_requirePeer', '_parse', '_setClusterConfig', '_priceFor']
        .flatMap((name) => [...source.matchAll(new RegExp(`function ${name}\\(.*?\\n    \\}`, 'gs'))].map((found) => found[0]));
    const thrown = new Set(bodies.flatMap((body) => [...body.matchAll(/revert (\w+)\(/g)].map((found) => found[1])));
    assert.ok(thrown.size >= 12, [...thrown].join(' '));
    for (const name of thrown) assert.ok(name in ERRORS, `${name} has no sentence`);
});

test('what is no value of its type is not encoded', () => {
    for (const [type, value] of [['uint8', 256n], ['uint256', -1n], ['uint256', MOST + 1n], ['uint256', 1], ['uint256', '1'], ['address', '0x12'], ['address', WHO.slice(2)],
        ['address', `${WHO}00`], ['bool', 1n], ['bool', 'true'], ['bytes32', '0xab'], ['string', 1n], ['string', '\ud800'], ['bytes', '0x'], ['int256', 1n]])
        assert.throws(() => encode([type], [value]), NotAbi, `${type} ${String(value)}`);
    assert.throws(() => encode(['bool'], []), NotAbi);
});

test('what is cut off, points elsewhere or is out of range is not decoded', () => {
    const word = (n) => BigInt(n).toString(16).padStart(64, '0');
    for (const [types, hex] of [
        [['uint256'], ''], [['uint256'], word(1).slice(2)], [['uint8'], word(256)], [['bool'], word(2)], [['address'], 'ff'.repeat(32)], [['uint256', 'uint256'], word(1)],
        [['string'], ''], [['string'], word(32)], [['string'], word(64) + word(0)], [['string'], word(32) + word(1)], [['string'], 'ff'.repeat(32)],
        [['string'], word(32) + 'ff'.repeat(32)], [['string'], word(32) + word(2) + 'c328'.padEnd(64, '0')], [['string'], word(32) + word(5000) + '61'.repeat(5000)], [['int8'], word(1)],
    ])
        assert.throws(() => decode(types, `0x${hex}`), NotAbi, `${types}: ${hex.slice(0, 80)}`);
    for (const data of ['', '0x0', 'zz', undefined, 7]) assert.throws(() => decode(['uint256'], data), NotAbi);
    assert.match(refusal('0x74f19139'), /does not know/, 'a refusal that is cut off');
    assert.match(refusal('0xdeadbeef'), /does not know \(0xdeadbeef\)/);
});

test('text comes back as viem encodes it', () => {
    for (const text of VALUES.string) assert.deepEqual(decode(['uint256', 'string'], encodeAbiParameters([{ type: 'uint256' }, { type: 'string' }], [7n, text])), [7n, text]);
});

test('amounts are exact both ways', () => {
    for (const text of ['0', '1', '0.05', '0.000000000000000001', '123456789.000000000000000001', '79228162514.264337593543950335']) {
        assert.equal(parseEther(text), viemEther(text), text);
        assert.equal(ether(viemEther(text)), `${formatEther(viemEther(text))} ether`);
    }
    for (const text of ['', '.5', '1.', '-1', '1e3', '0x1', '1,5', '1 2', '0.0000000000000000001', '٣']) assert.equal(parseEther(text), undefined, text);
});

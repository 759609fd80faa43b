// vouchers.mjs - makes vouchers.json: vouchers and renewals of a cluster, their digests and calls, on which viem and
// ethers agree. In a folder with both, such as ../api, once forge has built the contracts: node ../vectors/vouchers.mjs
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(`${process.cwd()}/`);
const { encodeFunctionData, hashTypedData } = require('viem');
const { Interface, TypedDataEncoder } = require('ethers');
const { abi } = JSON.parse(readFileSync(new URL('../../contracts/out/DstackClusterNFT.sol/DstackClusterNFT.json', import.meta.url)));

const types = {
    Voucher: [['address', 'appId'], ['uint256', 'tokenId'], ['address', 'instanceId'], ['uint8', 'networkType'], ['string', 'endpoint'], ['bytes32', 'wireguardKey'], ['uint256', 'nonce'], ['uint256', 'deadline']],
    Renewal: [['uint256', 'tokenId'], ['address', 'instanceId'], ['uint256', 'nonce'], ['uint256', 'deadline']],
};
const named = (list) => list.map(([type, name]) => ({ type, name }));
/* The same bytes each time. */
const bytes = (seed, length) => `0x${createHash('sha512').update(seed).digest('hex').slice(0, 2 * length)}`;

function digest(primaryType, message, chainId, verifyingContract) {
    const domain = { name: 'DstackClusterNFT', version: '1', chainId, verifyingContract };
    const one = hashTypedData({ domain, types: { [primaryType]: named(types[primaryType]) }, primaryType, message });
    const other = TypedDataEncoder.hash(domain, { [primaryType]: named(types[primaryType]) }, message);
    if (one !== other) throw new Error('viem and ethers differ');
    return one;
}

function call(functionName, args, plain) {
    const one = encodeFunctionData({ abi, functionName, args });
    if (one !== new Interface(abi).encodeFunctionData(functionName, plain)) throw new Error('viem and ethers differ');
    return one;
}

const endpoints = ['https://a.example', `https://${'a'.repeat(40)}-443s.gateway.example`, '192.0.2.1:51820', `https://${'b'.repeat(120)}`];
const rows = endpoints.map((endpoint, i) => {
    const seed = (name) => `${name}${i}`;
    const chainId = [1, 8453, 31337, 4294967296][i], contract = bytes(seed('contract'), 20);
    const voucher = {
        appId: bytes(seed('app'), 20), tokenId: BigInt([1, 255, 1024, 4294967295][i]), instanceId: bytes(seed('instance'), 20), networkType: Number(i === 2),
        endpoint, wireguardKey: i === 2 ? bytes('key', 32) : `0x${'0'.repeat(64)}`, nonce: BigInt(i), deadline: BigInt(1_790_000_000 + i),
    };
    const renewal = { tokenId: voucher.tokenId, instanceId: voucher.instanceId, nonce: voucher.nonce + 1n, deadline: voucher.deadline };
    const signature = `${bytes(seed('signature'), 64)}1b`;
    return {
        chainId, contract, voucher, renewal, signature,
        voucherDigest: digest('Voucher', voucher, chainId, contract),
        renewalDigest: digest('Renewal', renewal, chainId, contract),
        renewalCall: call('renewLease', [renewal.tokenId, renewal.nonce, renewal.deadline, signature], [renewal.tokenId, renewal.nonce, renewal.deadline, signature]),
    };
});
const text = JSON.stringify({ rows }, (_, value) => (typeof value === 'bigint' ? Number(value) : typeof value === 'string' ? value.replace(/^0x/, '') : value), 1);
writeFileSync(new URL('vouchers.json', import.meta.url), `${text}\n`);

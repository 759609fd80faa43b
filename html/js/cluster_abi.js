// What this page calls, reads and understands of DstackClusterNFT: selectors with their types. That
// they are the contract's is tested against the compiler's ABI.
import { decode, encode } from './abi.js';

// name: selector, types of the arguments, their names
export const CALLS = {
  mintNodeAccess: ['0x9e91b690', ['address', 'string'], ['to', 'instanceId']],
  assignInstance: ['0xe7866111', ['uint256', 'address'], ['tokenId', 'instanceId']],
  resign: ['0x08d9801c', ['uint256'], ['tokenId']],
  setClusterConfig: ['0x9842e4cc', ['uint256', 'uint8'], ['maxNodes_', 'networkMode_']],
  setMintingPolicy: ['0xb72d3cf4', ['uint256', 'bool'], ['price', 'publicMinting_']],
  revoke: ['0xeb929ad5', ['uint256', 'string'], ['tokenId', 'reason']],
  expirePeer: ['0xc6145d76', ['uint256'], ['tokenId']],
};

// name: selector, types of the arguments, type of the answer
export const VIEWS = {
  owner: ['0x8da5cb5b', [], 'address'],
  mintPrice: ['0x6817c76c', [], 'uint96'],
  publicMinting: ['0x53ac010a', [], 'bool'],
  publicAdmits: ['0x20fdef05', [], 'bool'],
  ownerAdmits: ['0xf9a7eb9a', [], 'bool'],
  refundWindow: ['0x73643527', [], 'uint256'],
  maxNodes: ['0xddf0185f', [], 'uint32'],
  networkMode: ['0x83583383', [], 'uint8'],
  totalSupply: ['0x18160ddd', [], 'uint32'],
  walletToTokenId: ['0x9c2806c7', ['address'], 'uint256'],
  instanceOf: ['0x3fbc4d35', ['uint256'], 'address'],
  peersDigest: ['0x958205e9', [], 'bytes32'],
  // Of its rules, which it asks for what it does not know itself.
  pausedUntil: ['0xda748b10', [], 'uint64'],
};

// name: selector, types
export const ERRORS = {
  ClusterPaused: ['0xd6468141', ['uint256']],
  ClusterBadMaxNodes: ['0x29dcc7ae', ['uint256', 'uint256']],
  ClusterBadNetworkMode: ['0xb5e8b7c8', ['uint8']],
  ClusterBadPrice: ['0xbafcaed7', ['uint256', 'uint256']],
  ClusterClosed: ['0xbcceb05b', ['address']],
  ClusterFull: ['0x6aaa2ceb', ['uint256']],
  ClusterTooLittle: ['0xb7e8b211', ['uint256', 'uint256']],
  ClusterWalletHasToken: ['0x6e72bf46', ['address', 'uint256']],
  ClusterBadInstanceId: ['0x74f19139', ['string']],
  ClusterNotHolder: ['0x5bc2ee59', ['address', 'uint256']],
  ClusterReasonTooLong: ['0xb977e952', ['uint256', 'uint256']],
  ClusterNoPeer: ['0xa66568fb', ['uint256']],
  ClusterLeaseRuns: ['0xe19819f1', ['uint256', 'uint256']],
  OwnableUnauthorizedAccount: ['0x118cdaa7', ['address']],
  ERC721NonexistentToken: ['0x7e273289', ['uint256']],
  ERC721InvalidReceiver: ['0x64a0ae92', ['address']],
  Error: ['0x08c379a0', ['string']],
  Panic: ['0x4e487b71', ['uint256']],
};

export function callData(name, values) {
  const [selector, types] = CALLS[name];
  return selector + encode(types, values);
}

export function viewData(name, values = []) {
  const [selector, types] = VIEWS[name];
  return selector + encode(types, values);
}

export function viewValue(name, data) {
  return decode([VIEWS[name][2]], data)[0];
}

// The call as Solidity would write it.
export function signature(name) {
  const [, types, names] = CALLS[name];
  return `${name}(${types.map((type, i) => `${type} ${names[i]}`).join(', ')})`;
}

// The error that the bytes of a refusal are, as [name, values]; undefined where it is none of these.
export function errorOf(data) {
  const found = Object.entries(ERRORS).find(([, [selector]]) => data.toLowerCase().startsWith(selector));
  if (found === undefined) return undefined;
  const [name, [selector, types]] = found;
  return [name, decode(types, `0x${data.slice(selector.length)}`)];
}

// What the wallet's own node says of the cluster's contract.
import { viewData, viewValue } from './cluster_abi.js';
import { askFor, BYTES, hexNumber, reading } from './wallet.js';

export async function view(provider, contract, name, values = [], block = 'latest') {
  const answer = await askFor(BYTES, provider, 'eth_call', [{ to: contract, data: viewData(name, values) }, block]);
  return reading(() => viewValue(name, answer));
}

// What networkMode means.
export const MODES = ['TLS through a gateway only', 'WireGuard only', 'both'];

const GENERAL = ['owner', 'mintPrice', 'publicMinting', 'publicAdmits', 'ownerAdmits', 'refundWindow', 'maxNodes', 'networkMode',
  'totalSupply', 'pausedUntil'];

// All that the page shows, for an account.
export async function readState(provider, contract, account) {
  const values = await Promise.all(GENERAL.map((name) => view(provider, contract, name)));
  const state = Object.fromEntries(GENERAL.map((name, i) => [name, values[i]]));
  const tokenId = await view(provider, contract, 'walletToTokenId', [account]);
  const instance = tokenId === 0n ? undefined : await view(provider, contract, 'instanceOf', [tokenId]);
  return { ...state, account, tokenId, instance, isOwner: state.owner === account.toLowerCase() };
}

// The digest at the block of the list: whether another node than the daemon's has it too.
export async function digestAt(provider, contract, block) {
  return view(provider, contract, 'peersDigest', [], hexNumber(block.number));
}

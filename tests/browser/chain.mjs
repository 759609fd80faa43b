// A real anvil with a cluster's contract on it, and a wallet in the browser that signs with anvil's accounts.
import { artifact, buildContracts, createPublicClient, DEPLOYER, encodeDeployData, encodeFunctionData, getAddress, http, OTHER, ROOT_A, startAnvil } from '../contracts/lib.mjs';

export { DEPLOYER as OWNER, OTHER as BUYER };
export const GUARDIAN = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC';
export const THIRD = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';
export const CHAIN_ID = 31337;
const DAY = 86_400;
const AUTH = {
  minimumNotice: DAY, notice: 2 * DAY, exitWindow: 7 * DAY, proposalLifetime: 14 * DAY, pauseLength: DAY,
  allowAnyDevice: true, requireTcbUpToDate: true, composeHash: `0x${'ab'.repeat(32)}`, deviceId: `0x${'00'.repeat(32)}`,
};

buildContracts();
const { abi, bytecode } = artifact('DstackClusterNFT');
const rulesAbi = artifact('ClusterRules').abi;
const anvil = await startAnvil();
export const client = createPublicClient({ transport: http(anvil.url, { retryCount: 0 }) });
export const ask = anvil.ask;

async function send(transaction) {
  const receipt = await anvil.mined(await ask('eth_sendTransaction', transaction));
  if (receipt.status !== 'success') throw new Error(`${JSON.stringify(transaction).slice(0, 200)} failed`);
  return receipt;
}

// A cluster of its own: read(name, ...args), do(account, name, ...args), pause().
export async function newCluster(member = {}) {
  const setup = {
    name: 'Cluster', symbol: 'NODE', owner: DEPLOYER, guardian: GUARDIAN, auth: AUTH,
    member: { maxNodes: 16, networkMode: 2, ownerAdmits: true, publicAdmits: true, refundWindow: 7 * DAY, ...member },
    peer: { kmsRoot: ROOT_A, appIds: [], leaseDuration: 3600 },
    bootNeedsSeat: false, ballot: `0x${'00'.repeat(20)}`, founders: [],
  };
  const data = encodeDeployData({ abi, bytecode: bytecode.object, args: [setup] });
  const { contractAddress } = await send({ from: DEPLOYER, data });
  const address = getAddress(contractAddress);
  const read = (functionName, ...args) => client.readContract({ address, abi, functionName, args });
  return {
    address,
    read,
    do: (from, functionName, ...args) => send({ from, to: address, data: encodeFunctionData({ abi, functionName, args }) }),
    pause: async () => send({ from: GUARDIAN, to: await read('rules'), data: encodeFunctionData({ abi: rulesAbi, functionName: 'pause' }) }),
    revocations: async () => (await client.getContractEvents({ address, abi, eventName: 'NodeRevoked', fromBlock: 0n })).map((one) => one.args),
    // What the daemon's file says of it at the newest block.
    document: async () => {
      const block = await client.getBlock();
      return {
        contract: address, chainId: CHAIN_ID, digest: await read('peersDigest'),
        block: { number: Number(block.number), hash: block.hash, time: Number(block.timestamp), tag: 'latest' },
      };
    },
  };
}

// Runs in the page: a wallet whose answers come from the test.
function install({ names, announced }) {
  const listeners = {};
  globalThis.walletEmit = (event, value) => (listeners[event] ?? []).forEach((one) => one(value));
  const provider = {
    on: (event, listener) => (listeners[event] ??= []).push(listener),
    request: async ({ method, params }) => {
      const { result, error } = await globalThis.walletAsk(method, params);
      if (error) throw Object.assign(new Error(error.message), error);
      return result;
    },
  };
  if (!announced) {
    globalThis.ethereum = provider;
    return;
  }
  for (const name of names) {
    const detail = Object.freeze({ info: Object.freeze({ uuid: name, name, icon: 'data:,', rdns: 'example.wallet' }), provider });
    const announce = () => dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }));
    addEventListener('eip6963:requestProvider', announce);
    announce();
  }
}

// What a person has to answer in a wallet's window.
const PROMPTS = ['eth_requestAccounts', 'eth_sendTransaction', 'wallet_switchEthereumChain'];

// Puts a wallet into the page. What it is and does can be changed at any time: account, chainId, before
// (called with each method before it is answered; what it returns, if anything, is the answer), gas
// (estimated where none is set, as wallets do).
export async function giveWallet(page, account, { names = ['Test wallet'], announced = true } = {}) {
  const wallet = {
    account, chainId: CHAIN_ID, before: () => undefined, gas: undefined, connected: false, sent: [], prompts: [],
    emit: (event, value) => page.evaluate(([name, what]) => globalThis.walletEmit(name, what), [event, value]),
    decline: () => {
      wallet.before = (method) => (PROMPTS.includes(method) ? { error: { code: 4001, message: 'User rejected the request.' } } : undefined);
    },
  };
  async function forward(method, params) {
    try {
      return { result: await ask(method, ...params) };
    } catch (error) {
      const { code, message, data } = error.cause?.cause ?? error.cause ?? error;
      return { error: { code: code ?? -32603, message: String(message), data: data ?? error.cause?.data } };
    }
  }
  async function answer(method, params) {
    const early = await wallet.before(method, params);
    if (PROMPTS.includes(method)) wallet.prompts.push(method);
    if (early !== undefined) return early;
    if (method === 'eth_requestAccounts') wallet.connected = true;
    if (method === 'eth_requestAccounts' || method === 'eth_accounts') return { result: wallet.connected ? [wallet.account.toLowerCase()] : [] };
    if (method === 'eth_chainId') return { result: `0x${wallet.chainId.toString(16)}` };
    if (method === 'wallet_switchEthereumChain') {
      wallet.chainId = Number(params[0].chainId);
      return { result: null };
    }
    if (method !== 'eth_sendTransaction') return forward(method, params);
    const estimate = wallet.gas === undefined ? await forward('eth_estimateGas', params) : { result: wallet.gas };
    if (estimate.error) return estimate;
    wallet.sent.push(params[0]);
    return forward(method, [{ ...params[0], gas: estimate.result }]);
  }
  await page.exposeFunction('walletAsk', (method, params = []) => answer(method, params));
  await page.addInitScript(install, { names, announced });
  return wallet;
}

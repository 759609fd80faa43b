// On the page of the network: the visitor's wallet, the chain it is on, and what its node says.
import { Fault } from './api.js';
import { checkItem } from './checks.js';
import { digestAt, MODES, readState } from './cluster_state.js';
import { ether } from './ether.js';
import { $, addressValue, el, facts, longValue, parts, showFault } from './ui.js';
import { ask, askFor, askPerson, findWallets, hexNumber, NUMBER, walletFault } from './wallet.js';
import { duration } from './when.js';

const NO_INSTANCE = `0x${'0'.repeat(40)}`;

const show = parts('wallet-choice', 'wallet-wrong', 'wallet-here');

let target = null; // the list that names contract, chain and block
let provider = null;
let state = null; // what was last read for the account, or null
let round = 0; // of two reads at a time the later one counts

function saleWords({ publicAdmits, publicMinting, mintPrice }) {
  if (!publicAdmits) return 'never for sale';
  return publicMinting ? ether(mintPrice) : 'not for sale now';
}

function pauseWords({ pausedUntil }, now) {
  const left = Number(pausedUntil) * 1000 - now;
  return left > 0 ? `nobody is let in for ${duration(left)}` : 'no';
}

function showState() {
  const { account, owner, isOwner, tokenId, instance, totalSupply, maxNodes, networkMode } = state;
  facts($('wallet-facts'), [
    ['Your account', addressValue(account)],
    ['Your token', tokenId === 0n ? 'none' : String(tokenId)],
    ...(tokenId === 0n ? [] : [['Instance on it', instance === NO_INSTANCE ? 'none is named' : longValue('instance id', instance.slice(2))]]),
    ['Owner', isOwner ? 'you' : addressValue(owner)],
    ['Seats', `${totalSupply} of ${maxNodes} taken`],
    ['Networks', MODES[networkMode] ?? 'unknown'],
    ['A seat', saleWords(state)],
    ['Paused', pauseWords(state, Date.now())],
  ]);
}

// Another node than the daemon's, asked for the same thing: what the page can check for itself.
async function checkDigest({ contract, block, digest }) {
  if (block === null || digest === null) return checkItem('none', 'the digest of the list', 'The daemon has read none yet.');
  try {
    const own = await digestAt(provider, contract, block);
    if (own === digest) return checkItem('pass', `your wallet’s node has the list’s digest at block ${block.number}`);
    return checkItem('fail', `your wallet’s node has another digest at block ${block.number}`,
      'One of the two is wrong: the list above, or your wallet’s node. Ask a third before you believe either.', longValue('digest', own));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return checkItem('none', `the digest of the list at block ${block.number}`, `Your wallet’s node does not give it. ${error.what}`);
  }
}

async function onRightChain(to) {
  const chainId = Number(await askFor(NUMBER, provider, 'eth_chainId'));
  if (chainId === to.chainId) return true;
  $('wallet-wrong-words').textContent = `Your wallet is on the chain with id ${chainId}, and the contract on the one with id ${to.chainId}. Nothing is sent from there.`;
  $('switch').textContent = `Switch to chain ${to.chainId}`;
  if ($('wallet-here').contains(document.activeElement)) $('wallet-title').focus();
  show('wallet-wrong');
  return false;
}

async function read(mine, changed) {
  const to = target; // another one may be followed meanwhile
  const accounts = await ask(provider, 'eth_accounts');
  if (!Array.isArray(accounts) || !/^0x[0-9a-fA-F]{40}$/.test(accounts[0])) {
    provider = null;
    return show('wallet-choice');
  }
  if (!await onRightChain(to) || mine !== round) return undefined;
  const now = await readState(provider, to.contract, accounts[0]);
  const check = await checkDigest(to);
  if (mine !== round) return undefined;
  state = now;
  showState();
  $('wallet-checks').replaceChildren(check);
  changed({ provider, contract: to.contract, chainId: to.chainId, ...state });
  return show('wallet-here');
}

export function walletPart(changed) {
  const place = $('wallet-fault');

  // Reads anew all that the wallet knows.
  async function refresh() {
    if (provider === null || target === null) return;
    const mine = ++round;
    place.replaceChildren();
    $('read-again').setAttribute('aria-disabled', 'true');
    try {
      await read(mine, changed);
    } catch (error) {
      if (mine === round) showFault(place, error, state === null ? '' : 'What is below may be of before.', refresh);
    }
    if (mine === round) $('read-again').removeAttribute('aria-disabled');
  }

  async function connect(one) {
    place.replaceChildren();
    try {
      const accounts = await askPerson(one, 'eth_requestAccounts', []);
      if (!accounts?.length) throw walletFault('empty', 'Your wallet named no account. Allow it to name one, then try again.');
    } catch (error) {
      return showFault(place, error, '');
    }
    provider = one;
    for (const event of ['accountsChanged', 'chainChanged']) provider.on?.(event, refresh);
    await refresh();
    return $('wallet-title').focus();
  }

  $('switch').addEventListener('click', async () => {
    place.replaceChildren();
    try {
      await askPerson(provider, 'wallet_switchEthereumChain', [{ chainId: hexNumber(target.chainId) }]);
      await refresh();
      $('wallet-title').focus();
    } catch (error) {
      showFault(place, error, '');
    }
  });
  $('read-again').addEventListener('click', refresh);

  findWallets((found) => {
    $('wallet-none').hidden = found.length > 0;
    $('wallets').replaceChildren(...found.map((one) => {
      const button = el('button', { type: 'button' }, `Connect ${one.name}`);
      button.addEventListener('click', () => connect(one.provider));
      return button;
    }));
  });
  show('wallet-choice');

  // To be told of each list. What was read of another contract is not shown any longer; nothing is
  // sent where it is not known on which chain the contract is.
  function follow(list) {
    const before = target;
    target = list?.chainId == null ? null : list;
    if (before === null || target === null || (before.contract === target.contract && before.chainId === target.chainId)) return;
    state = null;
    show(provider === null ? 'wallet-choice' : '');
    refresh();
  }

  return { follow, refresh };
}

// One transaction: tried without sending, shown in words, signed in the wallet, and waited for.
import { callData, signature } from './cluster_abi.js';
import { ether } from './ether.js';
import { $, addressValue, el, facts, longValue, mark, time } from './ui.js';
import { ask, askFor, askPerson, HASH, hexNumber, NUMBER, walletFault } from './wallet.js';

const LOOK_MS = 1000;
const WAIT_MS = 600000;

const pause = () => new Promise((done) => setTimeout(done, LOOK_MS));

// Neither chain nor account may have changed under the page since what it shows was read.
async function checkSame({ provider, account, chainId }) {
  if (Number(await askFor(NUMBER, provider, 'eth_chainId')) !== chainId)
    throw walletFault('other_chain', 'Your wallet has gone to another chain. Nothing was sent. Choose the right chain there, then try again.');
  const accounts = await ask(provider, 'eth_accounts');
  if (String(accounts?.[0]).toLowerCase() !== account.toLowerCase())
    throw walletFault('other_account', 'Your wallet has gone to another account. Nothing was sent. This page now shows what is true for that one.');
}

function callOf({ account, contract }, { name, values, value = 0n }) {
  return { from: account, to: contract, data: callData(name, values), value: hexNumber(value) };
}

// The review in a dialog; true if the person goes on. What the wallet will show may be hex only.
function review({ account, contract, chainId }, { words, name, rows, value = 0n }) {
  const dialog = $('review');
  $('review-words').textContent = words;
  facts($('review-facts'), [
    ...rows,
    ['You pay', value === 0n ? 'gas only' : `${ether(value)}, and gas`],
    ['Your account', addressValue(account)],
    ['Contract', el('span', { class: 'mono' }, contract)],
    ['Chain id', String(chainId)],
    ['Call', el('code', {}, signature(name))],
  ]);
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener('close', () => answer(dialog.returnValue === 'go'), { once: true });
  });
}

// A line among the transactions of this visit, newest first; gives what writes its state.
function entry(words, hash) {
  const state = el('div', { class: 'hint below' });
  const line = el('li', {}, el('strong', {}, words), el('div', {}, longValue('transaction hash', hash)), state);
  $('transactions').prepend(line);
  $('transactions-none').hidden = true;
  return (sign, sentence, ...more) => {
    state.replaceChildren(mark(sign), ` ${sentence}`, ...more);
    $('transaction-said').textContent = `${words} ${sentence}`;
  };
}

async function receiptOf(provider, hash) {
  for (const end = Date.now() + WAIT_MS; Date.now() < end; await pause()) {
    const receipt = await ask(provider, 'eth_getTransactionReceipt', [hash]);
    if (receipt !== null && receipt !== undefined) return receipt;
  }
  return null;
}

// Why it failed in its block: the same call there says it again.
async function whyFailed({ provider }, call, receipt) {
  try {
    await ask(provider, 'eth_call', [call, receipt.blockNumber]);
  } catch (error) {
    return error.what;
  }
  return 'Its node does not say why.';
}

async function follow(by, call, hash, write) {
  write('none', 'Sent. Waiting for a block to take it.');
  let receipt;
  try {
    receipt = await receiptOf(by.provider, hash);
  } catch (error) {
    write('none', `Sent, but what became of it is not known. ${error.what}`);
    throw error;
  }
  if (receipt === null) {
    write('none', 'Sent, and in no block within ten minutes. It may still get there: your wallet shows it.');
    throw walletFault('pending', 'The transaction was sent and is in no block yet. It may still get there: look in your wallet before you send another.');
  }
  if (Number(receipt.status) !== 1) {
    const why = await whyFailed(by, call, receipt);
    write('fail', `Refused in block ${Number(receipt.blockNumber)}: nothing was changed, gas was paid. ${why}`);
    throw walletFault('refused', `The transaction failed: nothing was changed, but gas was paid. ${why}`);
  }
  write('pass', `Done in block ${Number(receipt.blockNumber)}, `, time(new Date().toISOString()));
}

// by: {provider, account, contract, chainId}. what: {words: the sentence of what will happen; name and
// values of the call; rows: [term, node] pairs that say what they mean; value in wei}. True if it was
// done, false if the person thought better of it; else a Fault.
export async function transact(by, what) {
  const call = callOf(by, what);
  await checkSame(by);
  await ask(by.provider, 'eth_call', [call, 'latest']);
  if (!await review(by, what)) return false;
  await checkSame(by);
  const hash = await askPerson(by.provider, 'eth_sendTransaction', [{ ...call, chainId: hexNumber(by.chainId) }]);
  if (typeof hash !== 'string' || !HASH.test(hash))
    throw walletFault('unreadable', 'Your wallet gave no hash of a transaction. Whether one was sent is not known: look there.');
  await follow(by, call, hash, entry(what.words, hash));
  return true;
}

// On the page of the network: what can be done with a wallet, each thing a form.
import { MODES } from './cluster_state.js';
import { ether, parseEther } from './ether.js';
import { transact } from './transact.js';
import { $, el, onSubmit } from './ui.js';
import { walletFault } from './wallet.js';
import { duration } from './when.js';

const FREE = '0'.repeat(40);
const MOST_REASON = 256;

let by = null; // {provider, contract, chainId} and all of the contract's state for the account

const mono = (text) => el('span', { class: 'mono' }, text);

function addressIn(field) {
  const text = field.value.trim();
  if (!/^0x[0-9a-fA-F]{40}$/.test(text) || /^0x0*$/.test(text))
    throw walletFault('address', 'This is not an address of a wallet: 0x and 40 hex digits.', field.name);
  return text;
}

// 40 hex digits, or '' where that is allowed.
function instanceIn(field, mayBeEmpty) {
  const text = field.value.trim().replace(/^0x/, '').toLowerCase();
  if (text === '' && mayBeEmpty) return '';
  if (!/^[0-9a-f]{40}$/.test(text)) throw walletFault('instance', 'This is not an instance id: 40 hex digits, with or without 0x.', field.name);
  return text;
}

function numberIn(field, what) {
  const text = field.value.trim();
  if (!/^\d{1,15}$/.test(text)) throw walletFault('number', `${what} is a whole number.`, field.name);
  return BigInt(text);
}

const price = () => (by.isOwner && by.ownerAdmits ? 0n : by.mintPrice);

const ACTIONS = {
  mint({ to, instance }) {
    const holder = addressIn(to), id = instanceIn(instance, true);
    return {
      words: `Give a seat to ${holder}.`, name: 'mintNodeAccess', values: [holder, id], value: price(),
      rows: [['Holder', mono(holder)], ['Instance', id === '' ? 'to be named later' : mono(id)]],
    };
  },

  assign({ instance }) {
    const id = instanceIn(instance, true);
    return {
      words: id === '' ? `Name no instance on token ${by.tokenId} any more.` : `Name the instance that sits on token ${by.tokenId}.`,
      name: 'assignInstance', values: [by.tokenId, `0x${id || FREE}`],
      rows: [['Token', String(by.tokenId)], ['Instance', id === '' ? 'none; who is a member by it leaves' : mono(id)]],
    };
  },

  resign() {
    return {
      words: `Give up token ${by.tokenId} for good. The price is not given back.`, name: 'resign', values: [by.tokenId],
      rows: [['Token', String(by.tokenId)]],
    };
  },

  config({ seats, network }) {
    const count = numberIn(seats, 'The number of seats'), mode = BigInt(network.value);
    return {
      words: `Allow ${count} seats, and as network ${MODES[mode]}.`, name: 'setClusterConfig', values: [count, mode],
      rows: [['Seats', String(count)], ['Networks', MODES[mode]]],
    };
  },

  policy({ price: field, sell }) {
    const wei = parseEther(field.value.trim());
    if (wei === undefined) throw walletFault('price', 'This is not a price: a number such as 0.05, with up to 18 digits after the point.', field.name);
    return {
      words: sell.checked ? `Sell seats to anybody, for ${ether(wei)} each.` : 'Sell no seats.',
      name: 'setMintingPolicy', values: [wei, sell.checked],
      rows: [['Price of a seat', ether(wei)], ['For sale', sell.checked ? 'yes, to anybody' : 'no']],
    };
  },

  revoke({ token, reason }) {
    const id = numberIn(token, 'A token'), text = reason.value.trim();
    if (text === '') throw walletFault('reason', 'Say why: the reason is for ever in the log of the chain.', reason.name);
    if (new TextEncoder().encode(text).length > MOST_REASON) throw walletFault('reason', `The reason is longer than ${MOST_REASON} bytes.`, reason.name);
    return {
      words: `Take the holder of token ${id} out of the cluster.`, name: 'revoke', values: [id, text],
      rows: [['Token', String(id)], ['Reason, for everybody to read', text]],
    };
  },

  expire({ token }) {
    const id = numberIn(token, 'A token');
    return {
      words: `Take the member on token ${id}, whose lease has ended, off the contract’s list.`, name: 'expirePeer', values: [id],
      rows: [['Token', String(id)]],
    };
  },
};

function refundWords() {
  const back = Number(by.refundWindow) * 1000;
  return back > 0 ? `Who is revoked within ${duration(back)} of buying gets the price back.` : 'The price is never given back.';
}

function mintWords() {
  if (by.isOwner && by.ownerAdmits) return 'As the owner you give seats away: you pay gas only.';
  if (!by.publicMinting) return '';
  return `A seat costs ${ether(by.mintPrice)}. ${refundWords()}`;
}

// A form that says why it was refused stays where it is.
function hide(id, hidden) {
  $(id).hidden = hidden && $(id).querySelector('.fault') === null;
}

// Only what this account may try is offered; whether it may, the contract says.
function offer() {
  const terms = mintWords();
  hide('mint', terms === '');
  $('mint-terms').textContent = terms;
  $('mint-closed').hidden = terms !== '';
  for (const id of ['assign', 'resign']) hide(id, by.tokenId === 0n);
  for (const node of document.querySelectorAll('.of-token')) node.textContent = String(by.tokenId);
  $('owner-actions').hidden = !by.isOwner;
  $('revoke-refund').textContent = refundWords();
  $('policy').hidden = !by.publicAdmits;
  $('policy-closed').hidden = by.publicAdmits;
}

// A field's value in force: it stands there until the person types, and again once the form was sent.
function preset(id, value) {
  const field = $(id);
  if (field.value === field.defaultValue) field.value = value;
  field.defaultValue = value;
}

function presetTick(field, ticked, untouched) {
  if (untouched) field.checked = ticked;
  field.defaultChecked = ticked;
}

function fill() {
  const networks = [...$('config').elements.network];
  const untouched = networks.every((one) => one.checked === one.defaultChecked);
  for (const one of networks) presetTick(one, one.value === String(by.networkMode), untouched);
  presetTick($('policy-sell'), by.publicMinting, $('policy-sell').checked === $('policy-sell').defaultChecked);
  preset('mint-to', by.tokenId === 0n ? by.account : '');
  preset('config-seats', String(by.maxNodes));
  preset('policy-price', ether(by.mintPrice).split(' ')[0]);
}

// done() is called after a transaction, for all to be read anew.
export function actions(done) {
  for (const [id, plan] of Object.entries(ACTIONS)) {
    const form = $(id);
    onSubmit(form, () => '', async (fields) => {
      try {
        if (!await transact(by, plan(fields))) return;
      } catch (error) {
        done(); // not waited for: what refused is said first, and keeps its form in sight
        throw error;
      }
      form.reset();
      await done();
    });
  }

  // To be told of what the wallet's node says.
  return (state) => {
    by = state;
    offer();
    fill();
  };
}


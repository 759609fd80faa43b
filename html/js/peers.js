// The list of peers as this page relies on it. What the server says is shown only if all of it reads.
import { Fault } from './api.js';

const text = (value) => typeof value === 'string' && value.length <= 1024;
const whole = (value) => Number.isSafeInteger(value) && value >= 0;
const flag = (value) => typeof value === 'boolean';
const hex = (digits) => (value) => text(value) && value.length === digits && /^[0-9a-f]*$/.test(value);
const hash = (value) => text(value) && /^0x[0-9a-f]{64}$/.test(value);
const address = (value) => text(value) && /^0x[0-9a-fA-F]{40}$/.test(value);
const one = (...words) => (value) => words.includes(value);
const orNull = (check) => (value) => value === null || check(value);
const object = (members) => (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
  && Object.entries(members).every(([name, check]) => check(value[name]));

const isPeer = object({
  tokenId: whole, instanceId: hex(40), appId: hex(40), network: one('tls-gateway', 'wireguard'), endpoint: text,
  wireguardKey: orNull(text), address: orNull(text), address6: orNull(text), leaseUntil: whole, self: flag, verified: orNull(flag),
});

const isList = object({
  contract: address, chainId: orNull(whole), mode: one('tls', 'wireguard'),
  self: object({
    instanceId: hex(40), appId: hex(40), account: address, tokenId: orNull(whole), leaseUntil: orNull(whole),
    registration: one('registered', 'pending', 'none', 'failed'), detail: orNull(text),
  }),
  block: orNull(object({ number: whole, hash, time: whole, tag: one('finalized', 'safe', 'latest') })),
  digest: orNull(hash), readAtMs: orNull(whole), ageMs: orNull(whole),
  error: orNull(object({ code: text, detail: text })),
  peers: (value) => Array.isArray(value) && value.every(isPeer),
});

export function readPeers(answer) {
  if (!isList(answer)) throw new Fault({ code: 'unreadable' });
  return answer;
}

// By code of an error that the daemon met: what happened, and what to do.
const ERRORS = {
  daemon: ['What watches the network has stopped.', 'Whoever runs this node: start devproof cluster run again, and see its log.'],
  node: ['No Ethereum node gives a usable answer.', 'The daemon tries again by itself. If it stays so, give it other nodes in RPC_URL.'],
  lie: ['An Ethereum node says what is proven wrong, or what another denies.', 'Nothing that it said was taken. Whoever runs this node: replace that node in RPC_URL.'],
  stale: ['The newest block is too old.', 'Either the chain stands still or an Ethereum node lags behind: compare with another.'],
  nocluster: ['There is no cluster contract at the address.', 'Whoever runs this node: check CLUSTER_CONTRACT, and that RPC_URL is of the right chain.'],
  guest: ['The guest agent of this node gives no usable answer.', 'Whoever runs this node: see that dstack’s guest agent is running.'],
  setting: ['A setting of the daemon is missing or wrong.', 'Whoever runs this node: mend it and start devproof cluster run again.'],
  noseat: ['No token names this instance.', 'Whoever holds the token names it, below, with the wallet that holds it.'],
  refused: ['The contract refuses this node, or its account has too little for gas.', 'See why below, and mend that.'],
  pending: ['A transaction of this node is in no block yet.', 'It may still get there. Wait.'],
};

export function errorWords({ code }) {
  return ERRORS[code] ?? ['The daemon met a fault.', ''];
}

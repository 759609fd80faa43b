// On the page of the network: its members, this node, and how the list is known.
import { $, addressValue, cell, el, facts, longValue, mark, say, textValue, time } from './ui.js';
import { duration } from './when.js';

const NETWORKS = { tls: 'TLS through a gateway', wireguard: 'WireGuard' };
const TAGS = { finalized: 'final', safe: 'unlikely to be undone', latest: 'the newest, which can still be undone' };
const SELF = {
  registered: ['pass', 'This node is registered.'],
  pending: ['none', 'This node has asked to be let in; that is in no block yet.'],
  none: ['none', 'This node is not registered: it only watches.'],
  failed: ['fail', 'This node could not register.'],
};
const TUNNEL = {
  true: ['pass', 'has proven its tunnel’s key'], false: ['fail', 'has not proven its tunnel’s key'], null: ['none', 'tunnel’s key not checked'],
};

const utc = (seconds) => new Date(seconds * 1000);

function lease(until) {
  return el('time', { class: 'lease', datetime: utc(until).toISOString(), title: utc(until).toUTCString() });
}

// What is left of each lease, in words.
export function tickLeases(now) {
  for (const node of document.querySelectorAll('time.lease')) {
    const left = Date.parse(node.dateTime) - now;
    node.textContent = left < 0 ? `ended ${duration(-left)} ago` : `${duration(left)} left`;
  }
}

function networkCell({ network, verified, address, address6 }) {
  if (network !== 'wireguard') return cell('Network', NETWORKS.tls);
  const [state, words] = TUNNEL[verified];
  return cell('Network', NETWORKS.wireguard,
    ...[address, address6].filter(Boolean).map((one) => el('div', { class: 'mono' }, one)),
    el('div', { class: 'hint' }, mark(state), ` ${words}`));
}

function endpointCell({ endpoint, wireguardKey }) {
  const key = wireguardKey === null ? [] : [el('div', {}, longValue('WireGuard key', wireguardKey))];
  return cell('Endpoint', textValue('endpoint', endpoint), ...key);
}

function row(peer) {
  const own = peer.self ? [' ', el('span', { class: 'pill' }, 'this node')] : [];
  return el('tr', { role: 'row' },
    cell('Token', String(peer.tokenId), ...own),
    cell('Instance', longValue('instance id', peer.instanceId)),
    cell('App', longValue('app id', peer.appId)),
    networkCell(peer),
    endpointCell(peer),
    cell('Lease', lease(peer.leaseUntil)));
}

export function showMembers({ peers, readAtMs }) {
  $('member-rows').replaceChildren(...peers.map(row));
  $('members').hidden = peers.length === 0;
  $('members-none').hidden = peers.length > 0;
  $('members-none').textContent = readAtMs === null ? 'Not known: no list was ever read.'
    : 'Nobody. A node appears here once somebody holds a seat for it and it has registered.';
}

// listed: is it on the list, too? That is of a block that is sure to stay, which comes later.
export function showSelf({ instanceId, appId, account, tokenId, leaseUntil, registration, detail, listed }) {
  const [state, sentence] = SELF[registration];
  const where = registration !== 'registered' ? '' : listed ? 'It is in the list.' : 'It is not in the list yet: that is of an older block.';
  say($('self-state'), state, [sentence, where, detail].filter(Boolean).join(' '));
  facts($('self-facts'), [
    ['Token', tokenId === null ? 'none' : String(tokenId)],
    ['Lease', leaseUntil === null ? 'none' : lease(leaseUntil)],
    ['Instance', longValue('instance id', instanceId)],
    ['App', longValue('app id', appId)],
    ['Account that pays', addressValue(account)],
  ]);
}

export function showProof({ contract, chainId, mode, block, digest }) {
  facts($('proof-facts'), [
    ['Contract', addressValue(contract)],
    ['Chain id', chainId === null ? 'no node was ever heard' : String(chainId)],
    ['Network', NETWORKS[mode]],
    ...(block === null ? [['Block', 'none was read']] : [
      ['Block', `${block.number}, ${TAGS[block.tag]}`],
      ['Block’s time', time(utc(block.time).toISOString())],
      ['Block’s hash', longValue('block hash', block.hash)],
    ]),
    ['Digest', digest === null ? 'none was read' : longValue('digest', digest)],
  ]);
}

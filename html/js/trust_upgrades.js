// Upgrades on the page: what is pending, by which rules, and all that was.
import { toHex } from './bytes.js';
import { checkItem } from './checks.js';
import { $, addressValue, el, facts, longValue, time } from './ui.js';
import { duration } from './when.js';

const NEWEST = 10, SHOWN = 100; // entries of the history; the report has all
const NONE = {
  report: 'Without a report there is nothing to show here.',
  appauth: 'The report says of no contract that decides about upgrades. Then whoever runs this server decides, at any time and unseen.',
};

const shortHash = (value) => longValue('value', value);
const yesNo = (value) => (/^0x0*$/.test(value) ? 'no' : 'yes');
const address = (value) => addressValue(`0x${value.slice(-40)}`);
const nothing = () => '';

// By change: what it does, and how its value reads.
const CHANGES = {
  AddComposeHash: ['allow new code', shortHash], RemoveComposeHash: ['no longer allow code', shortHash],
  AddDevice: ['allow a machine', shortHash], RemoveDevice: ['no longer allow a machine', shortHash],
  SetAllowAnyDevice: ['allow any machine:', yesNo], SetRequireTcbUpToDate: ['demand up-to-date platforms:', yesNo],
  SetGuardian: ['another guardian', address], SetOwner: ['another owner', address],
  SetNotice: ['another notice period:', (value) => duration(1000 * Number(value))],
  DisableUpgrades: ['end all upgrades for good', nothing], Pause: ['pause', nothing], Unpause: ['end the pause', nothing],
};

function changeWords({ change, value }) {
  const [words, read] = CHANGES[change] ?? [change, shortHash];
  return [el('strong', {}, words), ' ', /^0x[0-9a-f]{64}$/i.test(value) ? read(value) : value];
}

const moment = (seconds) => time(new Date(1000 * seconds).toISOString());

// What becomes of a proposal at this time, whatever it was when the report was made.
function fate({ due, expires }, now) {
  if (expires !== null && now >= 1000 * expires) return ['has expired since the report: nothing comes of it'];
  if (now < 1000 * due) return [`activates in ${duration(1000 * due - now)} at the earliest, `, moment(due)];
  return ['can take effect at any time, since ', moment(due), ...(expires === null ? [] : [', until ', moment(expires)])];
}

function pendingItem(proposal, now) {
  const item = el('li', {}, ...changeWords(proposal));
  const line = el('div', { class: 'below' });
  const tick = (at) => line.replaceChildren(...fate(proposal, at));
  tick(now);
  item.append(line, el('div', { class: 'hint below' }, 'proposed ', proposal.proposed === null ? 'at a time that is not known' : moment(proposal.proposed)));
  return { item, tick };
}

function showPending({ proposals, block }, now) {
  const open = proposals.filter(({ status, due }) => due !== null && (status === 'waiting' || status === 'due'));
  const items = open.map((proposal) => pendingItem(proposal, now));
  $('pending').replaceChildren(...items.map(({ item }) => item));
  if (items.length === 0) $('pending').append(el('li', {}, 'Nothing was pending at ', moment(block.time), '.'));
  return (at) => items.forEach(({ tick }) => tick(at));
}

// A value, and whether the contract's storage proves it or its code was asked.
function told({ value, proven }, read) {
  return el('span', {}, read(value), proven ? '' : ' (told by a node, not proven)');
}

function showRules(auth) {
  const flag = (value) => (value ? 'yes' : 'no'), span = (value) => (value === null ? 'none' : duration(1000 * value));
  facts($('rules'), [
    ['Contract', addressValue(auth.address)], ['Chain', String(auth.chainId)],
    ['Seen at', el('span', {}, `block ${auth.block.number} (${auth.block.tag}), `, moment(auth.block.time), `, said by ${auth.block.witnesses.join(', ')}`)],
    ['Notice before a change', told(auth.notice, span)], ['Users can leave for', told(auth.exitWindow, span)],
    ['No more upgrades, ever', told(auth.upgradesDisabled, flag)], ['Paused', told(auth.paused, flag)],
    ['The contract’s own code can be replaced', told(auth.upgradeable, flag)],
    ['Owner', auth.renounced.value ? 'nobody: the owner has renounced' : told(auth.owner, addressValue)],
    ['Guardian, who may pause', told(auth.guardian, addressValue)],
  ]);
}

function eventItem(event) {
  return el('li', {}, moment(event.time), el('div', {}, `${event.action}: `, ...changeWords(event)),
    el('div', { class: 'hint' }, 'by ', longValue('actor', event.actor)));
}

function showHistory({ history }) {
  const items = history.slice(-SHOWN).reverse().map(eventItem);
  $('history').replaceChildren(...items.slice(0, NEWEST));
  $('earlier-history').replaceChildren(...items.slice(NEWEST));
  $('earlier').hidden = items.length <= NEWEST;
  $('history-more').textContent = history.length > SHOWN ? `These are the newest ${SHOWN} of ${history.length}; the report has all.` : '';
}

function showWarnings({ disagreements }) {
  $('upgrades-warning').replaceChildren(...(disagreements.length === 0 ? []
    : [el('ul', { class: 'checks' }, ...disagreements.map((one) => checkItem('fail', one)))]));
}

// Gives a function that brings the countdowns up to date.
export function showUpgrades(report) {
  const auth = report?.appauth ?? null;
  $('upgrades-none').textContent = auth !== null ? 'As the operator’s report has it, read from the contract that decides which code gets this app’s keys.'
    : NONE[report === null ? 'report' : 'appauth'];
  $('upgrades-parts').hidden = auth === null;
  if (auth === null) return () => {};
  showWarnings(auth);
  showRules(auth);
  showHistory(auth);
  return showPending(auth, Date.now());
}

// What the contract says of the code that answered the live check: a row, or null.
export function codeRow(live, report) {
  const hash = live?.facts['compose-hash'], auth = report?.appauth;
  if (!hash || !auth) return null;
  const version = auth.versions.find((one) => one.hash.toLowerCase() === `0x${toHex(hash)}`);
  if (version?.allowed) return checkItem('pass', `The code that answered is version ${version.version}, which the contract allows, says the report`);
  return checkItem('fail', 'The code that answered is none that the contract allows, says the report', 'Either the report is older than the code, or the code runs without the contract’s leave.');
}

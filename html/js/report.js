// Reads a report of `devproof audit --json`, which is as little to be trusted as any other text: its
// form has to be right to the last member that is shown, and what follows from its claims is
// computed again, not taken from what it says.
import { Refused } from './bytes.js';

export const REPORT_MAX = 4 << 20; // bytes
const FORMAT = 'devproof-report/1';
const VERDICTS = { pass: 'pass', fail: 'fail', 'not checked': 'none' };
const MAX = { text: 64 << 10, claims: 500, powers: 200, requirements: 200, stages: 9, history: 10000 };

// --- one value of a form; `where` is its place, for the sentence ---

function refuse(where, what) {
  throw new Refused(`${where} ${what}.`);
}

function text(value, where) {
  if (typeof value !== 'string' || value.length > MAX.text) refuse(where, 'is no text, or too long');
  return value;
}

function optional(value, where) {
  return value === null ? null : text(value, where);
}

function flag(value, where) {
  if (typeof value !== 'boolean') refuse(where, 'is neither true nor false');
  return value;
}

function number(value, where, max = Number.MAX_SAFE_INTEGER) {
  if (!Number.isSafeInteger(value) || value < 0 || value > max) refuse(where, 'is no whole number, or too large');
  return value;
}

function object(value, where) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) refuse(where, 'is missing or no object');
  return value;
}

function list(value, where, max, read) {
  if (!Array.isArray(value) || value.length > max) refuse(where, `is no list, or one of more than ${max}`);
  return value.map((item, i) => read(item, `${where}[${i}]`));
}

function verdict(value, where) {
  if (!Object.hasOwn(VERDICTS, value)) refuse(where, 'is no verdict');
  return VERDICTS[value];
}

// Seconds since 1970, up to the year 9999; null where it has not come.
function seconds(value, where) {
  return value === null ? null : number(value, where, 253402300799);
}

// --- claims and stage ---

function claim(value, where) {
  const { id, title, required, verdict: said, expected, found, source, note } = object(value, where);
  return {
    id: text(id, `${where}.id`), title: text(title, `${where}.title`), required: flag(required, `${where}.required`),
    state: verdict(said, `${where}.verdict`), expected: optional(expected, `${where}.expected`),
    found: optional(found, `${where}.found`), source: optional(source, `${where}.source`), note: optional(note, `${where}.note`),
  };
}

function power(value, where) {
  const { who, what, limit } = object(value, where);
  return { who: text(who, `${where}.who`), what: text(what, `${where}.what`), limit: optional(limit, `${where}.limit`) };
}

// Met when every claim of it passes, failed when one fails, else not checked: lib/verdict/stages.h
function stateOf(ids, states) {
  if (ids.some((id) => states.get(id) === 'fail')) return 'fail';
  return ids.length > 0 && ids.every((id) => states.get(id) === 'pass') ? 'pass' : 'none';
}

function requirement(value, where, states) {
  const { stage, id, text: words, source, claims, verdict: said, note } = object(value, where);
  const ids = list(claims, `${where}.claims`, MAX.claims, text);
  const state = stateOf(ids, states);
  if (verdict(said, `${where}.verdict`) !== state) refuse(where, 'says another verdict than its claims');
  return {
    stage: number(stage, `${where}.stage`, MAX.stages), id: text(id, `${where}.id`), text: text(words, `${where}.text`),
    source: text(source, `${where}.source`), state, note: optional(note, `${where}.note`),
  };
}

function reached(requirements) {
  let stage = 0;
  const of = (n) => requirements.filter((one) => one.stage === n);
  while (of(stage + 1).length > 0 && of(stage + 1).every(({ state }) => state === 'pass')) stage++;
  return stage;
}

function stageOf(value, states) {
  const { stage, name, draft, next, requirements: rows } = object(value, 'stage');
  const requirements = list(rows, 'stage.requirements', MAX.requirements, (row, where) => requirement(row, where, states));
  if (number(stage, 'stage.stage', MAX.stages) !== reached(requirements)) refuse('stage', 'is not the one that its requirements reach');
  if (next !== null && number(next, 'stage.next', MAX.stages) !== stage + 1) refuse('stage.next', 'is not the stage after it');
  return { stage, name: text(name, 'stage.name'), draft: text(draft, 'stage.draft'), next, requirements };
}

// --- the contract that decides what code gets the keys: devproof appauth show --json ---

// A member {value, source}.
function fact(from, name, read) {
  const { value, source } = object(from[name], `appauth.${name}`);
  return { value: read(value, `appauth.${name}.value`), proven: text(source, `appauth.${name}.source`) === 'proven' };
}

function version(value, where) {
  const { version: n, composeHash, allowed, activatedAt, retiredAt } = object(value, where);
  return {
    version: number(n, `${where}.version`), hash: text(composeHash, `${where}.composeHash`), allowed: flag(allowed, `${where}.allowed`),
    since: seconds(activatedAt, `${where}.activatedAt`), until: seconds(retiredAt, `${where}.retiredAt`),
  };
}

function proposal(value, where) {
  const { change, value: to, status, proposedAt, activatesAt, expiresAt } = object(value, where);
  if (!['void', 'expired', 'waiting', 'due'].includes(status)) refuse(`${where}.status`, 'is none that is known');
  return {
    change: text(change, `${where}.change`), value: text(to, `${where}.value`), status,
    proposed: seconds(proposedAt, `${where}.proposedAt`), due: seconds(activatesAt, `${where}.activatesAt`),
    expires: seconds(object(expiresAt, `${where}.expiresAt`).value, `${where}.expiresAt.value`),
  };
}

function event(value, where) {
  const { time, action, change, value: to, actor } = object(value, where);
  return {
    time: seconds(number(time, `${where}.time`), `${where}.time`), action: text(action, `${where}.action`),
    change: text(change, `${where}.change`), value: text(to, `${where}.value`), actor: text(actor, `${where}.actor`),
  };
}

function rows(from, name, read) {
  return fact(from, name, (value, where) => list(value, where, MAX.history, read)).value;
}

function appauth(value) {
  const from = object(value, 'appauth');
  const block = object(from.block, 'appauth.block');
  return {
    address: text(from.address, 'appauth.address'), chainId: number(from.chainId, 'appauth.chainId'),
    block: {
      number: number(block.number, 'appauth.block.number'), time: seconds(block.time, 'appauth.block.time'), tag: text(block.tag, 'appauth.block.tag'),
      witnesses: list(block.witnesses, 'appauth.block.witnesses', MAX.powers, text),
    },
    owner: fact(from, 'owner', text), renounced: fact(from, 'ownerRenounced', flag), guardian: fact(from, 'guardian', text),
    notice: fact(from, 'noticePeriod', seconds), exitWindow: fact(from, 'exitWindow', seconds), paused: fact(from, 'paused', flag),
    upgradesDisabled: fact(from, 'upgradesDisabled', flag), upgradeable: fact(from, 'upgradeable', flag),
    versions: rows(from, 'composeHashes', version), proposals: rows(from, 'proposals', proposal), history: rows(from, 'history', event),
    disagreements: list(from.disagreements, 'appauth.disagreements', MAX.powers, text),
  };
}

// --- the whole ---

function parse(json) {
  try {
    return JSON.parse(json);
  } catch {
    throw new Refused('It is not JSON.');
  }
}

function address(value) {
  try {
    return new URL(text(value, 'url')).href;
  } catch (error) {
    if (error instanceof Refused) throw error;
    return refuse('url', 'is no address of a service');
  }
}

function moment(value) {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value) ? Date.parse(value) : NaN;
  if (Number.isNaN(at)) refuse('at', 'is no time');
  return at;
}

// Throws Refused, with a sentence, or gives all of it; `at` in Unix ms.
export function readReport(json) {
  const said = object(parse(json), 'The report');
  if (said.format !== FORMAT) refuse('format', `is not ${FORMAT}`);
  const claims = list(said.claims, 'claims', MAX.claims, claim);
  const states = new Map(claims.map(({ id, state }) => [id, state]));
  if (states.size !== claims.length) refuse('claims', 'has one id twice');
  const required = claims.filter((one) => one.required);
  return {
    url: address(said.url), at: moment(said.at), claims, states,
    holds: required.length > 0 && required.every(({ state }) => state === 'pass'),
    powers: list(said.powers, 'powers', MAX.powers, power),
    stage: stageOf(said.stage, states),
    appauth: said.appauth === undefined || said.appauth === null ? null : appauth(said.appauth),
  };
}

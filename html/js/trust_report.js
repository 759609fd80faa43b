// The operator's report on the page: how old, which stage and why not the next, what was claimed.
import { Fault, getText } from './api.js';
import { Refused } from './bytes.js';
import { checkItem, heading } from './checks.js';
import { readReport, REPORT_MAX } from './report.js';
import { $, el, facts, mark, say, showFault, time } from './ui.js';
import { duration } from './when.js';

const OLD_MS = 7 * 86400 * 1000;
const NONE = 'There is no report: the people who run this have published none. Your browser’s check and your own do not need it.';

function code(text) {
  return el('span', { class: 'mono' }, text);
}

function claimCard({ state, title, required, expected, found, source, note }) {
  const list = el('dl', { class: 'facts' });
  const said = [['Expected', expected && code(expected)], ['Found', found && code(found)], ['Expectation from', source], ['Note', note]];
  facts(list, [...said.filter(([, value]) => value), ['Without it', required ? 'the whole report fails' : 'the report may still hold']]);
  const card = el('details', { class: `claim ${state}` }, el('summary', {}, ...heading(state, title)), list);
  card.open = state === 'fail';
  return card;
}

function requirementsOf(stage, requirements) {
  return el('div', {}, el('h4', {}, `Stage ${stage}`), el('ul', { class: 'checks' },
    ...requirements.map(({ state, text, note, source }) => checkItem(state, text, note, source))));
}

function showStage({ stage, name, draft, next, requirements }) {
  $('stage-title').textContent = `Stage ${stage}. ${name}`;
  $('stage-rules').textContent = next === null ? `The highest stage of ${draft}.`
    : `Of ${draft}. It is not stage ${next} as long as one requirement of it does not pass:`;
  const stages = [...new Set(requirements.map((one) => one.stage))].sort();
  // The next stage stands open; what was reached, and what is beyond it, can be opened.
  $('stage-requirements').replaceChildren(...stages.map((one) => {
    const part = requirementsOf(one, requirements.filter((row) => row.stage === one));
    if (one === next) return part;
    part.firstChild.remove();
    return el('details', {}, el('summary', {}, `Stage ${one}`), part);
  }));
}

function powerItem({ who, what, limit }) {
  return el('li', {}, el('strong', {}, who), `: ${what}`, ...(limit === null ? [] : [el('div', { class: 'hint' }, limit)]));
}

function ageSentence({ url, at, holds }, now) {
  const said = holds ? 'It says that every required claim holds.' : 'It says that not every required claim holds.';
  if (new URL(url).host !== location.host) return ['fail', `This report is about ${url}, not about this page’s server.`];
  if (at > now + 60000) return ['fail', 'This report is of a later date than now: either it is false or a clock is wrong.'];
  const old = now - at > OLD_MS ? ' That is old: ask for a new one.' : '';
  return [holds ? 'none' : 'fail', `${said} It is ${duration(now - at)} old.${old} Until you have run the command yourself, it is the operator’s word.`];
}

export function showAge(report, now) {
  const [state, sentence] = ageSentence(report, now);
  say($('report-age'), state, sentence);
  $('report-age').append(' Made ', time(new Date(report.at).toISOString()), '.');
}

function show(report) {
  showAge(report, Date.now());
  showStage(report.stage);
  $('claims').replaceChildren(...report.claims.map(claimCard));
  $('powers').replaceChildren(...report.powers.map(powerItem));
  if (report.powers.length === 0) $('powers').append(el('li', {}, 'The report names nothing.'));
  $('report-parts').hidden = false;
}

function showRefusal({ message }) {
  $('report-fault').replaceChildren(el('div', { class: 'fault' },
    el('p', {}, mark('fail'), ` The report cannot be believed, so nothing of it is shown. ${message}`)));
}

// Gives the report, or null: then the page has said why.
export async function loadReport(retry) {
  $('report-fault').replaceChildren();
  try {
    const report = readReport(await getText('/trust/report.json', REPORT_MAX));
    show(report);
    return report;
  } catch (error) {
    if (error instanceof Refused) showRefusal(error);
    else if (error instanceof Fault && error.problem.status === 404) say($('report-age'), 'none', NONE);
    else showFault($('report-fault'), error, 'The operator’s report cannot be shown now.', retry);
    return null;
  }
}

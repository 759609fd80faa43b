// Trust: can the people who run this cheat me? Their report, the browser's own check, the command.
import { session } from './session.js';
import { showChain } from './trust_chain.js';
import { liveCheck } from './trust_live.js';
import { loadReport, showAge } from './trust_report.js';
import { codeRow, showUpgrades } from './trust_upgrades.js';
import { $, copyButton, el } from './ui.js';

const TICK_MS = 15000;

let live = null, report = null;

function showTogether() {
  showChain(live, report);
  $('live-code').replaceChildren(...[codeRow(live, report)].filter(Boolean));
}

function showCommand() {
  const text = `devproof audit ${location.origin}`;
  $('own-command').replaceChildren(el('div', { class: 'sample' },
    el('div', { class: 'title-row' }, el('p', {}, 'In a shell'), copyButton('command', text)),
    el('pre', { tabindex: '0', 'aria-label': 'command' }, text)));
}

async function startReport() {
  report = await loadReport(startReport);
  const tick = showUpgrades(report);
  showTogether();
  if (report !== null)
    setInterval(() => {
      showAge(report, Date.now());
      tick(Date.now());
    }, TICK_MS);
}

showCommand();
showTogether();
liveCheck((found) => {
  live = found;
  showTogether();
});
startReport();
session().catch(() => {});

// Rows of what was checked: its mark, its word, what it is about, and why.
import { el, mark } from './ui.js';

export const WORDS = { pass: 'pass', fail: 'fail', none: 'not checked' };

export function heading(state, title) {
  return [mark(state), ` ${WORDS[state]}: ${title}`];
}

// below: texts or nodes, each in a line of its own; what is empty is left out.
export function checkItem(state, title, ...below) {
  return el('li', { class: state }, ...heading(state, title),
    ...below.filter(Boolean).map((line) => el('div', { class: 'hint below' }, line)));
}

// Of several states the one that counts: one failure fails, and all have to pass.
export function together(states) {
  if (states.includes('fail')) return 'fail';
  return states.length > 0 && states.every((state) => state === 'pass') ? 'pass' : 'none';
}

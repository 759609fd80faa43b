// What the pages share: building nodes, long values, copying, forms, faults.
import { Fault } from './api.js';
import { identicon } from './identicon.js';

const COPIED_MS = 2000;
const MARKS = { pass: '✓', fail: '✗', none: '–' };

export function $(id) {
  return document.getElementById(id);
}

export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// Of the page's parts with these ids, the returned function shows one; '' shows none.
export function parts(...ids) {
  return (shown) => {
    for (const id of ids) $(id).hidden = id !== shown;
  };
}

// Announced by screen readers, seen by nobody.
const voice = document.body.appendChild(el('p', { class: 'unseen', role: 'status' }));

// Browsers give navigator.clipboard to HTTPS and localhost only; a wallet on a plain address in
// the local network has the old way.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const box = document.body.appendChild(el('textarea', { class: 'unseen' }));
  const focused = document.activeElement;
  box.value = text;
  box.select();
  const done = document.execCommand('copy');
  box.remove();
  focused.focus();
  if (!done) throw new Error('the browser refused');
}

export function copyButton(name, text) {
  const word = el('span', {}, 'Copy');
  const button = el('button', { type: 'button', class: 'copy' }, word, el('span', { class: 'unseen' }, ` ${name}`));
  button.addEventListener('click', async () => {
    try {
      await copy(text);
      word.textContent = 'Copied';
      voice.textContent = `${name} copied`;
    } catch {
      word.textContent = 'Not copied';
      voice.textContent = `${name} was not copied: the browser does not allow it. Select it by hand.`;
    }
    setTimeout(() => {
      word.textContent = 'Copy';
      voice.textContent = '';
    }, COPIED_MS);
  });
  return button;
}

export function shorten(hex) {
  return hex.length > 16 ? `${hex.slice(0, 6)}…${hex.slice(-4)}` : hex;
}

// A long hex value, shortened; the whole stands there on a tap, or when the keyboard reaches it.
export function longValue(name, hex) {
  const text = el('button', { type: 'button', class: 'long', title: hex, 'aria-expanded': 'false' }, shorten(hex));
  const show = (whole) => {
    text.textContent = whole ? hex : shorten(hex);
    text.setAttribute('aria-expanded', String(whole));
  };
  text.addEventListener('click', () => show(text.textContent !== hex));
  text.addEventListener('focus', () => {
    if (text.matches(':focus-visible')) show(true);
  });
  return el('span', { class: 'value' }, text, copyButton(name, hex));
}

export function addressValue(address) {
  return el('span', { class: 'value' }, identicon(address), longValue('address', address));
}

export function textValue(name, text) {
  return el('span', { class: 'value' }, el('span', { class: 'plain' }, text), copyButton(name, text));
}

// Fills a description list from [term, node] pairs.
export function facts(list, pairs) {
  list.replaceChildren(...pairs.flatMap(([term, node]) => [el('dt', {}, term), el('dd', {}, node)]));
}

export function time(utc) {
  const date = new Date(utc);
  const local = date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  return el('time', { datetime: utc, title: date.toUTCString() }, local);
}

export function mark(state) {
  return el('span', { class: `mark ${state}`, 'aria-hidden': 'true' }, MARKS[state]);
}

export function say(place, state, sentence) {
  place.replaceChildren(mark(state), ` ${sentence}`);
}

// A table's cell, which says its column's name itself where rows become cards.
export function cell(name, ...nodes) {
  return el('td', { role: 'cell', 'data-name': name }, ...nodes);
}

// A button for what cannot be taken back: it does its work when it is pressed a second time.
export function twiceButton(word, name, work) {
  const text = el('span', {}, word);
  const button = el('button', { type: 'button' }, text, el('span', { class: 'unseen' }, ` ${name}`));
  const calm = () => {
    button.classList.remove('sure');
    text.textContent = word;
  };
  button.addEventListener('click', () => {
    if (button.classList.contains('sure')) {
      calm();
      work();
      return;
    }
    button.classList.add('sure');
    text.textContent = `Press again to ${word.toLowerCase()}`;
  });
  button.addEventListener('blur', calm);
  return button;
}

// dstack's signature chain: who vouches for whom. This page shows it and checks none of it.
export function chain(signatures) {
  const whose = ['The application’s key over this key', 'The key service’s root over the application’s key'];
  const list = el('ol', { class: 'chain' }, ...signatures.map((signature, i) =>
    el('li', {}, `${whose[i]} `, longValue(`chain signature ${i + 1}`, signature))));
  const note = el('p', { class: 'hint' }, mark('none'), ' not checked by this page');
  return el('div', {}, list, note);
}

// Says what happened, what it means here, what to do; then, small, the request id.
export function showFault(place, error, meaning, retry) {
  if (!(error instanceof Fault)) throw error;
  const box = el('div', { class: 'fault' },
    el('p', {}, mark('fail'), ' ', [error.what, meaning, error.todo].filter(Boolean).join(' ')));
  if (retry) {
    const button = el('button', { type: 'button' }, 'Try again');
    button.addEventListener('click', retry);
    box.append(button);
  }
  if (error.requestId) box.append(el('p', { class: 'request-id' }, `Request id ${error.requestId}`));
  place.replaceChildren(box);
}

// The control that a fault is about: by its name, or by the server's fields that it stands for. Of a
// path such as typedData.message.to the first part is the name.
function blame(form, error) {
  const name = error.field?.split('.')[0];
  const field = [...form.elements].find((one) => one.name === name || one.dataset.fields?.split(' ').includes(name));
  if (!name || !field) return;
  field.setAttribute('aria-invalid', 'true');
  field.focus();
}

// Runs work when the form is sent, once at a time. `meaning` says, for a Fault, what it means for
// the person; the fault is shown in the form, and the field it is about is marked.
export function onSubmit(form, meaning, work) {
  const button = form.querySelector('button.primary');
  const place = form.querySelector('.fault-place');

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    // Not `disabled`: that would throw the keyboard's focus away.
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    place.replaceChildren();
    for (const field of form.elements) field.removeAttribute('aria-invalid');
    try {
      await work(form.elements);
    } catch (error) {
      showFault(place, error, meaning(error));
      blame(form, error);
    } finally {
      button.removeAttribute('aria-disabled');
    }
  });
}

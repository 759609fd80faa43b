// Whether a page can be read: nothing wider than the screen, no text too pale, no control without a name.
import assert from 'node:assert/strict';
import { DESK, PHONE, picture } from './person.mjs';

export const VIEWS = [
  ['phone', PHONE, 'light'], ['phone', PHONE, 'dark'], ['desk', DESK, 'light'], ['desk', DESK, 'dark'],
];

// Runs in the page: the text that stands out too little from what is behind it, as WCAG counts it.
function paleText() {
  const rgb = (text) => (text.match(/[\d.]+/g) ?? []).map(Number);
  const light = (colour) => {
    const [r, g, b] = colour.map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const [r, g, b, alpha = 1] = rgb(getComputedStyle(at).backgroundColor);
      if (alpha > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const pale = [];
  for (const node of document.querySelectorAll('body *')) {
    const ownText = [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim() !== '');
    if (!ownText || !node.checkVisibility({ visibilityProperty: true }) || node.closest('noscript')) continue;
    const [a, b] = [light(rgb(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) pale.push(node.outerHTML.slice(0, 80));
  }
  return pale;
}

function unnamedControls() {
  return [...document.querySelectorAll('input, textarea, button, a, summary')]
    .filter((node) => !(node.labels?.length > 0 || node.textContent.trim()))
    .map((node) => node.outerHTML.slice(0, 80));
}

export async function check(page, name) {
  const [overflow, width] = await page.evaluate(() =>
    [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(overflow <= width, `${name}: ${overflow} wide in ${width}`);
  assert.deepEqual(await page.evaluate(paleText), [], name);
  assert.deepEqual(await page.evaluate(unnamedControls), [], name);
}

export async function look(page, name, view) {
  await check(page, name);
  await picture(page, `${name}-${view[0]}-${view[2]}`);
}

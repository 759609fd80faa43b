// A person at a browser: opens the pages of a running devproof and minds what no page may do.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { chromium } from 'playwright-core';

export const URL_BASE = need('DEVPROOF_URL').replace(/\/$/, '');
export const ADMIN_TOKEN = need('DEVPROOF_ADMIN_TOKEN');
export const DATA_DIR = need('DEVPROOF_DATA_DIR');
const SCREENSHOT_DIR = process.env.SCREENSHOT_DIR;
const CSP = ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"];

function need(name) {
  if (!process.env[name]) throw new Error(`${name} is not set: see README.md`);
  return process.env[name];
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium' });
after(() => browser.close());

export const PHONE = { width: 390, height: 844 };
export const DESK = { width: 1280, height: 800 };

// A page in a browser profile of its own. When the test ends it must have met no error in the
// console (a violated CSP is one), no uncaught exception and no request to another host. A status
// that the page speaks about itself also lands in the console; only that line is let through.
export async function visitor(t, { viewport = DESK, dark = false, permissions = [] } = {}) {
  const context = await browser.newContext({
    viewport, colorScheme: dark ? 'dark' : 'light', permissions, reducedMotion: 'reduce', locale: 'en-GB',
  });
  const page = await context.newPage();
  const wrong = [];

  page.setDefaultTimeout(15000);
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      wrong.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => wrong.push(`uncaught: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${URL_BASE}/`)) wrong.push(`left this host: ${request.url()}`);
  });
  page.on('response', (response) => {
    if (response.request().resourceType() !== 'document') return;
    const policy = response.headers()['content-security-policy'] ?? '';
    for (const part of CSP)
      if (!policy.includes(part)) wrong.push(`${response.url()}: no ${part} in its CSP`);
    if (policy.includes('unsafe')) wrong.push(`${response.url()}: an unsafe CSP`);
  });
  t.after(async () => {
    await context.close();
    assert.deepEqual(wrong, []);
  });
  return page;
}

export async function go(page, path) {
  await page.goto(URL_BASE + path);
  await page.locator('#mode').filter({ hasNotText: 'Asking the server' }).waitFor();
}

export async function picture(page, name) {
  if (!SCREENSHOT_DIR) return;
  mkdirSync(SCREENSHOT_DIR, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOT_DIR, `${name}.png`), fullPage: true });
}

export function newName(prefix = 'alice') {
  return `${prefix}-${randomBytes(5).toString('hex')}`;
}

export async function press(page, name) {
  await page.getByRole('button', { name, exact: true }).click();
}

// Signs up through the page.
export async function signUp(page, userId = newName()) {
  await go(page, '/');
  await page.getByLabel('Email address').fill(`${userId}@example.com`);
  await page.getByLabel('User id').fill(userId);
  await page.getByRole('button', { name: 'Make my wallet' }).click();
  await page.getByRole('heading', { name: `${userId} has a wallet` }).waitFor();
  return { userId, token: await page.locator('#token').textContent() };
}

export async function signIn(page, path, token) {
  await go(page, path);
  await page.getByLabel(/token$/i).fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

// Signs up users without a page, as many as a list needs. A service with a rate limit says when
// to come back.
export async function crowd(prefix, count) {
  for (let i = 0; i < count; i++) {
    const response = await fetch(`${URL_BASE}/api/signup`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email: `${prefix}-${i}@example.com`, userId: `${prefix}-${i}` }),
    });
    if (response.status === 429) {
      await new Promise((done) => setTimeout(done, 1000 * (Number(response.headers.get('Retry-After')) || 1)));
      i--;
    } else {
      assert.equal(response.status, 201);
    }
  }
}

// Lets the API answer a path like this, or, without an answer, cuts the line.
export async function fake(page, path, status, body, headers = {}) {
  await page.route(`${URL_BASE}${path}`, (route) => {
    if (status === undefined) return route.abort('connectionrefused');
    return route.fulfill({
      status,
      headers: { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  });
}

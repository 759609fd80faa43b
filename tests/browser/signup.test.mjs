import assert from 'node:assert/strict';
import test from 'node:test';
import { go, newName, picture, signUp, URL_BASE, visitor } from './person.mjs';

test('signing up shows address, public key, JSON and, once, the token', async (t) => {
  const page = await visitor(t, { permissions: ['clipboard-read', 'clipboard-write'] });
  const { userId, token } = await signUp(page);
  const answer = JSON.parse(await page.locator('#json').textContent());

  assert.match(token, /^[0-9a-f]{64}$/);
  assert.equal(answer.userId, userId);
  assert.match(answer.address, /^0x[0-9a-fA-F]{40}$/);
  assert.match(answer.pubKeyHex, /^0x04[0-9a-f]{128}$/);
  assert.equal((await page.content()).split(token).length - 1, 1);
  await page.getByText('This token will not be shown again.').waitFor();

  await page.getByRole('button', { name: 'Copy token' }).click();
  await page.getByRole('button', { name: 'Copied token' }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), token);
  await page.getByRole('button', { name: 'Copy public key' }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), answer.pubKeyHex);

  await page.reload();
  assert.equal((await page.content()).includes(token), false);
});

test('a long value is short until it is tapped', async (t) => {
  const page = await visitor(t);
  await signUp(page);
  const { address } = JSON.parse(await page.locator('#json').textContent());
  const value = page.locator('#facts .long').first();

  assert.equal(await value.textContent(), `${address.slice(0, 6)}…${address.slice(-4)}`);
  await value.click();
  assert.equal(await value.textContent(), address);
  await value.click();
  assert.notEqual(await value.textContent(), address);
});

test('after signing up the dashboard is one link away and needs no token', async (t) => {
  const page = await visitor(t);
  const { userId } = await signUp(page);

  await page.getByRole('link', { name: 'Admin dashboard' }).waitFor();
  await page.getByRole('link', { name: 'Sign a message on your dashboard' }).click();
  await page.getByRole('heading', { name: 'Wallet' }).waitFor();
  await page.locator('#facts').getByText(userId, { exact: true }).waitFor();
});

test('what cannot be a user id, or is taken, is said at its field', async (t) => {
  const page = await visitor(t);
  const { userId } = await signUp(page);
  const fault = page.locator('#signup .fault');

  await go(page, '/');
  await page.getByText(`You are signed in as ${userId}.`).waitFor();
  await page.getByLabel('Email address').fill(`${newName()}@example.com`);
  for (const [name, sentence] of [
    ['', 'This user id cannot be used. No wallet was made.'],
    ['../alice', 'This user id cannot be used. No wallet was made.'],
    [userId, 'This user id is taken. No wallet was made.'],
  ]) {
    await page.getByLabel('User id').fill(name);
    await page.getByRole('button', { name: 'Make my wallet' }).click();
    await fault.getByText(sentence).waitFor();
    assert.equal(await page.getByLabel('User id').getAttribute('aria-invalid'), 'true');
    assert.match(await fault.locator('.request-id').textContent(), /^Request id \S+$/);
  }
  await picture(page, 'signup-refused-desk-light');

  await page.getByLabel('Email address').fill('alice');
  await page.getByRole('button', { name: 'Make my wallet' }).click();
  await fault.getByText('This is not an email address. No wallet was made.').waitFor();
  assert.equal(await page.getByLabel('Email address').evaluate((node) => node === document.activeElement), true);
});

test('the trust pill claims no check that was not made', async (t) => {
  const page = await visitor(t);
  await go(page, '/');
  const pill = page.locator('#trust');

  assert.match(await pill.locator('summary').textContent(), /– Trust: not checked/);
  await pill.locator('summary').click();
  assert.equal(await pill.locator('.checks li').count(), 3);
  for (const check of await pill.locator('.checks li').allTextContents()) assert.match(check, /^– not checked: /);
});

test('an unknown address is a page with 404 and ways on', async (t) => {
  const page = await visitor(t);
  const response = await page.goto(`${URL_BASE}/no-such-page`);

  assert.equal(response.status(), 404);
  await page.getByRole('heading', { name: 'There is no page at this address' }).waitFor();
});

test('every link of every page leads somewhere', async (t) => {
  const page = await visitor(t);
  const seen = new Set();

  for (const path of ['/', '/dashboard', '/verify', '/admin', '/docs', '/no-such-page', '/50x.html']) {
    await page.goto(URL_BASE + path);
    for (const link of await page.locator('a:not([download])').evaluateAll((all) => all.map((a) => a.href))) seen.add(link);
  }
  for (const link of seen) assert.equal((await fetch(link)).status, 200, link);
});

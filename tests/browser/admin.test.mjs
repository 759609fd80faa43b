import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { ADMIN_TOKEN, crowd, fake, newName, picture, signIn, signUp, visitor } from './person.mjs';

const PAGE = 20; // rows on one page of the list

async function search(page, text) {
  await page.getByLabel('Search in email').fill(text);
  await page.getByRole('button', { name: 'Search' }).click();
}

test('the admin finds a user with email, user id, address and public key', async (t) => {
  const page = await visitor(t);
  const { userId } = await signUp(page);
  const answer = JSON.parse(await page.locator('#json').textContent());
  await signIn(page, '/admin', ADMIN_TOKEN);

  for (const text of [userId, `${userId}@EXAMPLE.com`, answer.address.toLowerCase()]) {
    await search(page, text);
    await page.locator('#count').getByText(`1 user, matching “${text}”, oldest first.`).waitFor();
    const row = page.locator('#rows tr');
    assert.equal(await row.count(), 1);
    await row.getByText(`${userId}@example.com`).waitFor();
    await row.getByText(userId, { exact: true }).waitFor();
    assert.deepEqual(await row.locator('.long').evaluateAll((all) => all.map((node) => node.title)),
      [answer.address, answer.pubKeyHex]);
    assert.match(await row.locator('time').getAttribute('title'), /GMT$/);
  }
});

test('next page and previous page show everybody once', async (t) => {
  const page = await visitor(t);
  const prefix = newName('crowd');
  await crowd(prefix, PAGE + 1);
  await signIn(page, '/admin', ADMIN_TOKEN);
  await search(page, prefix);

  await page.locator('#count').getByText(`${PAGE} users on page 1, matching`).waitFor();
  const first = await page.locator('#rows td:nth-child(2)').allTextContents();
  await page.getByRole('button', { name: 'Next page' }).click();
  await page.locator('#count').getByText('1 user on page 2, matching').waitFor();
  const second = await page.locator('#rows td:nth-child(2)').allTextContents();
  assert.deepEqual([...first, ...second], Array.from({ length: PAGE + 1 }, (_, i) => `${prefix}-${i}`));
  assert.equal(await page.getByRole('button', { name: 'Next page' }).isDisabled(), true);
  await page.getByRole('button', { name: 'Previous page' }).click();
  await page.locator('#count').getByText(`${PAGE} users on page 1, matching`).waitFor();
});

test('a search without a match says so', async (t) => {
  const page = await visitor(t);
  await signIn(page, '/admin', ADMIN_TOKEN);
  await search(page, 'nobody-has-this-name');
  await page.getByText('No user matches “nobody-has-this-name”.').waitFor();
  assert.equal(await page.getByRole('table').isVisible(), false);
  await picture(page, 'admin-no-match-desk-light');
});

test('a service without users says so', async (t) => {
  const page = await visitor(t);
  await fake(page, '/api/admin/users?*', 200, { users: [], nextCursor: null });
  await signIn(page, '/admin', ADMIN_TOKEN);
  await page.getByText('Nobody has signed up yet.').waitFor();
});

test('the list is for the admin alone', async (t) => {
  const page = await visitor(t);
  const { userId, token } = await signUp(page);

  await signIn(page, '/admin', token);
  await page.getByText(`You are signed in as ${userId}, who is not the admin.`).waitFor();
  await signIn(page, '/admin', 'wrong');
  await page.getByText('Nobody has this token.').waitFor();
  assert.equal(await page.locator('#users').isVisible(), false);
});

test('the list can be had as CSV, and the page says that looking is logged', async (t) => {
  const page = await visitor(t);
  const { userId } = await signUp(page);
  await signIn(page, '/admin', ADMIN_TOKEN);
  await page.getByText('Each look at this list, and each download of it, is written to the audit log.').waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'), page.getByRole('link', { name: 'Download all users as CSV' }).click(),
  ]);
  const text = readFileSync(await download.path(), 'utf8');
  assert.equal(text.split('\r\n')[0], 'id,email,userId,pubKeyHex,address,createdAt');
  assert.ok(text.includes(`,${userId}@example.com,${userId},0x04`));
  assert.match(download.suggestedFilename(), /\.csv$/);
});

test('sign out takes the list away', async (t) => {
  const page = await visitor(t);
  await signUp(page);
  await signIn(page, '/admin', ADMIN_TOKEN);
  await page.getByRole('heading', { name: 'Users' }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You are signed out.').waitFor();
  assert.equal(await page.locator('#rows tr').count(), 0);
});

test('a session that ended asks for the admin token again', async (t) => {
  const page = await visitor(t);
  await signIn(page, '/admin', ADMIN_TOKEN);
  await page.getByRole('heading', { name: 'Users' }).waitFor();
  await page.context().clearCookies();
  await search(page, 'alice');
  await page.getByText('You are not signed in as the admin any more. Sign in again.').waitFor();
});

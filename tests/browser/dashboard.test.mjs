import assert from 'node:assert/strict';
import test from 'node:test';
import { ADMIN_TOKEN, fake, go, newName, signIn, signUp, visitor } from './person.mjs';

const YES = 'Yes. The key of this address signed exactly this message.';
const NO = 'No. This signature is not by the key of this address over this message.';

async function press(page, name) {
  await page.getByRole('button', { name, exact: true }).click();
}

test('sign, verify yes, change the message, verify no', async (t) => {
  const page = await visitor(t);
  await signUp(page);
  await go(page, '/dashboard');

  await page.getByLabel('Message', { exact: true }).fill('hello\nÄ 漢 🔑');
  await press(page, 'Sign');
  await page.getByText('Signed. Anyone can check it with the address alone.').waitFor();
  assert.match(await page.getByLabel('Signature', { exact: true }).inputValue(), /^0x[0-9a-f]{128}1[bc]$/);
  assert.equal(await page.locator('#signed-facts .excerpt').textContent(), 'hello\nÄ 漢 🔑');
  assert.match(await page.locator('#signed-facts').getByRole('button', { name: /^0x/ }).nth(1).getAttribute('title'), /^0x[0-9a-f]{64}$/);
  assert.equal(await page.locator('#signed-facts .chain li').count(), 2);

  await press(page, 'Verify');
  await page.locator('#verdict').getByText(YES).waitFor();

  await page.getByLabel('Message', { exact: true }).fill('hello\nÄ 漢 🔒');
  assert.equal(await page.locator('#verdict').isVisible(), false);
  await press(page, 'Verify');
  await page.locator('#verdict').getByText(NO).waitFor();

  await page.getByText('How this page knows').click();
  await page.getByText('Your browser did not repeat it').waitFor();
});

test('the empty message can be signed and verified', async (t) => {
  const page = await visitor(t);
  await signUp(page);
  await go(page, '/dashboard');

  await press(page, 'Sign');
  await page.locator('#signed-facts').getByText('the empty message').waitFor();
  await press(page, 'Verify');
  await page.locator('#verdict').getByText(YES).waitFor();
});

test('markup in a message stays text', async (t) => {
  const page = await visitor(t);
  const message = '<img src="https://example.com/x" onerror="document.title=1"><b>bold</b>';
  await signUp(page);
  await go(page, '/dashboard');

  await page.getByLabel('Message', { exact: true }).fill(message);
  await press(page, 'Sign');
  assert.equal(await page.locator('#signed-facts .excerpt').textContent(), message);
  assert.equal(await page.locator('#signed-facts b').count(), 0);
});

test('what is no signature is an error, not a no', async (t) => {
  const page = await visitor(t);
  await signUp(page);
  await go(page, '/dashboard');

  await page.getByLabel('Signature', { exact: true }).fill('0x1234');
  await press(page, 'Verify');
  await page.getByText('This is not a signature. Nothing was checked.').waitFor();
  assert.equal(await page.getByLabel('Signature', { exact: true }).getAttribute('aria-invalid'), 'true');
  assert.equal(await page.locator('#verdict').isVisible(), false);
});

test('a message that is too long is refused with the limit', async (t) => {
  const page = await visitor(t);
  await signUp(page);
  await go(page, '/dashboard');

  for (const [length, sentence] of [
    [49 * 1024, 'The message is too long. You got no signature. Shorten it to 48 KiB.'],
    [70 * 1024, 'The request is too long. You got no signature. Shorten the message to less than 48 KiB.'],
  ]) {
    await page.getByLabel('Message', { exact: true }).fill('m'.repeat(length));
    await press(page, 'Sign');
    await page.getByText(sentence).waitFor();
  }
});

test('sign out ends the session; the token opens a new one', async (t) => {
  const page = await visitor(t);
  const { userId, token } = await signUp(page);
  await go(page, '/dashboard');
  await page.getByLabel('Message', { exact: true }).fill('of the last visitor');
  await press(page, 'Sign out');
  await page.getByText('You are signed out.').waitFor();

  await go(page, '/dashboard');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.getByLabel('Your token').fill('0'.repeat(64));
  await press(page, 'Sign in');
  await page.getByText('Nobody has this token. Check that you pasted all 64 characters of it.').waitFor();
  await page.getByLabel('Your token').fill(` ${token}\n`);
  await press(page, 'Sign in');
  await page.locator('#facts').getByText(userId, { exact: true }).waitFor();
  assert.equal(await page.getByLabel('Message', { exact: true }).inputValue(), '');
});

test('a session that ended asks for the token and keeps the message', async (t) => {
  const page = await visitor(t);
  const { token } = await signUp(page);
  await go(page, '/dashboard');
  await page.getByLabel('Message', { exact: true }).fill('kept');
  await page.context().clearCookies();

  await press(page, 'Sign');
  await page.getByText('Your session has ended, and nothing was signed.').waitFor();
  await page.getByLabel('Your token').fill(token);
  await press(page, 'Sign in');
  assert.equal(await page.getByLabel('Message', { exact: true }).inputValue(), 'kept');
  await press(page, 'Sign');
  await page.getByText('Signed. Anyone can check it').waitFor();
});

test('the admin is told that the admin has no wallet', async (t) => {
  const page = await visitor(t);
  await signIn(page, '/dashboard', ADMIN_TOKEN);
  await page.getByText('You are signed in as the admin, who has no wallet.').waitFor();
});

test('where no token is asked for, every page says so and a user id opens the wallet', async (t) => {
  const page = await visitor(t);
  const userId = newName();
  await fake(page, '/api/session', 200, { auth: 'open', signedIn: false, admin: false, userId: null });
  // As such a server answers: no token. The cookie stays, so that this one signs all the same.
  await page.route('**/api/signup', async (route) => {
    const response = await route.fetch();
    const { token, ...wallet } = await response.json();
    assert.match(token, /^[0-9a-f]{64}$/);
    await route.fulfill({ response, json: wallet });
  });

  for (const path of ['/', '/dashboard', '/admin', '/no-such-page']) {
    await go(page, path);
    await page.getByText('Demo: signing needs no token here.').waitFor();
  }
  await go(page, '/');
  await page.getByLabel('Email address').fill(`${userId}@example.com`);
  await page.getByLabel('User id').fill(userId);
  await press(page, 'Make my wallet');
  await page.getByText('There is no token: this server lets').waitFor();
  assert.equal(await page.getByRole('heading', { name: 'Your token' }).isVisible(), false);
  await page.getByRole('link', { name: 'Sign a message on your dashboard' }).click();
  await page.locator('#facts').getByText(userId, { exact: true }).waitFor();

  await go(page, '/dashboard');
  await page.getByLabel('User id').fill(userId);
  await press(page, 'Open');
  await page.getByRole('heading', { name: 'Wallet' }).waitFor();
  await press(page, 'Sign');
  await page.getByText('Signed. Anyone can check it').waitFor();
  await page.reload();
  await page.locator('#facts').getByText(userId, { exact: true }).waitFor();
  await press(page, 'Another wallet');
  await page.getByLabel('User id').fill('nobody-has-this-name');
  await press(page, 'Open');
  await page.getByText('Nobody has this user id. No wallet was opened.').waitFor();
});

import assert from 'node:assert/strict';
import test from 'node:test';
import { ADMIN_TOKEN, fake, go, newName, press, signIn, signUp, visitor } from './person.mjs';

const YES = 'Yes. The key of this address signed exactly this message.';
const NO = 'No. This signature is not by the key of this address over this message.';

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

test('each scheme signs, and the signature is right under that scheme alone', async (t) => {
  const page = await visitor(t);
  await signUp(page);
  await go(page, '/dashboard');
  await page.getByLabel('Message', { exact: true }).fill('hello');

  for (const [scheme, other, hint] of [
    ['raw', 'eip191', 'It is right under the scheme raw: choose that one.'],
    ['eip191', 'raw', 'It is right under the scheme eip191, as wallets sign a text: choose that one.'],
  ]) {
    await page.getByLabel(scheme, { exact: true }).check();
    await press(page, 'Sign');
    await page.locator('#signed-facts').getByText(scheme, { exact: true }).waitFor();
    await press(page, 'Verify');
    await page.locator('#verdict').getByText(YES).waitFor();
    await page.getByLabel(other, { exact: true }).check();
    assert.equal(await page.locator('#verdict').isVisible(), false);
    await press(page, 'Verify');
    await page.locator('#verdict').getByText(`${NO} ${hint}`).waitFor();
  }
});

test('typed data: the example signs and verifies', async (t) => {
  const page = await visitor(t);
  await signUp(page);
  await go(page, '/dashboard');
  await page.getByLabel('eip712', { exact: true }).check();
  assert.equal(await page.getByLabel('Message', { exact: true }).isVisible(), false);
  await press(page, 'Fill in an example');
  assert.equal(JSON.parse(await page.getByLabel('Typed data').inputValue()).primaryType, 'Mail');
  await press(page, 'Sign');
  // What EIP-712 itself gives as the digest of its example.
  await page.locator('#signed-facts').getByTitle('0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2').waitFor();
  await press(page, 'Verify');
  await page.locator('#verdict').getByText(YES).waitFor();
});

test('typed data that is wrong says where', async (t) => {
  const page = await visitor(t);
  await signUp(page);
  await go(page, '/dashboard');
  await page.getByLabel('eip712', { exact: true }).check();
  const box = page.getByLabel('Typed data');

  await box.fill('{"types": }');
  await press(page, 'Sign');
  await page.getByText('The typed data is not JSON. You got no signature.').waitFor();
  assert.equal(await box.getAttribute('aria-invalid'), 'true');

  await press(page, 'Fill in an example');
  await box.fill((await box.inputValue()).replace('0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB', '0x12'));
  await press(page, 'Sign');
  await page.getByText('The typed data is not right at typedData.message.to.wallet:').waitFor();
  assert.equal(await box.getAttribute('aria-invalid'), 'true');
});

test('a whole number of typed data arrives with all its digits', async (t) => {
  const page = await visitor(t);
  await signUp(page);
  await go(page, '/dashboard');
  await page.getByLabel('eip712', { exact: true }).check();
  await page.getByLabel('Typed data').fill('{"n": 9007199254740993}');
  const [request] = await Promise.all([page.waitForRequest('**/sign'), press(page, 'Sign')]);
  assert.ok(request.postData().includes('9007199254740993'));
});

test('what could be a transaction is not signed raw', async (t) => {
  const page = await visitor(t);
  await signUp(page);
  await go(page, '/dashboard');
  await page.getByLabel('Message', { exact: true }).fill('0xc0');
  await page.getByLabel('These are hex digits').check();
  await press(page, 'Sign');
  await page.getByText('These bytes could be an Ethereum transaction, or a message of another scheme, so they are not signed raw. You got no signature.').waitFor();
  await page.getByLabel('eip191', { exact: true }).check();
  await press(page, 'Sign');
  await page.getByText('Signed. Anyone can check it').waitFor();

  await page.getByLabel('Message', { exact: true }).fill('0xno');
  await press(page, 'Sign');
  await page.getByText('These are not hex digits, two for each byte. You got no signature.').waitFor();
  assert.equal(await page.getByLabel('Message', { exact: true }).getAttribute('aria-invalid'), 'true');
});

test('a changed key has another address, and the old one stays to be seen', async (t) => {
  const page = await visitor(t);
  await signUp(page);
  await go(page, '/dashboard');
  const address = () => page.locator('#facts .long').first().getAttribute('title');
  const before = await address();

  await page.getByText('Earlier keys').click();
  await page.getByText('There are none: this is your first key.').waitFor();
  await page.locator('#change summary').click();
  assert.equal(await page.getByLabel('Namespace of the new key').inputValue(), 'wallet/ethereum/v2');
  await press(page, 'Change the key');
  await page.getByText('The box is not ticked. The key was not changed.').waitFor();
  await page.getByLabel('I know that the old key will not sign again.').check();
  await press(page, 'Change the key');
  await page.locator('#rotated').getByText('The key was changed.').waitFor();
  const after = await address();
  assert.notEqual(after, before);

  await page.locator('#earlier summary').click();
  assert.equal(await page.locator('#earlier-keys .long').first().getAttribute('title'), before);
  await page.locator('#change summary').click();
  assert.equal(await page.getByLabel('Namespace of the new key').inputValue(), 'wallet/ethereum/v3');
  await page.getByLabel('Namespace of the new key').fill('wallet/ethereum/v2');
  await page.getByLabel('I know that the old key will not sign again.').check();
  await press(page, 'Change the key');
  await page.getByText('This namespace has or had a key of yours. The key was not changed. Take the next number.').waitFor();

  await press(page, 'Sign');
  await page.getByText('Signed. Anyone can check it').waitFor();
  assert.equal(await page.locator('#signed-facts .identicon ~ .value .long').getAttribute('title'), after);
  await page.locator('#log-rows').getByText('Key changed').waitFor();
});

test('a token is made, shown once, used and revoked', async (t) => {
  const page = await visitor(t, { permissions: ['clipboard-read', 'clipboard-write'] });
  const { userId } = await signUp(page);
  await go(page, '/dashboard');
  await page.getByRole('cell', { name: 'signup', exact: true }).waitFor();

  await page.getByLabel('Name of the device or program').fill('my <b>laptop</b>');
  await press(page, 'Make a token');
  await page.locator('#new-token-title:focus').waitFor();
  const token = await page.locator('#new-token-text').textContent();
  assert.match(token, /^[0-9a-f]{64}$/);
  await press(page, 'Copy new token');
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), token);
  await page.reload();
  await page.getByRole('cell', { name: 'my <b>laptop</b>', exact: true }).waitFor();
  assert.equal((await page.content()).includes(token), false);

  const other = await visitor(t);
  await signIn(other, '/dashboard', token);
  await other.locator('#facts').getByText(userId, { exact: true }).waitFor();

  const revoke = page.locator('#token-rows tr', { hasText: 'laptop' }).getByRole('button');
  await revoke.click();
  await page.getByRole('button', { name: 'Press again to revoke' }).waitFor();
  await page.getByLabel('Name of the device or program').focus();
  await page.getByRole('button', { name: 'Press again to revoke' }).waitFor({ state: 'detached' });
  await revoke.click();
  await revoke.click();
  await page.getByText('“my <b>laptop</b>” is revoked.').waitFor();
  assert.equal(await page.locator('#token-rows tr').count(), 1);

  // The session that was started with it has ended too.
  await press(other, 'Sign');
  await other.getByText('Your session has ended. Nothing was signed.').waitFor();
});

test('a token needs a name', async (t) => {
  const page = await visitor(t);
  await signUp(page);
  await go(page, '/dashboard');
  await press(page, 'Make a token');
  await page.locator('#make-token .fault').getByText('No token was made.').waitFor();
  assert.equal(await page.getByLabel('Name of the device or program').getAttribute('aria-invalid'), 'true');
});

test('the log shows what was done, newest first, and more of it on demand', async (t) => {
  const page = await visitor(t);
  await signUp(page);
  await go(page, '/dashboard');
  await page.locator('#log-rows').getByText('Wallet made').waitFor();

  for (let i = 1; i <= 10; i++) {
    await page.getByLabel('Message', { exact: true }).fill(`message ${i}`);
    const digest = page.locator('#signed-facts .long').nth(1);
    await press(page, 'Sign');
    await page.locator('#signed-facts .excerpt').getByText(`message ${i}`, { exact: true }).waitFor();
    const title = await digest.getAttribute('title');
    await page.locator('#log-rows tr').first().getByTitle(title).waitFor();
  }
  await page.getByText('The last 10 rows, newest first.').waitFor();
  await press(page, 'Show more');
  await page.locator('#log-count').getByText(/^All 1\d rows, newest first\.$/).waitFor();
  const numbers = (await page.locator('#log-rows td[data-name="Row"]').allTextContents()).map((text) => parseInt(text, 10));
  assert.deepEqual(numbers, [...numbers].sort((a, b) => b - a));
  await page.locator('#log-rows tr').last().getByText('Wallet made').waitFor();
});

test('a log or tokens that cannot be shown do not take the wallet away', async (t) => {
  const page = await visitor(t);
  await signUp(page);
  for (const path of ['tokens', 'log?*']) await fake(page, `/api/users/*/${path}`, 503, { code: 'database_unavailable' });
  await go(page, '/dashboard');
  await page.getByRole('heading', { name: 'Wallet' }).waitFor();
  await page.locator('#tokens-fault').getByText('The database is not answering. The tokens cannot be shown now.').waitFor();
  await page.locator('#log-fault').getByText('The database is not answering.').waitFor();
  await page.unrouteAll();
  for (const place of ['#tokens-fault', '#log-fault']) await page.locator(place).getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('cell', { name: 'signup', exact: true }).waitFor();
  await page.locator('#log-rows').getByText('Wallet made').waitFor();
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
  await page.getByText('Your session has ended. Nothing was signed. Sign in again: your message is kept.').waitFor();
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

  for (const path of ['/', '/dashboard', '/verify', '/admin', '/docs', '/no-such-page']) {
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
  assert.equal(await page.getByRole('heading', { name: 'Tokens' }).isVisible(), false);
  await press(page, 'Sign');
  await page.getByText('Signed. Anyone can check it').waitFor();
  await page.reload();
  await page.locator('#facts').getByText(userId, { exact: true }).waitFor();
  await press(page, 'Another wallet');
  await page.getByLabel('User id').fill('nobody-has-this-name');
  await press(page, 'Open');
  await page.getByText('Nobody has this user id. No wallet was opened.').waitFor();
});

// What the pages say while a part of the service does not answer.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ADMIN_TOKEN, fake, go, newName, picture, signIn, signUp, visitor } from './person.mjs';

function problem(status, code) {
  return { type: 'about:blank', title: 'x', status, detail: 'x', code, request_id: `request-${status}` };
}

const DOWN = [
  [503, problem(503, 'dstack_unavailable'), { 'Retry-After': '5' }, 'The key service is not answering.', 'Try again in 5 seconds.'],
  [503, problem(503, 'database_unavailable'), {}, 'The database is not answering.', 'Try again in a few seconds.'],
  [502, problem(502, 'backend_unavailable'), {}, 'The program that answers this is not running or is overloaded.', 'Try again in a few seconds.'],
  [502, '<html>Bad Gateway</html>', {}, 'The program that answers this is not running or is overloaded.', 'Try again in a few seconds.'],
  [429, problem(429, 'too_many_requests'), { 'Retry-After': '1' }, 'Too many requests came from your address.', 'Try again in a second.'],
  [200, 'not json', {}, 'The server gave an answer that this page cannot read.', 'Try again in a few seconds.'],
  [undefined, undefined, {}, 'The server cannot be reached.', 'Check your connection, then try again.'],
];

for (const [status, body, headers, what, todo] of DOWN) {
  const name = `${status ?? 'no answer'} ${body?.code ?? ''}`.trim();

  test(`signing with ${name}: nothing was signed, and what to do`, async (t) => {
    const page = await visitor(t);
    await signUp(page);
    await go(page, '/dashboard');
    await page.getByLabel('Message', { exact: true }).fill('hello');
    await fake(page, '/api/users/*/sign', status, body, headers);
    await page.getByRole('button', { name: 'Sign', exact: true }).click();
    await page.getByText(`${what} You got no signature. ${todo}`).waitFor();
    if (body?.request_id) await page.getByText(`Request id ${body.request_id}`).waitFor();

    await page.unrouteAll();
    await page.getByRole('button', { name: 'Sign', exact: true }).click();
    await page.getByText('Signed. Anyone can check it').waitFor();
    assert.equal(await page.locator('#sign .fault').count(), 0);
  });

  for (const path of ['/', '/dashboard', '/admin'])
    test(`${path} opened with ${name}: a sentence and a way to try again`, async (t) => {
      const page = await visitor(t);
      await fake(page, '/api/**', status, body, headers);
      await go(page, path);
      await page.locator('#load-fault').getByText(what).waitFor();
      if (status === undefined) await picture(page, `down${path.replace('/', '-')}-desk-light`);

      await page.unrouteAll();
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByText('Signing here needs the token').waitFor();
      assert.equal(await page.locator('#load-fault').textContent(), '');
    });
}

test('a key change that was cut off does not say that nothing was changed', async (t) => {
  const page = await visitor(t);
  await signUp(page);
  await go(page, '/dashboard');
  await page.locator('#change summary').click();
  await page.getByLabel('I know that the old key').check();
  for (const [status, body, sentence] of [
    [504, problem(504, 'backend_timeout'), 'The key may have been changed or not'],
    [503, problem(503, 'dstack_unavailable'), 'The key was not changed.'],
  ]) {
    await fake(page, '/api/users/*/rotate', status, body);
    await page.getByRole('button', { name: 'Change the key' }).click();
    await page.locator('#rotate .fault').getByText(sentence).waitFor();
    await page.unrouteAll();
  }
});

test('a sign-up that was cut off does not say that nothing was made', async (t) => {
  const page = await visitor(t);
  const userId = newName();
  const sentences = [
    [undefined, undefined, 'A wallet may have been made or not'],
    [504, problem(504, 'backend_timeout'), 'A wallet may have been made or not'],
    [503, problem(503, 'dstack_unavailable'), 'No wallet was made.'],
  ];
  await go(page, '/');
  await page.getByLabel('Email address').fill(`${userId}@example.com`);
  await page.getByLabel('User id').fill(userId);
  for (const [status, body, sentence] of sentences) {
    await fake(page, '/api/signup', status, body);
    await page.getByRole('button', { name: 'Make my wallet' }).click();
    await page.locator('#signup .fault').getByText(sentence).waitFor();
    await page.unrouteAll();
  }
});

test('a wallet whose key changed is not to be trusted', async (t) => {
  const page = await visitor(t);
  await signUp(page);
  await go(page, '/dashboard');
  await fake(page, '/api/users/*/sign', 500, problem(500, 'key_mismatch'));
  await page.getByRole('button', { name: 'Sign', exact: true }).click();
  await page.getByText('The key service gives another key than the one on record for this wallet. You got no signature.').waitFor();
});

test('a list that fails leaves the page that was there', async (t) => {
  const page = await visitor(t);
  await signUp(page);
  await signIn(page, '/admin', ADMIN_TOKEN);
  await page.getByRole('heading', { name: 'Users' }).waitFor();
  const before = await page.locator('#rows tr').count();
  await fake(page, '/api/admin/users?*', 503, problem(503, 'database_unavailable'));
  await page.getByLabel('Search in email').fill('x');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByText('The database is not answering. The list below is the one from before.').waitFor();
  assert.equal(await page.locator('#rows tr').count(), before);
});

// /docs: shows all of the API, and its examples run in a shell as they stand.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { peersDocument, removePeers, writePeers } from '../api/lib/peers.mjs';
import { ADMIN_TOKEN, DATA_DIR, fake, go, press, signUp, URL_BASE, visitor } from './person.mjs';

async function openDocs(page, path = '/docs') {
  await go(page, path);
  await page.getByRole('heading', { name: 'Wallet', exact: true }).waitFor();
}

test('every route of the document is shown with its codes', async (t) => {
  const page = await visitor(t);
  await openDocs(page);
  const api = await (await fetch(`${URL_BASE}/openapi.json`)).json();
  const routes = Object.entries(api.paths).flatMap(([path, item]) => Object.keys(item)
    .filter((method) => method !== 'parameters').map((method) => [item[method].operationId, `${method.toUpperCase()} ${path}`]));

  assert.equal(await page.locator('.route').count(), routes.length);
  for (const [id, name] of routes) assert.ok((await page.locator(`#${id} summary`).textContent()).startsWith(name), name);
  await press(page, 'Open all routes');
  await page.locator('#sign').getByText('transaction_like_message').waitFor();
  await page.locator('#sign').getByText('typedData', { exact: true }).first().waitFor();
  await press(page, 'Close all routes');
  assert.equal(await page.locator('.route[open]').count(), 0);
});

test('the examples run in a shell as they stand', async (t) => {
  const page = await visitor(t);
  const { userId, token } = await signUp(page);
  writePeers(DATA_DIR, peersDocument());
  t.after(() => removePeers(DATA_DIR));
  await openDocs(page);
  await page.getByText(`The examples are about your wallet, ${userId}.`).waitFor();
  const ID = JSON.parse(execFileSync('curl', ['-sS', `${URL_BASE}/api/users/${userId}/tokens`, '-d', '{"name":"x"}',
    '-H', 'Content-Type: application/json', '-H', `Authorization: Bearer ${token}`])).id;
  const env = { ...process.env, TOKEN: token, ADMIN_TOKEN, ID };
  // The server has its admin token from outside, need not show its CVM, and may know the example's user.
  const EXPECTED = { rotateAdminToken: 409, info: /200|404/, signUp: /201|409/ };

  for (const route of await page.locator('.route').all()) {
    const id = await route.getAttribute('id');
    const commands = await route.locator('pre').evaluateAll((all) => all.map((one) => one.textContent).filter((text) => text.startsWith('curl ')));
    assert.ok(commands.length > 0, id);
    for (const command of commands) {
      const status = execFileSync('sh', ['-c', `${command} -o /dev/null -w '%{http_code}'`], { env, encoding: 'utf8' });
      assert.match(status, new RegExp(EXPECTED[id]?.source ?? EXPECTED[id] ?? '^20[014]$'), `${id}: ${command}`);
    }
  }
});

test('an example is copied with one press', async (t) => {
  const page = await visitor(t, { permissions: ['clipboard-read', 'clipboard-write'] });
  await openDocs(page, '/docs#verify');
  const route = page.locator('#verify[open]');
  await route.getByRole('button', { name: 'Copy command: A signature that is right' }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(copied.startsWith(`curl -sS -X POST "${URL_BASE}/api/verify"`));
  assert.equal(copied, await route.locator('pre').first().textContent());
});

test('a document that cannot be had is said, and asked for again', async (t) => {
  const page = await visitor(t);
  await fake(page, '/openapi.json', 502, '<html>');
  await go(page, '/docs');
  await page.getByText('The description of the API cannot be shown now.').waitFor();
  await page.unrouteAll();
  await press(page, 'Try again');
  await page.getByRole('heading', { name: 'Wallet', exact: true }).waitFor();
});

// Every page in every state, on a phone and on a desk, light and dark.
import assert from 'node:assert/strict';
import test from 'node:test';
import { peersDocument, removePeers, wireguardPeer, writePeers } from '../api/lib/peers.mjs';
import { check, look, VIEWS } from './look.mjs';
import { ADMIN_TOKEN, crowd, DATA_DIR, fake, go, newName, picture, press, signIn, signUp, URL_BASE, visitor } from './person.mjs';
import { fullReport } from './trust_report.mjs';

test.before(() => crowd(newName('someone-with-a-rather-long-name'), 3));

for (const view of VIEWS) {
  const options = { viewport: view[1], dark: view[2] === 'dark' };

  test(`sign up, ${view[0]}, ${view[2]}`, async (t) => {
    const page = await visitor(t, options);
    await go(page, '/');
    await look(page, 'signup', view);
    await page.locator('#trust summary').click();
    await look(page, 'signup-trust', view);
    await page.getByRole('button', { name: 'Make my wallet' }).click();
    await page.locator('#signup .fault').waitFor();
    await look(page, 'signup-refused', view);
    await signUp(page);
    await look(page, 'signup-done', view);
  });

  test(`dashboard, ${view[0]}, ${view[2]}`, async (t) => {
    const page = await visitor(t, options);
    await go(page, '/dashboard');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await look(page, 'dashboard-signed-out', view);
    await signUp(page);
    await go(page, '/dashboard');
    await page.getByRole('heading', { name: 'Wallet' }).waitFor();
    await look(page, 'dashboard', view);
    await page.getByText('Where this key comes from').click();
    await page.getByLabel('Message', { exact: true }).fill('I agree to the terms of 1 May.');
    await page.getByRole('button', { name: 'Sign', exact: true }).click();
    await page.getByText('Signed. Anyone can check it').waitFor();
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.locator('#verdict').getByText('Yes.').waitFor();
    for (const value of await page.locator('.long:visible').all()) await value.click();
    await look(page, 'dashboard-yes', view);
    await page.getByLabel('Message', { exact: true }).fill('I agree to the terms of 2 May.');
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.locator('#verdict').getByText('No.').waitFor();
    await page.getByText('How this page knows').click();
    await look(page, 'dashboard-no', view);
    await page.getByLabel('Signature', { exact: true }).fill('0x12');
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.locator('#verify .fault').waitFor();
    await look(page, 'dashboard-fault', view);
  });

  test(`dashboard: typed data, tokens, a new key, ${view[0]}, ${view[2]}`, async (t) => {
    const page = await visitor(t, options);
    await signUp(page);
    await go(page, '/dashboard');
    await page.getByLabel('eip712', { exact: true }).check();
    await press(page, 'Fill in an example');
    await press(page, 'Sign');
    await page.getByText('Signed. Anyone can check it').waitFor();
    await page.getByLabel('Name of the device or program').fill('laptop');
    await press(page, 'Make a token');
    await page.getByRole('heading', { name: 'The token of “laptop”' }).waitFor();
    await page.locator('#token-rows tr', { hasText: 'signup' }).getByRole('button').click();
    await page.locator('#change summary').click();
    await look(page, 'dashboard-typed', view);
    await page.getByLabel('I know that the old key').check();
    await press(page, 'Change the key');
    await page.getByText('The key was changed.').waitFor();
    await page.locator('#earlier summary').click();
    await page.locator('#earlier-keys .long').first().waitFor();
    await look(page, 'dashboard-rotated', view);
  });

  test(`verify, ${view[0]}, ${view[2]}`, async (t) => {
    const page = await visitor(t, options);
    await signUp(page);
    await go(page, '/dashboard');
    const address = await page.locator('#facts .long').first().getAttribute('title');
    await page.getByLabel('Message', { exact: true }).fill('hello');
    await press(page, 'Sign');
    await page.getByText('Signed. Anyone can check it').waitFor();
    const signature = await page.getByLabel('Signature', { exact: true }).inputValue();
    await go(page, '/verify');
    await look(page, 'verify', view);
    await page.getByLabel('Whose is it said to be?').fill(address);
    await page.getByLabel('Message', { exact: true }).fill('hello');
    await page.getByLabel('Signature', { exact: true }).fill(signature);
    await press(page, 'Verify');
    await page.locator('#verdict').getByText('Yes.').waitFor();
    await page.getByText('How this page knows').click();
    await look(page, 'verify-yes', view);
    await page.getByLabel('Message', { exact: true }).fill('hello\n');
    await press(page, 'Verify');
    await page.locator('#verdict').getByText('No.').waitFor();
    await look(page, 'verify-no', view);
    await page.getByLabel('eip712', { exact: true }).check();
    await press(page, 'Verify');
    await page.locator('#verify .fault').waitFor();
    await look(page, 'verify-fault', view);
  });

  test(`trust, ${view[0]}, ${view[2]}`, async (t) => {
    const page = await visitor(t, options);
    const ended = () => page.locator('#again:not([aria-disabled])').waitFor();
    await go(page, '/trust');
    await ended();
    await look(page, 'trust', view);
    await fake(page, '/trust/report.json', 200, fullReport(URL_BASE));
    await go(page, '/trust');
    await ended();
    await page.getByRole('heading', { name: /^Stage 0/ }).waitFor();
    await look(page, 'trust-report', view);
    await page.evaluate(() => document.querySelectorAll('main details').forEach((one) => { one.open = true; }));
    await check(page, 'trust, all open');
    await picture(page, `trust-open-${view[0]}-${view[2]}`);
    await fake(page, '/trust/report.json', 200, '{');
    await fake(page, '/api/attestation*');
    await go(page, '/trust');
    await ended();
    await look(page, 'trust-failing', view);
  });

  test(`network, ${view[0]}, ${view[2]}`, async (t) => {
    const page = await visitor(t, options);
    const show = async (name, document, words) => {
      writePeers(DATA_DIR, document);
      await go(page, '/cluster');
      await page.getByText(words).first().waitFor();
      await look(page, name, view);
    };
    t.after(() => removePeers(DATA_DIR));
    removePeers(DATA_DIR);
    await go(page, '/cluster');
    await page.getByRole('heading', { name: 'This service is in no cluster' }).waitFor();
    await look(page, 'network-none', view);
    await show('network-empty', peersDocument({ peers: [] }), 'Nobody yet.');
    await show('network', peersDocument(), '3 members.');
    assert.equal(await page.locator('#member-rows tr').first().evaluate((row) => getComputedStyle(row).display),
      view[0] === 'phone' ? 'block' : 'table-row');
    await show('network-wireguard', peersDocument({ mode: 'wireguard', peers: [wireguardPeer(1, { verified: false }), wireguardPeer(2, { self: true, verified: null }), wireguardPeer(1024)] }), '10.0.1.2');
    await show('network-failing', peersDocument({ readAtMs: Date.now() - 754_000, error: { code: 'node', detail: 'https://one.example: no answer within 10 seconds.' } }), 'No Ethereum node');
    await page.evaluate(() => document.querySelectorAll('main details').forEach((one) => { one.open = true; }));
    for (const value of await page.locator('.long:visible').all()) await value.click();
    await check(page, 'network, all open');
    await picture(page, `network-open-${view[0]}-${view[2]}`);
  });

  test(`docs, ${view[0]}, ${view[2]}`, async (t) => {
    const page = await visitor(t, options);
    await go(page, '/docs');
    await page.locator('#sign').waitFor();
    await look(page, 'docs', view);
    await page.locator('#sign summary').click();
    await look(page, 'docs-sign', view);
    await press(page, 'Open all routes');
    await check(page, 'docs, all open'); // too long for a picture
  });

  test(`admin, ${view[0]}, ${view[2]}`, async (t) => {
    const page = await visitor(t, options);
    await go(page, '/admin');
    await page.getByRole('heading', { name: 'Sign in as the admin' }).waitFor();
    await look(page, 'admin-signed-out', view);
    await signIn(page, '/admin', ADMIN_TOKEN);
    await page.getByRole('heading', { name: 'Users' }).waitFor();
    assert.equal(await page.locator('#rows tr').first().evaluate((row) => getComputedStyle(row).display),
      view[0] === 'phone' ? 'block' : 'table-row');
    await look(page, 'admin', view);
    await page.getByLabel('Search in email').fill('nobody-has-this-name');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('No user matches').waitFor();
    await look(page, 'admin-empty', view);
  });

  test(`a service that is down and one that asks for no token, ${view[0]}, ${view[2]}`, async (t) => {
    const page = await visitor(t, options);
    await fake(page, '/api/**');
    await go(page, '/dashboard');
    await page.locator('#load-fault .fault').waitFor();
    await look(page, 'down', view);
    await page.unrouteAll();
    await fake(page, '/api/session', 200, { auth: 'open', signedIn: false, admin: false, userId: null });
    await go(page, '/dashboard');
    await page.getByRole('heading', { name: 'Open a wallet' }).waitFor();
    await look(page, 'open', view);
    await go(page, '/no-such-page');
    await look(page, 'unknown', view);
  });
}

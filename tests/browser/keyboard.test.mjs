import assert from 'node:assert/strict';
import test from 'node:test';
import { ADMIN_TOKEN, go, newName, visitor } from './person.mjs';

const FAR = 60; // no control is more presses of Tab away than this

// Presses Tab until the control has the focus, as somebody without a mouse does.
async function tabTo(page, control) {
  for (let i = 0; i < FAR; i++) {
    await page.keyboard.press('Tab');
    if (await control.evaluate((node) => node === document.activeElement)) {
      assert.notEqual(await control.evaluate((node) => getComputedStyle(node).outlineStyle), 'none');
      return;
    }
  }
  assert.fail(`Tab does not reach ${control}`);
}

test('sign up, sign, verify and sign out with the keyboard alone', async (t) => {
  const page = await visitor(t);
  const userId = newName();
  await go(page, '/');

  await tabTo(page, page.getByLabel('Email address'));
  await page.keyboard.type(`${userId}@example.com`);
  await tabTo(page, page.getByLabel('User id'));
  await page.keyboard.type(userId);
  await page.keyboard.press('Enter');
  await page.locator('#done-title:focus').waitFor();

  const value = page.locator('#facts .long').first();
  await tabTo(page, value);
  assert.match(await value.textContent(), /^0x[0-9a-fA-F]{40}$/);
  await tabTo(page, page.getByRole('link', { name: 'Sign a message on your dashboard' }));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Wallet' }).waitFor();

  await tabTo(page, page.getByLabel('Message', { exact: true }));
  await page.keyboard.type('typed by hand');
  await tabTo(page, page.getByRole('button', { name: 'Sign', exact: true }));
  await page.keyboard.press('Space');
  await page.getByText('Signed. Anyone can check it').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Sign', exact: true }).evaluate((node) => node === document.activeElement), true);
  await tabTo(page, page.getByRole('button', { name: 'Verify' }));
  await page.keyboard.press('Enter');
  await page.locator('#verdict').getByText('Yes.').waitFor();

  await page.reload();
  await page.getByRole('heading', { name: 'Wallet' }).waitFor();
  await tabTo(page, page.getByRole('button', { name: 'Sign out' }));
  await page.keyboard.press('Enter');
  await page.locator('#token:focus').waitFor();
});

test('verify with the keyboard alone', async (t) => {
  const page = await visitor(t);
  await go(page, '/verify');
  await tabTo(page, page.getByLabel('Whose is it said to be?'));
  await page.keyboard.type(`0x${'12'.repeat(20)}`);
  await page.getByText('Taken as an address.').waitFor();
  await tabTo(page, page.getByLabel('raw', { exact: true }));
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.getByLabel('eip191', { exact: true }).isChecked(), true);
  await page.keyboard.press('ArrowRight');
  await tabTo(page, page.getByRole('button', { name: 'Fill in an example' }));
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByLabel('Signature', { exact: true }));
  await page.keyboard.type(`0x${'12'.repeat(64)}`);
  await tabTo(page, page.getByRole('button', { name: 'Verify' }));
  await page.keyboard.press('Enter');
  await page.locator('#verdict').getByText('No.').waitFor();
});

test('what was measured opens, and the check is made again, with the keyboard alone', async (t) => {
  const page = await visitor(t);
  await go(page, '/trust');
  await page.locator('#again:not([aria-disabled])').waitFor();
  const again = page.getByRole('button', { name: 'Check again' });
  await tabTo(page, again);
  await page.keyboard.press('Enter');
  await page.locator('#again:not([aria-disabled])').waitFor();
  assert.equal(await again.evaluate((node) => node === document.activeElement), true);
  await tabTo(page, page.locator('#live-details summary'));
  await page.keyboard.press('Enter');
  const value = page.locator('#live-facts .long').first();
  await tabTo(page, value);
  assert.match(await value.textContent(), /^[0-9a-f]{64}$/);
  await tabTo(page, page.getByRole('button', { name: 'Copy command' }));
});

test('a route of the API opens with the keyboard alone', async (t) => {
  const page = await visitor(t);
  await go(page, '/docs');
  const route = page.locator('#signUp');
  await route.waitFor();
  await tabTo(page, route.locator('summary'));
  await page.keyboard.press('Enter');
  await tabTo(page, route.getByRole('button', { name: 'Copy' }).first());
});

test('the admin signs in and searches with the keyboard alone', async (t) => {
  const page = await visitor(t);
  await go(page, '/admin');
  await tabTo(page, page.getByLabel('Admin token'));
  await page.keyboard.type(ADMIN_TOKEN);
  await page.keyboard.press('Enter');
  await page.locator('#users-title:focus').waitFor();
  await tabTo(page, page.getByLabel('Search in email'));
  await page.keyboard.type('nobody-has-this-name');
  await page.keyboard.press('Enter');
  await page.getByText('No user matches').waitFor();
});

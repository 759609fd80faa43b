// /verify: whose signature is it, asked by somebody without an account.
import assert from 'node:assert/strict';
import test from 'node:test';
import { fake, go, press, signUp, visitor } from './person.mjs';

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n; // of secp256k1

// Signs on the dashboard of a new user. Gives who it was, and the signature.
async function signed(page, message, scheme = 'raw') {
  const { userId } = await signUp(page);
  const { address, pubKeyHex, derivedPubKeyHex } = JSON.parse(await page.locator('#json').textContent());
  await go(page, '/dashboard');
  await page.getByLabel(scheme, { exact: true }).check();
  if (scheme === 'eip712') await press(page, 'Fill in an example');
  else await page.getByLabel('Message', { exact: true }).fill(message);
  await press(page, 'Sign');
  await page.getByText('Signed. Anyone can check it').waitFor();
  return { userId, address, pubKeyHex, derivedPubKeyHex, signature: await page.getByLabel('Signature', { exact: true }).inputValue() };
}

// A visitor who is nobody here, with everything filled in.
async function stranger(t, { who, message, signature }) {
  const page = await visitor(t);
  await go(page, '/verify');
  await page.getByLabel('Whose is it said to be?').fill(who);
  await page.getByLabel('Message', { exact: true }).fill(message);
  await page.getByLabel('Signature', { exact: true }).fill(signature);
  return page;
}

test('a signature is held against an address, a public key or a user id', async (t) => {
  const { userId, address, pubKeyHex, derivedPubKeyHex, signature } = await signed(await visitor(t), 'hello');
  const page = await stranger(t, { who: '', message: 'hello', signature });

  for (const [who, taken, yes] of [
    [address, 'Taken as an address.', 'Yes. The key of this address signed exactly this message.'],
    [address.toLowerCase(), 'Taken as an address.', 'Yes. The key of this address'],
    [` ${pubKeyHex}\n`, 'Taken as a public key.', 'Yes. This key signed exactly this message.'],
    [derivedPubKeyHex.slice(2), 'Taken as a public key.', 'Yes. This key signed'],
    [userId, 'Taken as a user id: any key that the user has or had counts.', 'Yes. A key of this user signed exactly this message.'],
  ]) {
    await page.getByLabel('Whose is it said to be?').fill(who);
    await page.getByText(taken).waitFor();
    assert.equal(await page.locator('#verdict').isVisible(), false);
    await press(page, 'Verify');
    await page.locator('#verdict').getByText(yes).waitFor();
  }
  await page.getByText('How this page knows').click();
  await page.locator('#how-facts').getByText('wallet/ethereum').waitFor();
  await page.getByText('Your browser did not repeat it').waitFor();
  await page.getByLabel('Message', { exact: true }).fill('hullo');
  await press(page, 'Verify');
  await page.locator('#verdict').getByText('No. This signature is not by a key of this user over this message. One of the two was changed, or they never belonged together.').waitFor();
});

test('a no says what would make it a yes', async (t) => {
  const raw = await signed(await visitor(t), 'hello');
  const s = BigInt(`0x${raw.signature.slice(66, 130)}`);
  const v = raw.signature.slice(130);
  const eip191 = await signed(await visitor(t), 'hello', 'eip191');

  for (const [change, why] of [
    [{ ...eip191 }, 'It is right under the scheme eip191'],
    [{ signature: raw.signature.slice(0, 130) + (v === '1b' ? '1c' : '1b') }, 'Only its last byte (v) is wrong.'],
    [{ signature: raw.signature.slice(0, 66) + (ORDER - s).toString(16).padStart(64, '0') + v }, 'Somebody exchanged its s'],
    [{ message: '0x68656c6c6f' }, 'The bytes that these hex digits stand for were signed'],
    [{ message: 'hello\n' }, 'It is right with a line break more, or less'],
  ]) {
    const asked = { ...raw, message: 'hello', ...change };
    const page = await stranger(t, { ...asked, who: asked.pubKeyHex });
    await press(page, 'Verify');
    await page.locator('#verdict').getByText(`No. This signature is not by this key over this message. ${why}`).waitFor();
  }
});

test('bytes and typed data are checked too', async (t) => {
  const raw = await signed(await visitor(t), 'hello');
  const page = await stranger(t, { who: raw.address, message: ' 68656C6C6F ', signature: raw.signature });
  await page.getByLabel('These are hex digits').check();
  await press(page, 'Verify');
  await page.locator('#verdict').getByText('Yes.').waitFor();

  const typed = await signed(await visitor(t), '', 'eip712');
  await page.getByLabel('Whose is it said to be?').fill(typed.address);
  await page.getByLabel('Signature', { exact: true }).fill(typed.signature);
  await page.getByLabel('eip712', { exact: true }).check();
  await press(page, 'Fill in an example');
  await press(page, 'Verify');
  await page.locator('#verdict').getByText('Yes.').waitFor();
});

test('what cannot be checked is said at its field', async (t) => {
  const { address, pubKeyHex, signature } = await signed(await visitor(t), 'hello');
  const page = await stranger(t, { who: '', message: 'hello', signature });
  const who = page.getByLabel('Whose is it said to be?');

  for (const [text, sentence] of [
    ['', 'This is not an address. Nothing was checked.'],
    [address.slice(0, -1), 'This is not an address. Nothing was checked.'],
    [`0x${'f'.repeat(130)}`, 'This is not a public key. Nothing was checked.'],
    [`${pubKeyHex}00`, 'This is not an address. Nothing was checked.'],
    ['nobody-has-this-name', 'Nobody has this user id. Nothing was checked.'],
  ]) {
    await who.fill(text);
    await press(page, 'Verify');
    await page.locator('#verify .fault').getByText(sentence).waitFor();
    assert.equal(await page.locator('#verdict').isVisible(), false);
  }
  await who.fill('a b');
  await press(page, 'Verify');
  await page.getByText('This user id cannot be used. Nothing was checked.').waitFor();
  assert.equal(await who.getAttribute('aria-invalid'), 'true');
  await who.fill(address);
  await page.getByLabel('Signature', { exact: true }).fill('0x12');
  await press(page, 'Verify');
  await page.getByText('This is not a signature. Nothing was checked.').waitFor();
  assert.equal(await page.getByLabel('Signature', { exact: true }).getAttribute('aria-invalid'), 'true');
});

test('a hint of a newer server is shown in its own words', async (t) => {
  const page = await stranger(t, { who: `0x${'12'.repeat(20)}`, message: '', signature: `0x${'12'.repeat(64)}` });
  await fake(page, '/api/verify', 200, { valid: false, address: `0x${'12'.repeat(20)}`, canonical: false,
    hash: `0x${'34'.repeat(32)}`, scheme: 'raw', hint: 'something_new', hintDetail: 'A sentence of the server.' });
  await press(page, 'Verify');
  await page.locator('#verdict').getByText('A sentence of the server.').waitFor();
  await page.getByText('How this page knows').click();
  await page.getByText('s is in the upper half').waitFor();
});

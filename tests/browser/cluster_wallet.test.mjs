// The page /cluster with a wallet: what it says before a signature, what it sends, what it makes of a refusal.
import assert from 'node:assert/strict';
import test from 'node:test';
import { peersDocument, removePeers, writePeers } from '../api/lib/peers.mjs';
import { ask, BUYER, CHAIN_ID, client, giveWallet, newCluster, OWNER, THIRD } from './chain.mjs';
import { look, VIEWS } from './look.mjs';
import { DATA_DIR, go, press, visitor } from './person.mjs';

const ETHER = 10n ** 18n;
const INSTANCE = 'c4'.repeat(20);

test.afterEach(() => removePeers(DATA_DIR));

// A visitor before the page of a cluster, with a wallet that is not connected yet.
async function arrive(t, account, { cluster, wallet: options, document = {}, view } = {}) {
  const page = await visitor(t, view && { viewport: view[1], dark: view[2] === 'dark' });
  const here = cluster ?? await newCluster();
  writePeers(DATA_DIR, peersDocument({ ...await here.document(), ...document }));
  const wallet = await giveWallet(page, account, options);
  await go(page, '/cluster');
  await page.getByText('3 members.').waitFor();
  return { page, cluster: here, wallet };
}

async function connect(page) {
  await press(page, 'Connect Test wallet');
  await page.getByRole('heading', { name: 'What your wallet’s node says' }).waitFor();
}

async function arriveConnected(t, account, options) {
  const all = await arrive(t, account, options);
  await connect(all.page);
  return all;
}

const state = (page) => page.locator('#wallet-facts');
const dialog = (page) => page.getByRole('dialog', { name: 'What your wallet will be asked to sign' });

// Presses the form's button and agrees to what is shown; gives what was shown.
async function agree(page, button) {
  await press(page, button);
  await dialog(page).waitFor();
  const shown = await dialog(page).textContent();
  await press(page, 'Go to the wallet');
  return shown;
}

const done = (page) => page.locator('#transactions li').first().getByText(/Done in block \d+/).waitFor();

async function readAgain(page) {
  await press(page, 'Read again');
  await page.locator('#read-again:not([aria-disabled])').waitFor();
}

async function refused(page, form, button, sentence, wallet) {
  const sent = wallet.sent.length;
  await press(page, button);
  await page.locator(`#${form} .fault`).getByText(sentence).waitFor();
  assert.equal(await dialog(page).isVisible(), false);
  assert.equal(wallet.sent.length, sent, 'nothing was sent');
}

test('without a wallet the page says what one is', async (t) => {
  const page = await visitor(t);
  writePeers(DATA_DIR, peersDocument());
  await go(page, '/cluster');
  await page.getByText('No wallet was found in this browser.').waitFor();
  assert.equal(await page.locator('#wallets button').count(), 0);
});

test('wallets are found by their announcement, each by its name, and an older one without', async (t) => {
  const { page } = await arrive(t, OWNER, { wallet: { names: ['One', 'Two', 'One'] } });
  await page.getByRole('button', { name: 'Connect Two' }).waitFor();
  assert.deepEqual(await page.locator('#wallets button').allTextContents(), ['Connect One', 'Connect Two']);
  const old = await arrive(t, OWNER, { wallet: { announced: false } });
  await press(old.page, 'Connect the browser’s wallet');
  await old.page.getByRole('heading', { name: 'What your wallet’s node says' }).waitFor();
});

test('nothing is asked of a wallet before its button is pressed', async (t) => {
  const asked = [];
  const { page, wallet } = await arrive(t, OWNER);
  wallet.before = (method) => void asked.push(method);
  await page.waitForTimeout(500);
  assert.deepEqual(asked, []);
  await connect(page);
  assert.equal(asked[0], 'eth_requestAccounts');
});

test('what the wallet’s node says stands beside the list, and is told apart from it', async (t) => {
  const cluster = await newCluster({ maxNodes: 3, networkMode: 1 });
  await cluster.do(OWNER, 'mintNodeAccess', BUYER, INSTANCE);
  const { page } = await arriveConnected(t, BUYER, { cluster });
  const text = await state(page).textContent();
  for (const part of ['Your token1', 'Seats1 of 3 taken', 'NetworksWireGuard only', 'A seatnot for sale now', 'Pausedno']) assert.ok(text.includes(part), `${part} in ${text}`);
  assert.equal(await state(page).locator('.long').nth(1).getAttribute('title'), INSTANCE);
  await page.getByText('This comes from the Ethereum node that your wallet uses').waitFor();
  await page.getByText(/^✓ pass: your wallet’s node has the list’s digest at block \d+$/).waitFor();
  assert.equal(await page.locator('#owner-actions').isVisible(), false);
  assert.equal(await page.locator('#mint').isVisible(), false);
  await page.getByText('Seats are not for sale, and you are not the owner').waitFor();
});

test('another digest than the list’s is a failure, and one that is not given is not checked', async (t) => {
  const { page } = await arriveConnected(t, BUYER, { document: { digest: `0x${'d1'.repeat(32)}` } });
  await page.getByText(/✗ fail: your wallet’s node has another digest/).waitFor();
  const later = await arrive(t, BUYER, { document: { block: { number: 10_000_000, hash: `0x${'b1'.repeat(32)}`, time: 1790000000, tag: 'safe' } } });
  await connect(later.page);
  await later.page.getByText(/– not checked: the digest of the list at block 10000000/).waitFor();
});

test('the owner gives a seat: said in words, sent as said, and there', async (t) => {
  const { page, cluster, wallet } = await arriveConnected(t, OWNER);
  await page.getByText('As the owner you give seats away: you pay gas only.').waitFor();
  assert.equal(await page.getByLabel('Who shall hold the token').inputValue(), OWNER.toLowerCase());
  await page.getByLabel('Who shall hold the token').fill(BUYER);
  await page.getByLabel('Instance id of the node, if it is known').fill(`0x${INSTANCE.toUpperCase()}`);
  const shown = await agree(page, 'Take or give the seat');
  for (const part of [`Give a seat to ${BUYER}.`, INSTANCE, 'You paygas only', cluster.address, String(CHAIN_ID), 'mintNodeAccess(address to, string instanceId)'])
    assert.ok(shown.includes(part), `${part} in ${shown}`);
  await done(page);
  assert.equal(wallet.sent.length, 1);
  assert.deepEqual([wallet.sent[0].to, wallet.sent[0].value, wallet.sent[0].chainId, wallet.sent[0].from], [cluster.address, '0x0', '0x7a69', OWNER.toLowerCase()]);
  assert.equal(await cluster.read('walletToTokenId', BUYER), 1n);
  assert.equal((await cluster.read('instanceOf', 1n)).toLowerCase(), `0x${INSTANCE}`);
  await state(page).getByText('1 of 16 taken').waitFor();
  assert.match(await page.locator('#transactions .long').first().getAttribute('title'), /^0x[0-9a-f]{64}$/);
});

test('a buyer pays the price, and no more', async (t) => {
  const cluster = await newCluster();
  await cluster.do(OWNER, 'setMintingPolicy', ETHER / 20n, true);
  const { page, wallet } = await arriveConnected(t, BUYER, { cluster });
  await page.getByText('A seat costs 0.05 ether. Who is revoked within 7 days of buying gets the price back.').waitFor();
  const shown = await agree(page, 'Take or give the seat');
  assert.ok(shown.includes('You pay0.05 ether, and gas'), shown);
  assert.ok(shown.includes('to be named later'), shown);
  await done(page);
  assert.equal(BigInt(wallet.sent[0].value), ETHER / 20n);
  assert.equal(await client.getBalance({ address: cluster.address }), ETHER / 20n);
  assert.equal(await cluster.read('owed', BUYER), 0n);
  assert.equal(await cluster.read('walletToTokenId', BUYER), 1n);
  await page.getByRole('heading', { name: 'Name the instance on your token 1' }).waitFor();
});

test('a holder names the instance, names none, and gives the seat up', async (t) => {
  const cluster = await newCluster();
  await cluster.do(OWNER, 'mintNodeAccess', BUYER, '');
  const { page } = await arriveConnected(t, BUYER, { cluster });
  const instance = page.getByLabel('Instance id of the node', { exact: true });
  await instance.fill(INSTANCE);
  await agree(page, 'Name the instance');
  await done(page);
  assert.equal((await cluster.read('instanceOf', 1n)).toLowerCase(), `0x${INSTANCE}`);
  assert.equal(await instance.inputValue(), '');
  const shown = await agree(page, 'Name the instance');
  assert.match(shown, /Name no instance on token 1 any more\./);
  await page.locator('#transactions li').nth(1).waitFor();
  await done(page);
  assert.equal(BigInt(await cluster.read('instanceOf', 1n)), 0n);
  assert.match(await agree(page, 'Give up the seat'), /Give up token 1 for good\. The price is not given back\./);
  await page.locator('#transactions li').nth(2).waitFor();
  await done(page);
  assert.equal(await cluster.read('totalSupply'), 0);
  await page.locator('#resign').waitFor({ state: 'hidden' });
});

test('the owner sets size, networks and sale, and revokes with a reason', async (t) => {
  const cluster = await newCluster();
  await cluster.do(OWNER, 'mintNodeAccess', BUYER, INSTANCE);
  const { page } = await arriveConnected(t, OWNER, { cluster });
  assert.equal(await page.getByLabel('Seats', { exact: true }).inputValue(), '16');
  assert.equal(await page.getByLabel('both', { exact: true }).isChecked(), true);
  await page.getByLabel('Seats', { exact: true }).fill('8');
  await page.getByLabel('WireGuard', { exact: true }).check();
  assert.match(await agree(page, 'Set size and networks'), /Allow 8 seats, and as network WireGuard only\./);
  await done(page);
  assert.deepEqual([await cluster.read('maxNodes'), await cluster.read('networkMode')], [8, 1]);

  await page.getByLabel('Price of a seat in ether').fill('0.125');
  await page.getByLabel('Anybody may buy one').check();
  assert.match(await agree(page, 'Set the sale'), /Sell seats to anybody, for 0\.125 ether each\./);
  await page.locator('#transactions li').nth(1).waitFor();
  await done(page);
  assert.deepEqual([await cluster.read('mintPrice'), await cluster.read('publicMinting')], [ETHER / 8n, true]);

  const reason = 'Its image is no longer allowed – “v1” é';
  await page.locator('#revoke-token').fill('1');
  await page.getByLabel('Reason').fill(reason);
  assert.match(await agree(page, 'Revoke the seat'), /Take the holder of token 1 out of the cluster\./);
  await page.locator('#transactions li').nth(2).waitFor();
  await done(page);
  const [revoked] = await cluster.revocations();
  assert.deepEqual([revoked.tokenId, revoked.holder, revoked.reason], [1n, BUYER, reason]);
});

test('what the contract refuses is said before the wallet opens, in words', async (t) => {
  const cluster = await newCluster({ maxNodes: 1 });
  const { page, wallet } = await arriveConnected(t, OWNER, { cluster });
  await refused(page, 'expire', 'Clear it', 'A token is a whole number.', wallet);
  await page.locator('#expire-token').fill('1');
  await refused(page, 'expire', 'Clear it', 'No member sits on token 1', wallet);
  await page.locator('#revoke-token').fill('7');
  await page.getByLabel('Reason').fill('gone');
  await refused(page, 'revoke', 'Revoke the seat', 'There is no token 7', wallet);
  await page.getByLabel('Seats', { exact: true }).fill('1025');
  await refused(page, 'config', 'Set size and networks', 'A cluster has 1 to 1024 seats, not 1025.', wallet);
  await page.getByLabel('Price of a seat in ether').fill('79228162515');
  await refused(page, 'policy', 'Set the sale', 'A seat cannot cost 79228162515 ether', wallet);
  await cluster.do(OWNER, 'mintNodeAccess', BUYER, '');
  await page.getByLabel('Who shall hold the token').fill(BUYER);
  await refused(page, 'mint', 'Take or give the seat', 'All 1 seats are taken.', wallet);
  await cluster.do(OWNER, 'setClusterConfig', 4n, 2);
  await refused(page, 'mint', 'Take or give the seat', `${BUYER.toLowerCase()} holds token 1 already`, wallet);
  await cluster.pause();
  await page.getByLabel('Who shall hold the token').fill(THIRD);
  await refused(page, 'mint', 'Take or give the seat', 'The guardian has paused the cluster until', wallet);
  await readAgain(page);
  await state(page).getByText('nobody is let in for').waitFor();
});

test('what changed since the page was read refuses as well', async (t) => {
  const cluster = await newCluster();
  await cluster.do(OWNER, 'setMintingPolicy', ETHER, true);
  const { page, wallet } = await arriveConnected(t, BUYER, { cluster });
  await cluster.do(OWNER, 'setMintingPolicy', 2n * ETHER, true);
  await refused(page, 'mint', 'Take or give the seat', 'A seat costs 2 ether now, and 1 ether was offered.', wallet);
  await page.getByText('A seat costs 2 ether.').waitFor();
  await cluster.do(OWNER, 'setMintingPolicy', 2n * ETHER, false);
  await refused(page, 'mint', 'Take or give the seat', `This way in is closed for ${BUYER.toLowerCase()}`, wallet);

  await cluster.do(OWNER, 'mintNodeAccess', BUYER, '');
  await readAgain(page);
  await page.getByRole('heading', { name: 'Name the instance on your token 1' }).waitFor();
  await cluster.do(BUYER, 'transferFrom', BUYER, THIRD, 1n);
  await page.getByLabel('Instance id of the node', { exact: true }).fill(INSTANCE);
  await refused(page, 'assign', 'Name the instance', `${BUYER.toLowerCase()} does not hold token 1, or not any more.`, wallet);
});

test('a change that comes while the person looks is refused by the wallet or in the block, and said', async (t) => {
  const cluster = await newCluster();
  await cluster.do(OWNER, 'setMintingPolicy', ETHER, true);
  const { page, wallet } = await arriveConnected(t, BUYER, { cluster });
  await press(page, 'Take or give the seat');
  await dialog(page).waitFor();
  await cluster.do(OWNER, 'setMintingPolicy', ETHER, false);
  await press(page, 'Go to the wallet');
  await page.locator('#mint .fault').getByText('This way in is closed').waitFor();
  assert.equal(await page.locator('#transactions li').count(), 0);

  await cluster.do(OWNER, 'setMintingPolicy', ETHER, true);
  await readAgain(page);
  await page.getByText('A seat costs 1 ether.').waitFor();
  wallet.gas = '0x7a120'; // one that does not estimate
  await press(page, 'Take or give the seat');
  await dialog(page).waitFor();
  await cluster.do(OWNER, 'setMintingPolicy', 3n * ETHER, true);
  await press(page, 'Go to the wallet');
  await page.locator('#mint .fault').getByText('The transaction failed: nothing was changed, but gas was paid. A seat costs 3 ether now, and 1 ether was offered.').waitFor();
  await page.locator('#transactions li').first().getByText(/✗ Refused in block \d+: nothing was changed, gas was paid\./).waitFor();
  assert.equal(await cluster.read('totalSupply'), 0);
});

test('who declines has sent nothing, in the page and in the wallet', async (t) => {
  const { page, wallet, cluster } = await arrive(t, OWNER);
  wallet.decline();
  await press(page, 'Connect Test wallet');
  await page.locator('#wallet-fault').getByText('You declined in your wallet. Nothing was sent.').waitFor();
  wallet.before = () => undefined;
  await connect(page);
  assert.equal(await page.locator('#wallet-fault').textContent(), '');

  await press(page, 'Take or give the seat');
  await dialog(page).waitFor();
  await press(page, 'Do nothing');
  await dialog(page).waitFor({ state: 'hidden' });
  await press(page, 'Take or give the seat');
  await dialog(page).waitFor();
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'hidden' });
  assert.equal(wallet.prompts.filter((one) => one === 'eth_sendTransaction').length, 0);

  wallet.decline();
  await agree(page, 'Take or give the seat');
  await page.locator('#mint .fault').getByText('You declined in your wallet. Nothing was sent.').waitFor();
  assert.equal(wallet.sent.length, 0);
  assert.equal(await cluster.read('totalSupply'), 0);
});

test('on another chain the page offers to switch, and sends nothing there', async (t) => {
  const { page, wallet } = await arrive(t, OWNER);
  wallet.chainId = 1;
  await press(page, 'Connect Test wallet');
  await page.getByText(`Your wallet is on the chain with id 1, and the contract on the one with id ${CHAIN_ID}.`).waitFor();
  assert.equal(await page.locator('#wallet-here').isVisible(), false);
  wallet.before = (method) => (method === 'wallet_switchEthereumChain' ? { error: { code: 4902, message: 'Unrecognized chain ID' } } : undefined);
  await press(page, `Switch to chain ${CHAIN_ID}`);
  await page.locator('#wallet-fault').getByText('Your wallet does not know this chain. Add it there, then try again.').waitFor();
  wallet.before = () => undefined;
  await press(page, `Switch to chain ${CHAIN_ID}`);
  await page.getByRole('heading', { name: 'What your wallet’s node says' }).waitFor();

  wallet.chainId = 5; // without a word
  await press(page, 'Take or give the seat');
  await page.getByText('Your wallet is on the chain with id 5').waitFor();
  await page.locator('#wallet-title:focus').waitFor();
  wallet.chainId = CHAIN_ID;
  await wallet.emit('chainChanged', `0x${CHAIN_ID.toString(16)}`);
  await page.getByRole('heading', { name: 'What your wallet’s node says' }).waitFor();

  await press(page, 'Take or give the seat');
  await dialog(page).waitFor();
  wallet.chainId = 5; // while the person reads
  await press(page, 'Go to the wallet');
  await page.getByText('Your wallet is on the chain with id 5').waitFor();
  assert.equal(wallet.sent.length, 0);
});

test('another account in the wallet is another person: the page follows it', async (t) => {
  const { page, wallet } = await arriveConnected(t, OWNER);
  await page.locator('#owner-actions').waitFor();
  await press(page, 'Take or give the seat');
  await dialog(page).waitFor();
  wallet.account = BUYER;
  await press(page, 'Go to the wallet');
  await page.locator('#mint .fault').getByText('Your wallet has gone to another account. Nothing was sent.').waitFor();
  await page.locator('#owner-actions').waitFor({ state: 'hidden' });
  assert.equal(wallet.sent.length, 0);
  wallet.connected = false;
  await wallet.emit('accountsChanged', []);
  await page.getByRole('button', { name: 'Connect Test wallet' }).waitFor();
});

test('an address without such a contract, and a node that does not answer, are said', async (t) => {
  const empty = { address: THIRD, document: async () => ({ contract: THIRD, chainId: CHAIN_ID }) };
  const { page } = await arrive(t, OWNER, { cluster: empty });
  await press(page, 'Connect Test wallet');
  await page.locator('#wallet-fault').getByText('Your wallet’s node knows no such contract at this address.').waitFor();
  assert.equal(await page.locator('#wallet-here').isVisible(), false);
  const down = await arrive(t, OWNER);
  down.wallet.before = (method) => (method === 'eth_call' ? { error: { code: -32603, message: 'no upstream' } } : undefined);
  await press(down.page, 'Connect Test wallet');
  await down.page.locator('#wallet-fault').getByText('Your wallet could not do it. It says: no upstream').waitFor();
  down.wallet.before = () => undefined;
  await press(down.page, 'Try again');
  await down.page.getByRole('heading', { name: 'What your wallet’s node says' }).waitFor();
});

test('another contract in the list is another cluster: nothing of the one before stays', async (t) => {
  const { page, wallet } = await arriveConnected(t, OWNER);
  const other = await newCluster({ maxNodes: 5 });
  writePeers(DATA_DIR, peersDocument(await other.document()));
  await state(page).getByText('0 of 5 taken').waitFor();
  await agree(page, 'Take or give the seat');
  await done(page);
  assert.equal(wallet.sent[0].to, other.address);

  writePeers(DATA_DIR, peersDocument({ ...await other.document(), contract: THIRD }));
  await page.locator('#wallet-fault').getByText('knows no such contract at this address').waitFor();
  assert.equal(await page.locator('#wallet-here').isVisible(), false);
});

test('mistakes are marked at their field, before anything is tried', async (t) => {
  const { page, wallet } = await arriveConnected(t, OWNER);
  const rows = [
    ['mint', '#mint-to', '0x12', 'Take or give the seat', 'This is not an address of a wallet'],
    ['mint', '#mint-to', `0x${'0'.repeat(40)}`, 'Take or give the seat', 'This is not an address of a wallet'],
    ['config', '#config-seats', '-1', 'Set size and networks', 'The number of seats is a whole number.'],
    ['policy', '#policy-price', '1,5', 'Set the sale', 'This is not a price'],
    ['revoke', '#revoke-token', 'x', 'Revoke the seat', 'A token is a whole number.'],
  ];
  for (const [form, field, text, button, sentence] of rows) {
    await page.locator(field).fill(text);
    await refused(page, form, button, sentence, wallet);
    assert.equal(await page.locator(field).getAttribute('aria-invalid'), 'true', field);
    assert.equal(await page.locator(field).evaluate((node) => node === document.activeElement), true, field);
  }
  await page.locator('#mint-to').fill(BUYER);
  await page.locator('#mint-instance').fill('c4c4');
  await refused(page, 'mint', 'Take or give the seat', 'This is not an instance id', wallet);
  await page.locator('#revoke-token').fill('1');
  await refused(page, 'revoke', 'Revoke the seat', 'Say why', wallet);
  await page.getByLabel('Reason').fill('é'.repeat(129));
  await refused(page, 'revoke', 'Revoke the seat', 'The reason is longer than 256 bytes.', wallet);
});

test('a wallet that gives nonsense is not believed', async (t) => {
  const { page, wallet } = await arriveConnected(t, OWNER);
  wallet.before = (method) => (method === 'eth_sendTransaction' ? { result: 'ok' } : undefined);
  await agree(page, 'Take or give the seat');
  await page.locator('#mint .fault').getByText('Your wallet gave no hash of a transaction.').waitFor();
  wallet.before = (method) => (method === 'eth_chainId' ? { result: 31337 } : undefined);
  await press(page, 'Take or give the seat');
  await page.locator('#mint .fault').getByText('an answer that this page cannot read').waitFor();
});

test('a transaction waits for its block, and says so', async (t) => {
  const { page } = await arriveConnected(t, OWNER);
  await ask('evm_setAutomine', false);
  t.after(() => ask('evm_setAutomine', true));
  await agree(page, 'Take or give the seat');
  await page.locator('#transactions').getByText('Sent. Waiting for a block to take it.').waitFor();
  assert.equal(await page.locator('#mint .primary').getAttribute('aria-disabled'), 'true');
  await page.waitForTimeout(1500);
  await ask('evm_mine');
  await done(page);
});

test('with the keyboard alone: connect, fill in, read, agree', async (t) => {
  const { page, cluster } = await arrive(t, OWNER);
  async function tabTo(control) {
    for (let i = 0; i < 80; i++) {
      await page.keyboard.press('Tab');
      if (await control.evaluate((node) => node === document.activeElement)) return;
    }
    assert.fail(`Tab does not reach ${control}`);
  }
  await tabTo(page.getByRole('button', { name: 'Connect Test wallet' }));
  await page.keyboard.press('Enter');
  await page.locator('#wallet-title:focus').waitFor();
  await tabTo(page.getByLabel('Who shall hold the token'));
  await page.keyboard.press('Control+A');
  await page.keyboard.type(BUYER);
  await page.keyboard.press('Enter');
  await page.locator('#review-title:focus').waitFor();
  await tabTo(page.getByRole('button', { name: 'Go to the wallet' }));
  await page.keyboard.press('Enter');
  await done(page);
  assert.equal(await cluster.read('walletToTokenId', BUYER), 1n);
  assert.equal(await page.getByLabel('Who shall hold the token').evaluate((node) => node === document.activeElement), true, 'the focus is where it was');
});

for (const view of VIEWS)
  test(`the wallet’s part, ${view[0]}, ${view[2]}`, async (t) => {
    const cluster = await newCluster();
    await cluster.do(OWNER, 'mintNodeAccess', OWNER, INSTANCE);
    await cluster.do(OWNER, 'setMintingPolicy', ETHER / 20n, true);
    const { page, wallet } = await arrive(t, OWNER, { cluster, view });
    await look(page, 'network-wallets', view);
    wallet.chainId = 1;
    await press(page, 'Connect Test wallet');
    await page.getByText('Your wallet is on the chain with id 1').waitFor();
    await look(page, 'network-other-chain', view);
    await press(page, `Switch to chain ${CHAIN_ID}`);
    await page.getByRole('heading', { name: 'What your wallet’s node says' }).waitFor();
    await page.locator('#mint-to').fill(BUYER);
    await press(page, 'Take or give the seat');
    await dialog(page).waitFor();
    await look(page, 'network-review', view);
    await press(page, 'Go to the wallet');
    await done(page);
    await press(page, 'Clear it');
    await page.locator('#expire .fault').waitFor();
    for (const value of await page.locator('#wallet-here .long:visible').all()) await value.click();
    await look(page, 'network-wallet', view);
  });

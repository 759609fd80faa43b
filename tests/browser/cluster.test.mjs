// Who is in the network: the page /cluster, with the file of peers that these tests write.
import assert from 'node:assert/strict';
import test from 'node:test';
import { peer, peersDocument, removePeers, wireguardPeer, writePeers } from '../api/lib/peers.mjs';
import { DATA_DIR, fake, go, visitor } from './person.mjs';

const write = (more) => writePeers(DATA_DIR, peersDocument(more));

test.afterEach(() => removePeers(DATA_DIR));

test('where there is no list the page says that there is no cluster, and finds one that begins', async (t) => {
  const page = await visitor(t);
  await go(page, '/cluster');
  await page.getByRole('heading', { name: 'This service is in no cluster' }).waitFor();
  assert.equal(await page.locator('#cluster').isVisible(), false);
  write();
  await page.getByText('3 members.').waitFor();
  assert.equal(await page.locator('#none').isVisible(), false);
});

test('members are shown with all that the list has, and this node is marked', async (t) => {
  const page = await visitor(t);
  write();
  await go(page, '/cluster');
  const rows = page.locator('#member-rows tr');
  await rows.nth(2).waitFor();
  assert.equal(await rows.count(), 3);
  assert.match(await rows.nth(0).textContent(), /49 minutes left/);
  assert.match(await rows.nth(2).textContent(), /3 minutes left/);
  assert.match(await rows.nth(0).locator('time').getAttribute('title'), /GMT$/);
  assert.deepEqual(await page.locator('#member-rows .pill').allTextContents(), ['this node']);
  assert.match(await rows.nth(1).textContent(), /^2 this node/);
  assert.match(await page.locator('#self-state').textContent(), /This node is registered\. It is in the list\./);
  await page.getByText('Read at block 1234, less than a minute ago.').waitFor();
  const proof = page.locator('#proof-facts');
  assert.match(await proof.textContent(), /1234, final/);
  assert.equal(await proof.locator('.long').last().getAttribute('title'), `0x${'d1'.repeat(32)}`);
});

test('in a WireGuard network the tunnel’s addresses are there, and who has proven its key', async (t) => {
  const page = await visitor(t);
  write({ mode: 'wireguard', peers: [wireguardPeer(1, { verified: false }), wireguardPeer(2, { self: true, verified: null }), wireguardPeer(9)] });
  await go(page, '/cluster');
  const rows = page.locator('#member-rows tr');
  await rows.nth(2).waitFor();
  assert.match(await rows.nth(0).textContent(), /✗ has not proven its tunnel’s key/);
  assert.match(await rows.nth(1).textContent(), /– tunnel’s key not checked/);
  assert.match(await rows.nth(2).textContent(), /10\.0\.1\.9.*fd12:3456:789a::9.*✓ has proven its tunnel’s key.*192\.0\.2\.9:51820/s);
});

test('who comes and who leaves is seen without a reload, and what did not change keeps the focus', async (t) => {
  const page = await visitor(t);
  const document = peersDocument();
  writePeers(DATA_DIR, document);
  await go(page, '/cluster');
  await page.getByText('3 members.').waitFor();
  const digest = page.locator('#proof-facts .long').last();
  await digest.focus();
  writePeers(DATA_DIR, { ...document, peers: [...document.peers, peer(8)], readAtMs: Date.now(), writtenAtMs: Date.now() });
  await page.getByText('4 members.').waitFor();
  assert.equal(await digest.evaluate((node) => node === globalThis.document.activeElement), true);
  writePeers(DATA_DIR, { ...document, peers: document.peers.slice(1, 2), readAtMs: Date.now(), writtenAtMs: Date.now() });
  await page.getByText('1 member.').waitFor();
  assert.equal(await page.locator('#member-rows tr').count(), 1);
});

test('nobody yet is said as such', async (t) => {
  const page = await visitor(t);
  write({ peers: [], self: { ...peersDocument().self, tokenId: null, leaseUntil: null, registration: 'none' } });
  await go(page, '/cluster');
  await page.locator('#health').getByText('Nobody yet.').waitFor();
  await page.getByText('A node appears here once somebody holds a seat').waitFor();
  assert.match(await page.locator('#self-state').textContent(), /not registered: it only watches/);
});

test('a fault of the daemon’s stands beside the last good list and its age', async (t) => {
  const page = await visitor(t);
  write({ readAtMs: Date.now() - 12 * 60_000, error: { code: 'node', detail: 'https://one.example: no answer within 10 seconds.' } });
  await go(page, '/cluster');
  await page.locator('#health').getByText('✗ Not known just now. Last seen: 3 members.').waitFor();
  const fault = page.locator('#list-fault');
  assert.match(await fault.textContent(), /No Ethereum node gives a usable answer\. The list below is the last good one: who came or left since is not known\. The daemon tries again/);
  assert.match(await fault.textContent(), /https:\/\/one\.example: no answer/);
  await page.getByText('Read at block 1234, 12 minutes ago.').waitFor();
  assert.equal(await page.locator('#member-rows tr').count(), 3);
  write();
  await page.getByText('3 members. This node').waitFor();
  assert.equal(await fault.textContent(), '');
});

test('a daemon that is gone, a list that never was, a node that was refused: each in its words', async (t) => {
  const page = await visitor(t);
  write({ writtenAtMs: Date.now() - 60_000 });
  await go(page, '/cluster');
  await page.locator('#list-fault').getByText('What watches the network has stopped.').waitFor();
  assert.equal(await page.locator('#member-rows tr').count(), 3);
  write({ chainId: null, readAtMs: null, block: null, digest: null, peers: [], error: { code: 'nocluster', detail: 'No contract.' } });
  await page.reload();
  await page.locator('#list-fault').getByText('There is no cluster contract at the address. Who is in the network is not known.').waitFor();
  await page.getByText('Not known: no list was ever read.').waitFor();
  write({ self: { ...peersDocument().self, registration: 'failed', detail: 'The account has too little for gas.' }, error: { code: 'a-new-one', detail: 'Something new.' } });
  await page.reload();
  await page.locator('#self-state').getByText('✗ This node could not register. The account has too little for gas.').waitFor();
  await page.locator('#list-fault').getByText('The daemon met a fault.').waitFor();
});

test('a server that fails leaves the list that was there', async (t) => {
  const page = await visitor(t);
  write();
  await go(page, '/cluster');
  await page.getByText('3 members. This node').waitFor();
  await fake(page, '/api/cluster/peers', 502, '<html>');
  await page.locator('#list-fault').getByText('The program that answers this is not running or is overloaded. The list below is the one from before.').waitFor();
  await page.locator('#health').getByText('Not known just now.').waitFor();
  assert.equal(await page.locator('#member-rows tr').count(), 3);
  await page.unrouteAll();
  await page.getByText('3 members. This node').waitFor();
  assert.equal(await page.locator('#list-fault').textContent(), '');
});

test('a list that is none is not shown', async (t) => {
  const page = await visitor(t);
  writePeers(DATA_DIR, '{');
  await go(page, '/cluster');
  await page.locator('#list-fault').getByText('The list of peers cannot be read').waitFor();
  for (const change of [{ peers: [{ tokenId: 1 }] }, { peers: [peer(1, { endpoint: 7 })] }, { peers: [peer(1, { instanceId: '<b>' })] }, { contract: 'https://evil.example' }]) {
    write(change);
    await page.reload();
    await page.locator('#list-fault').getByText('The server gave an answer that this page cannot read. Who is in the network is not known.').waitFor();
    assert.equal(await page.locator('#cluster').isVisible(), false);
  }
});

test('text of a member stays text', async (t) => {
  const page = await visitor(t);
  write({ peers: [peer(1, { endpoint: '<img src=x onerror=alert(1)>' })], error: { code: 'node', detail: '<script>alert(1)</script>' } });
  await go(page, '/cluster');
  await page.getByText('<img src=x onerror=alert(1)>').waitFor();
  await page.getByText('<script>alert(1)</script>').waitFor();
});

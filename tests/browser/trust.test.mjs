// /trust: what the people who run it say, and what the browser finds out.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import test from 'node:test';
import { BUILD_DIR } from '../api/lib/stack.mjs';
import { startAgent } from './evidence.mjs';
import { fake, go, press, URL_BASE, visitor } from './person.mjs';
import { fullReport } from './trust_report.mjs';

const SIMULATED = 'No. This is simulated hardware, or a forgery';

// Opens the page when its check has come to an end.
async function open(page) {
  await go(page, '/trust');
  await ended(page);
}

async function ended(page) {
  await page.locator('#again:not([aria-disabled])').waitFor();
}

// The titles of the steps that fail.
function failing(page) {
  return page.locator('#live-steps > li.fail').evaluateAll((all) => all.map((one) => one.firstChild.nextSibling.data.replace(/^ fail: /, '')));
}

// What fails of every simulator; and of the one that ./up starts, which shows a definition that it has not measured.
const ALWAYS = ['The quoting enclave is the one that Intel made', 'The last of them is Intel’s root'];
const COMPOSE = 'The app definition that is shown is the one that was measured';

test('without a report the page says so, and all else works', async (t) => {
  const page = await visitor(t, { permissions: ['clipboard-read', 'clipboard-write'] });
  await open(page);
  await page.getByText('There is no report: the people who run this have published none.').waitFor();
  await page.getByText('Without a report there is nothing to show here.').waitFor();
  assert.equal(await page.locator('#report-parts').isVisible(), false);
  await page.locator('#live-verdict').getByText(SIMULATED).waitFor();
  await press(page, 'Copy command');
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `devproof audit ${URL_BASE}`);
});

test('a simulator is called simulated hardware, each time with a nonce of its own', async (t) => {
  const page = await visitor(t);
  const nonces = [];
  page.on('request', (request) => {
    const nonce = new URL(request.url()).searchParams.get('nonce');
    if (nonce !== null) nonces.push(nonce);
  });
  await open(page);
  await press(page, 'Check again');
  await ended(page);
  assert.equal(new Set(nonces).size, 2);
  for (const nonce of nonces) assert.match(nonce, /^[0-9a-f]{64}$/);
  assert.deepEqual(await failing(page), [...ALWAYS, COMPOSE]);
  await page.locator('#live-steps').getByText('Whoever made that root can make any quote.').waitFor();
  await page.locator('#live-steps').getByText('The server has no TLS key of its own').waitFor();
  assert.match(await page.locator('#chain-steps li').first().textContent(), /✗ fail: your browser, now/);
  await page.getByText('What was measured: code').click();
  assert.match(await page.locator('#live-compose').textContent(), /docker_compose_file/);
});

const QUOTE = { report: 48 + 328, signature: 636, enclave: 636 + 134, certificates: 1258 };
function xor(answer, at) {
  const quote = Buffer.from(answer.quote, 'hex');
  quote[at] ^= 1;
  return { ...answer, quote: quote.toString('hex') };
}

let agent, other;
test.before(async () => {
  [agent, other] = await Promise.all([startAgent(), startAgent()]);
});
test.after(() => Promise.all([agent, other].map((one) => one?.stop())));

// Opens the page of a service whose evidence comes from our agent, changed on its way.
async function openTampered(t, change = (answer) => answer) {
  const page = await visitor(t);
  await page.route(`${URL_BASE}/api/attestation*`, async (route) => {
    const answer = await agent.answer(new URL(route.request().url()).searchParams.get('nonce'));
    await route.fulfill({ status: 200, contentType: 'application/json', body: JSON.stringify(await change(answer)) });
  });
  await open(page);
  return page;
}

// A byte of the leaf's signature: near the end of the first certificate.
function leafChanged(answer) {
  const quote = Buffer.from(answer.quote, 'hex');
  const end = quote.indexOf('-----END', QUOTE.certificates) - 12;
  quote[end] = quote[end] === 0x41 ? 0x42 : 0x41;
  return { ...answer, quote: quote.toString('hex') };
}

const log = (answer, change) => ({ ...answer, event_log: JSON.stringify(change(JSON.parse(answer.event_log))) });

// The quote with the first certificate of another platform, and the lengths before it made right.
async function leafSwapped(answer) {
  const cut = (hex) => /-----BEGIN[^]*?-----END CERTIFICATE-----/.exec(Buffer.from(hex, 'hex').toString('latin1'))[0];
  const own = cut(answer.quote), theirs = cut((await other.answer('00'.repeat(32))).quote);
  const quote = Buffer.from(Buffer.from(answer.quote, 'hex').toString('latin1').replace(own, theirs), 'latin1');
  for (const at of [632, 766, 1254]) quote.writeUInt32LE(quote.readUInt32LE(at) + theirs.length - own.length, at);
  return { ...answer, quote: quote.toString('hex') };
}

const FRESH = 'The quote was made for this check, and for the TLS key that the server names';
const SIGNED = 'The attestation key signed what the hardware measured';
const VOUCHED = 'The platform’s certificate vouches for the quoting enclave';
const CHAIN = 'Each of the platform’s certificates is signed by the next, and in date';
const LOG = 'The event log leads to what the hardware measured';
const TLS = 'The TLS certificate that the server names has that TLS key';

const TAMPERED = {
  'the quote of another nonce': [() => agent.answer(randomBytes(32).toString('hex')), FRESH],
  'a byte of the report': [(answer) => xor(answer, QUOTE.report), SIGNED],
  'a byte of the signature': [(answer) => xor(answer, QUOTE.signature), SIGNED],
  'a byte of the enclave’s report': [(answer) => xor(answer, QUOTE.enclave), VOUCHED],
  'a byte of the platform’s certificate': [leafChanged, CHAIN],
  'the certificate of another platform': [leafSwapped, VOUCHED, CHAIN],
  'another app definition': [(answer) => ({ ...answer, app_compose: `${answer.app_compose}\n` }), COMPOSE],
  'an event less': [(answer) => log(answer, (events) => events.slice(0, -1)), LOG],
  'a changed event': [(answer) => log(answer, (events) => [...events.slice(0, -1), { ...events.at(-1), event_payload: 'ff' }]), LOG],
  'a TLS certificate of another key': [(answer) => ({ ...answer, tls: { ...answer.tls, certificate_chain: other.certificate.toString() } }), TLS],
  'another TLS key, and its certificate': [(answer) => ({ ...answer, tls: { spki_sha256: other.key, certificate_chain: other.certificate.toString() } }), FRESH],
};

for (const [name, [change, ...steps]] of Object.entries(TAMPERED))
  test(`${name}: that fails, and nothing else`, async (t) => {
    const page = await openTampered(t, change);
    assert.deepEqual((await failing(page)).filter((one) => !ALWAYS.includes(one)), steps);
    assert.match(await page.locator('#live-verdict').textContent(), /^✗ No\./);
  });

test('untouched evidence fails in nothing but being simulated, and shows fingerprints to compare', async (t) => {
  const page = await openTampered(t);
  assert.deepEqual(await failing(page), ALWAYS);
  assert.equal(await page.locator('#live-steps > li.pass').count(), 10);
  await page.getByText('What was measured: code').click();
  for (const hex of [agent.key, agent.certificate.fingerprint256.replaceAll(':', '').toLowerCase()])
    await page.locator(`#live-facts .long[title="${hex}"]`).waitFor();
});

for (const [status, body, sentence] of [
  [503, { code: 'dstack_unavailable', status: 503, title: 'x', detail: 'x', request_id: 'r-1' }, 'The key service is not answering. Nothing was checked'],
  [502, '<html>', 'The program that answers this is not running or is overloaded. Nothing was checked'],
  [undefined, undefined, 'The server cannot be reached. Nothing was checked'],
])
  test(`a service that is down (${status ?? 'no answer'}): words, and no verdict`, async (t) => {
    const page = await visitor(t);
    await fake(page, '/api/attestation*', status, body);
    await open(page);
    await page.locator('#live-fault').getByText(sentence).waitFor();
    assert.equal(await page.locator('#live-verdict').textContent(), '– Not checked.');
    assert.equal(await page.locator('#live-steps .pass, #live-steps .fail').count(), 0);
    await page.unrouteAll();
    await press(page, 'Check again');
    await page.locator('#live-verdict').getByText(SIMULATED).waitFor();
    assert.equal(await page.locator('#live-fault').textContent(), '');
  });

test('an answer that is none, or has no end, is refused in words', async (t) => {
  const page = await visitor(t);
  await fake(page, '/api/attestation*', 200, 'not json');
  await open(page);
  assert.deepEqual(await failing(page), ['The answer holds a quote of a TD']);
  await fake(page, '/api/attestation*', 200, ' '.repeat((4 << 20) + 1));
  await press(page, 'Check again');
  await page.locator('#live-fault').getByText('The server gave an answer that this page cannot read.').waitFor();
});

test('a browser without cryptography says so instead of a verdict', async (t) => {
  const page = await visitor(t);
  await page.addInitScript(() => Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined }));
  await open(page);
  await page.locator('#live-verdict').getByText('Browsers do cryptography on HTTPS pages only').waitFor();
  assert.equal(await page.locator('#live-steps .pass').count(), 0);
});

// --- the report ---

async function withReport(t, report, options) {
  const page = await visitor(t, options);
  await fake(page, '/trust/report.json', 200, report);
  return page;
}

test('a report: stage, why not the next, claims, powers', async (t) => {
  const page = await withReport(t, fullReport(URL_BASE));
  await open(page);
  await page.getByText('It is 3 hours old. Until you have run the command yourself, it is the operator’s word.').waitFor();
  await page.getByRole('heading', { name: 'Stage 0. Prototype: the developer can still cheat' }).waitFor();
  const rows = page.locator('#stage-requirements > div > .checks > li');
  assert.deepEqual(await rows.evaluateAll((all) => all.map((one) => one.className)), ['pass', 'fail', 'none']);
  await rows.nth(1).getByText('failed: image.rebuilt').waitFor();
  assert.equal(await page.locator('.claim').count(), 6);
  const failed = page.locator('.claim.fail');
  assert.deepEqual([await failed.count(), await failed.getAttribute('open')], [1, '']);
  await failed.getByText('sha256:beef').waitFor();
  await page.locator('#powers').getByText('Intel').waitFor();
  assert.match(await page.locator('#chain-steps').textContent(), /✓ pass: the operator’s report/);
});

test('a report that devproof audit has just made of this service is taken', async (t) => {
  const { stdout } = spawnSync(join(BUILD_DIR, 'bin/devproof/devproof'), ['audit', URL_BASE, '--json'], { encoding: 'utf8' });
  const said = JSON.parse(stdout);
  const page = await withReport(t, said);
  await open(page);
  await page.getByRole('heading', { name: `Stage ${said.stage.stage}. ${said.stage.name}` }).waitFor();
  await page.getByText('It is less than a minute old.').waitFor();
  assert.equal(await page.locator('.claim').count(), said.claims.length);
});

test('a countdown in words keeps itself up to date, and so does the age', async (t) => {
  const page = await withReport(t, fullReport(URL_BASE, Date.UTC(2030, 0, 1)));
  await page.clock.install({ time: Date.UTC(2030, 0, 1) });
  await page.goto(`${URL_BASE}/trust`);
  const pending = page.locator('#pending li');
  await pending.first().getByText('activates in 6 days 4 hours at the earliest').waitFor();
  await pending.first().getByText('allow new code').waitFor();
  await pending.nth(1).getByText('can take effect at any time, since').waitFor();
  assert.equal(await pending.count(), 2);
  await page.clock.fastForward('05:00:00');
  await pending.first().getByText('activates in 5 days 23 hours').waitFor();
  await page.getByText('It is 8 hours old.').waitFor();
  await page.clock.fastForward(6 * 86400 * 1000);
  await pending.first().getByText('can take effect at any time, since').waitFor();
  await pending.nth(1).getByText('has expired since the report').waitFor();
});

test('the history is a timeline, newest first, and rules say what is told only', async (t) => {
  const page = await withReport(t, fullReport(URL_BASE));
  await open(page);
  const events = page.locator('#history > li');
  assert.equal(await events.count(), 10);
  await page.locator('#earlier summary').click();
  assert.equal(await page.locator('#earlier-history > li').count(), 90);
  assert.match(await events.first().textContent(), /Proposed: allow new code/);
  await page.getByText('These are the newest 100 of 104').waitFor();
  await page.locator('#rules').getByText('2 days', { exact: true }).waitFor();
  await page.locator('#rules').getByText('3 days (told by a node, not proven)').waitFor();
});

test('code that the contract does not allow is said', async (t) => {
  const { app_compose: compose } = await agent.answer('00'.repeat(32));
  const hash = `0x${createHash('sha256').update(compose).digest('hex')}`;
  for (const [allowed, sentence] of [[hash, 'pass: The code that answered is version 2'], [`0x${'77'.repeat(32)}`, 'fail: The code that answered is none that the contract allows']]) {
    const report = fullReport(URL_BASE);
    report.appauth.composeHashes.value[1].composeHash = allowed;
    const page = await openTampered(t);
    await fake(page, '/trust/report.json', 200, report);
    await open(page);
    await page.locator('#live-code').getByText(sentence).waitFor();
  }
});

test('a report without a contract, and one about another server, say so', async (t) => {
  const page = await withReport(t, { ...fullReport('https://elsewhere.example'), appauth: null });
  await open(page);
  await page.getByText('This report is about https://elsewhere.example/, not about this page’s server.').waitFor();
  await page.getByText('Then whoever runs this server decides, at any time and unseen.').waitFor();
});

const MALFORMED = {
  'no JSON': () => '{',
  'a list': () => [],
  'another format': (r) => ({ ...r, format: 'devproof-report/2' }),
  'no time': (r) => ({ ...r, at: 'yesterday' }),
  'a claim twice': (r) => ({ ...r, claims: [...r.claims, r.claims[0]] }),
  'too many claims': (r) => ({ ...r, claims: Array.from({ length: 501 }, (_, i) => ({ ...r.claims[0], id: String(i) })) }),
  'a verdict of its own': (r) => ({ ...r, claims: [{ ...r.claims[0], verdict: 'passed' }] }),
  'a verdict that is a member of all objects': (r) => ({ ...r, claims: [{ ...r.claims[0], verdict: 'constructor' }] }),
  'a requirement that passes against its claims': (r) => {
    r.stage.requirements[1].verdict = 'pass';
    return r;
  },
  'a stage that is not reached': (r) => ({ ...r, stage: { ...r.stage, stage: 1, next: 2 } }),
  'an address that is none': (r) => ({ ...r, url: 'wallet' }),
  'no stage': (r) => ({ ...r, stage: undefined }),
  'a text too long': (r) => ({ ...r, url: 'x'.repeat((64 << 10) + 1) }),
  'a contract that is none': (r) => ({ ...r, appauth: {} }),
  'a proposal without a time': (r) => {
    r.appauth.proposals.value[0].activatesAt = -1;
    return r;
  },
};

for (const [name, change] of Object.entries(MALFORMED))
  test(`a report with ${name} is refused in words, and nothing of it is shown`, async (t) => {
    const page = await withReport(t, change(fullReport(URL_BASE)));
    await open(page);
    await page.locator('#report-fault').getByText('The report cannot be believed, so nothing of it is shown.').waitFor();
    assert.equal(await page.locator('#report-parts').isVisible(), false);
    assert.equal(await page.locator('#upgrades-parts').isVisible(), false);
    assert.doesNotMatch(await page.locator('#chain-steps').textContent(), /pass: the operator/);
  });

test('what a report says is text, never markup', async (t) => {
  const evil = '<img src=x onerror=alert(1)><b>bold</b>';
  const report = fullReport(URL_BASE);
  report.claims[0].title = report.claims[0].found = report.stage.name = report.powers[0].what = evil;
  report.appauth.history.value.at(-1).change = report.appauth.disagreements[0] = report.appauth.block.witnesses[0] = evil;
  const page = await withReport(t, report);
  await open(page);
  await page.locator('#stage-title').getByText(evil).waitFor();
  assert.equal(await page.locator('main img, main b').count(), 0);
});

test('a report that cannot be fetched is asked for again', async (t) => {
  const page = await visitor(t);
  await fake(page, '/trust/report.json', 502, '<html>');
  await open(page);
  await page.locator('#report-fault').getByText('The operator’s report cannot be shown now.').waitFor();
  await page.unrouteAll();
  await fake(page, '/trust/report.json', 200, fullReport(URL_BASE));
  await press(page, 'Try again');
  await page.getByRole('heading', { name: /^Stage 0/ }).waitFor();
});

test('the sign-up page leads here', async (t) => {
  const page = await visitor(t);
  await go(page, '/');
  await page.locator('#trust summary').click();
  await page.getByRole('link', { name: 'The page Trust' }).click();
  await page.getByRole('heading', { name: 'Can the people who run this cheat me?' }).waitFor();
});

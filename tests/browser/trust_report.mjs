// A report as `devproof audit --json` prints it, with something of everything.
const DAY = 86400, HOUR = 3600;
const hash = (byte) => `0x${byte.repeat(32)}`;
const OWNER = `0x${'0a'.repeat(20)}`, GUARDIAN = `0x${'0b'.repeat(20)}`;

function claim(id, title, verdict, more = {}) {
  const note = verdict === 'pass' ? null : 'nothing was named to compare it with';
  return { id, title, required: true, verdict, expected: null, found: null, source: null, note, ...more };
}

const claims = [
  claim('quote.signature', 'Intel’s hardware signed the quote', 'pass', { expected: 'valid up to Intel’s root', found: 'valid', source: 'Intel' }),
  claim('tls.bound', 'The TLS key is in the quote', 'pass', { found: 'report data over the key of the connection', source: 'the certificate of the connection' }),
  claim('keys.chain', 'The users’ keys hang on the KMS’s root', 'pass'),
  claim('image.rebuilt', 'The image is the one that its sources give', 'fail',
    { expected: `sha256:${'ab'.repeat(32)}`, found: `sha256:beef${'cd'.repeat(30)}`, source: '--image', note: 'another image runs', required: false }),
  claim('os.published', 'The operating system is a published one', 'not checked', { required: false }),
  claim('kms.identity', 'The key service is the one that was expected', 'not checked'),
];

const requirement = (stage, id, text, ids, verdict, note = null) => ({ stage, id, text, source: 'ERC-733 draft 4', claims: ids, verdict, note });
const stage = {
  rules: '1', draft: 'ERC-733, draft 4', stage: 0, name: 'Prototype: the developer can still cheat', next: 1,
  requirements: [
    requirement(1, 'no-middleman', 'Nobody but the hardware’s vendor sits between users and the measured code.', ['tls.bound'], 'pass'),
    requirement(1, 'auditable', 'Anyone can read the code that runs: the image was built again from its sources.', ['image.rebuilt'], 'fail', 'failed: image.rebuilt'),
    requirement(1, 'reproducible', 'Anyone can compute what the hardware measured.', ['os.published'], 'not checked', 'not checked: os.published'),
    requirement(2, 'governance', 'Code changes by a vote of many, not by one key.', [], 'not checked', 'nothing says who votes'),
  ],
};

const fact = (value, source = 'proven') => ({ value, source });

function appauth(now) {
  const event = (time, action, change, value) => ({ time, action, change, value, actor: OWNER });
  const proposal = (change, value, status, proposedAt, activatesAt) =>
    ({ change, value, status, proposedAt, activatesAt, expiresAt: { value: activatesAt + 5 * DAY, source: 'told' } });
  return {
    address: `0x${'c0'.repeat(20)}`, chainId: 1,
    block: { number: 21000000, hash: hash('b1'), time: now - 3 * HOUR - 900, ageSeconds: 900, tag: 'finalized', wanted: 'finalized', lacking: null, witnesses: ['a.example', 'b.example'] },
    owner: fact(OWNER), ownerRenounced: fact(false), pendingOwner: fact(`0x${'00'.repeat(20)}`), guardian: fact(GUARDIAN),
    noticePeriod: fact(2 * DAY), minimumNotice: fact(DAY, 'told'), exitWindow: fact(3 * DAY, 'told'), proposalLifetime: fact(5 * DAY, 'told'),
    pauseLength: fact(7 * DAY, 'told'), paused: fact(false), pausedUntil: fact(null), upgradesDisabled: fact(false), newCodeAfter: fact(2 * DAY),
    allowAnyDevice: fact(false), requireTcbUpToDate: fact(true), codeHash: fact(hash('cc')), codeBytes: fact(9000), upgradeable: fact(false), upgradeableReasons: [],
    composeHashes: fact([
      { version: 1, composeHash: hash('01'), allowed: false, activatedAt: now - 90 * DAY, retiredAt: now - 10 * DAY },
      { version: 2, composeHash: hash('02'), allowed: true, activatedAt: now - 30 * DAY, retiredAt: null },
    ]),
    devices: fact([{ deviceId: hash('de'), allowed: true, since: now - 90 * DAY, removedAt: null }]),
    proposals: fact([
      proposal('AddComposeHash', hash('03'), 'waiting', now - 20 * HOUR, now + 6 * DAY + 4 * HOUR + 60),
      proposal('SetNotice', `0x${(4 * DAY).toString(16).padStart(64, '0')}`, 'due', now - 3 * DAY, now - DAY),
      proposal('AddComposeHash', hash('04'), 'void', now - 40 * DAY, now - 38 * DAY),
    ]),
    history: fact([
      ...Array.from({ length: 100 }, (_, i) => event(now - (90 - i / 2) * DAY, i % 2 ? 'Done' : 'Proposed', 'AddDevice', hash('de'))),
      event(now - 32 * DAY, 'Proposed', 'AddComposeHash', hash('02')), event(now - 30 * DAY, 'Done', 'AddComposeHash', hash('02')),
      event(now - 10 * DAY, 'Done', 'SetGuardian', `0x${'00'.repeat(12)}${GUARDIAN.slice(2)}`), event(now - 20 * HOUR, 'Proposed', 'AddComposeHash', hash('03')),
    ]),
    disagreements: [],
  };
}

// Made three hours before now (Unix ms).
export function fullReport(url, now = Date.now()) {
  const seconds = Math.floor(now / 1000);
  return structuredClone({
    format: 'devproof-report/1', url, at: new Date(now - 3 * HOUR * 1000).toISOString(), holds: false, claims,
    powers: [
      { who: 'Intel', what: 'can make keys for hardware that is none', limit: 'nobody could tell; the whole trust rests on it' },
      { who: 'The operator', what: 'can turn the service off', limit: null },
    ],
    stage, appauth: appauth(seconds),
  });
}

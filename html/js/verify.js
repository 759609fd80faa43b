// Verify: whose signature is this? For anyone, without an account.
import { call } from './api.js';
import { messageEntry } from './message.js';
import { session } from './session.js';
import { $, onSubmit } from './ui.js';
import { clearVerdict, showVerdict } from './verdict.js';

const KINDS = {
  '': ['', 'An address, a public key or a user id.'],
  address: ['the key of this address', 'Taken as an address.'],
  pubKeyHex: ['this key', 'Taken as a public key.'],
  userId: ['a key of this user', 'Taken as a user id: any key that the user has or had counts.'],
};

function kindOf(text) {
  if (text === '') return '';
  if (/^(0x)?([0-9a-f]{66}|[0-9a-f]{130})$/i.test(text)) return 'pubKeyHex';
  return text.startsWith('0x') ? 'address' : 'userId';
}

function showKind() {
  $('who-hint').textContent = KINDS[kindOf($('who').value.trim())][1];
}

const entry = messageEntry($('entry'), clearVerdict);

onSubmit($('verify'), () => 'Nothing was checked.', async ({ who, signature }) => {
  const text = who.value.trim();
  const kind = kindOf(text) || 'address';
  clearVerdict();
  showVerdict(await call('POST', '/api/verify', entry.body({ signature: signature.value.trim(), [kind]: text })), KINDS[kind][0]);
});

$('who').addEventListener('input', () => {
  showKind();
  clearVerdict();
});
$('signature').addEventListener('input', clearVerdict);

showKind();
session().catch(() => {});

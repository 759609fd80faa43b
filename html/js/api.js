// Calls the API of docs/api.md; whatever goes wrong is thrown as a Fault, which speaks in sentences.

const SOON = 'Try again in a few seconds.';
const TIMEOUT_MS = 30000;

// By problem code: what happened, then what to do. A code that is not here speaks for itself
// with the server's own sentence.
const WORDS = {
  unreachable: ['The server cannot be reached.', 'Check your connection, then try again.'],
  unreadable: ['The server gave an answer that this page cannot read.', SOON],
  backend_unavailable: ['The program that answers this is not running or is overloaded.', SOON],
  backend_timeout: ['The server did not answer in time.', SOON],
  database_unavailable: ['The database is not answering.', SOON],
  dstack_unavailable: ['The key service is not answering.', SOON],
  self_test_failed: ['The server tested its own keys and signatures and they were wrong, so it has stopped.',
    'Only the people who run it can mend this.'],
  key_mismatch: ['The key service gives another key than the one on record for this wallet.',
    'Ask the people who run this server why before you use the wallet again.'],
  internal_error: ['The server met a fault of its own.',
    'If it happens again, tell the people who run it the request id below.'],
  unauthorized: ['You are not signed in, or your session has ended.', 'Sign in with your token.'],
  unknown_token: ['Nobody has this token.', 'Check that you pasted all 64 characters of it.'],
  forbidden: ['You are signed in as somebody who may not do this.', 'Sign out, then sign in with the right token.'],
  cross_origin: ['The server did not take this page for one of its own.', 'Open the page at the server’s own address.'],
  too_many_requests: ['Too many requests came from your address.', SOON],
  unknown_user: ['Nobody has this user id.', 'Check its spelling; capital and small letters differ.'],
  user_exists: ['This user id is taken.', 'Choose another, or sign in on the dashboard if it is yours.'],
  email_exists: ['This email address has a wallet already.', 'Use another, or sign in on the dashboard if it is yours.'],
  invalid_email: ['This is not an email address.', 'Write it like alice@example.com.'],
  invalid_user_id: ['This user id cannot be used.',
    'Begin with a letter or digit, then use letters, digits, dots, dashes and underscores, 64 in all.'],
  not_json: ['The typed data is not JSON.', 'Look for a missing quote, comma or bracket.'],
  transaction_like_message: ['These bytes could be an Ethereum transaction, or a message of another scheme, so they are not signed raw.',
    'Choose the scheme eip191 if a message is what you mean.'],
  invalid_hex: ['These are not hex digits, two for each byte.', 'Mend them, or clear the tick if a text is meant.'],
  invalid_address: ['This is not an address.',
    'Paste 0x and all 40 digits. Keep capital letters as they are: they are a checksum.'],
  invalid_public_key: ['This is not a public key.', 'Paste all of it: 0x04 and 128 hex digits, or 0x02 or 0x03 and 64.'],
  namespace_used: ['This namespace has or had a key of yours.', 'Take the next number.'],
  too_many_tokens: ['You have 100 tokens, and there may be no more.', 'Revoke one that you no longer need.'],
  not_sure: ['The box is not ticked.', 'Tick it if you want to change the key.'],
  message_too_large: ['The message is too long.', 'Shorten it to 48 KiB.'],
  body_too_large: ['The request is too long.', 'Shorten the message to less than 48 KiB.'],
  invalid_signature: ['This is not a signature.',
    'Paste all of it: 0x and 130 hex digits, or 128 without the recovery byte.'],
};

// The server's own sentence; of typed data also where in it.
function speak({ code, detail, field }) {
  if (code === 'invalid_typed_data') return `The typed data is not right at ${field}: ${detail}`;
  return detail ?? WORDS.unreadable[0];
}

export class Fault extends Error {
  constructor(problem) {
    super(problem.code);
    this.problem = problem;
    const [what, todo] = WORDS[problem.code] ?? [speak(problem), ''];
    this.code = problem.code;
    this.field = problem.field;
    this.requestId = problem.requestId;
    this.what = what;
    this.todo = problem.retryAfter > 0 && todo === SOON
      ? `Try again in ${problem.retryAfter === 1 ? 'a second' : `${problem.retryAfter} seconds`}.`
      : todo;
    // A refusal and an outage that the server itself reports have changed nothing. A cut
    // connection or a broken answer leaves open how far the server had come.
    this.nothingDone = problem.status === 503 || (problem.status >= 400 && problem.status < 500);
  }

  // The same fault under a code that says more of what it means in this place.
  as(code) {
    return new Fault({ ...this.problem, code });
  }
}

async function fault(response) {
  const problem = await response.json().catch(() => ({}));
  return new Fault({
    code: problem.code ?? (response.status >= 502 ? 'backend_unavailable' : 'unreadable'),
    detail: problem.detail,
    field: problem.field,
    requestId: problem.request_id ?? response.headers.get('X-Request-Id'),
    retryAfter: Number(response.headers.get('Retry-After')),
    status: response.status,
  });
}

async function send(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      cache: 'no-store',
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    throw new Fault({ code: error.name === 'TimeoutError' ? 'backend_timeout' : 'unreachable' });
  }
  if (!response.ok) throw await fault(response);
  return response;
}

const unreadable = (response) => new Fault({ code: 'unreadable', requestId: response.headers.get('X-Request-Id') });

// body: what becomes JSON, or text that is JSON already.
export async function call(method, path, body) {
  const response = await send(method, path, body);
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch {
    throw unreadable(response);
  }
}

// An answer as text, of at most max bytes: for what is not believed, and so may be of any length.
export async function getText(path, max) {
  const response = await send('GET', path);
  const decoder = new TextDecoder();
  let left = max, text = '';
  try {
    for (const reader = response.body.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      left -= value.length;
      if (left < 0) {
        await reader.cancel();
        throw unreadable(response);
      }
      text += decoder.decode(value, { stream: true });
    }
  } catch (error) {
    throw error instanceof Fault ? error : unreadable(response);
  }
}

// contract.test.mjs - every route of docs/api.md through nginx, with viem as the judge.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { recoverAddress, verifyMessage } from 'viem';
import { KMS_ROOT, GEN2, hashOf, hashOfBody, recoverChain, sign as referenceSign, vectors, wallet } from './lib/derive.mjs';
import { assertProblem, client, cookieOf, request } from './lib/http.mjs';
import { assertHistogram, parseMetrics } from './lib/metrics.mjs';
import { logLines, sleep, startStack } from './lib/stack.mjs';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const TOKEN = /^[0-9a-f]{64}$/;
const SIGNATURE = /^0x[0-9a-f]{130}$/;
const { eip55, public_keys, signatures, keccak256: digests } = vectors('ethereum.json');

let stack, api, origin;
let count = 0;

before(async () => {
    stack = await startStack();
    api = client(stack);
    origin = stack.url.slice(0, -1);
});
after(() => stack?.stop());

/* A new user under a name that no other test has. */
async function signup(prefix = 'user') {
    const userId = `${prefix}.${++count}`;
    const answer = await api('POST', '/api/signup', { email: `${userId}@example.com`, userId });
    assert.equal(answer.status, 201, answer.body.toString());
    return { ...answer.json, cookie: cookieOf(answer).value, answer };
}

const members = (object) => Object.keys(object).sort();
const sorted = (...names) => names.sort();

describe('signup', () => {
    test('answers 201 with exactly the documented members', async () => {
        const began = Date.now();
        const { answer } = await signup();
        assert.match(answer.header('content-type'), /^application\/json\b/);
        assert.deepEqual(members(answer.json), sorted('id', 'email', 'userId', 'address', 'pubKeyHex',
            'namespace', 'purpose', 'derivedPubKeyHex', 'appPubKeyHex', 'appId', 'signature_chain',
            'createdAt', 'token'));
        const { json } = answer;
        assert.ok(Number.isInteger(json.id) && json.id >= 1);
        assert.equal(json.email, `${json.userId}@example.com`);
        assert.equal(json.namespace, 'wallet/ethereum');
        assert.equal(json.purpose, 'ethereum');
        assert.match(json.createdAt, TIME);
        assert.ok(Math.abs(Date.parse(json.createdAt) - began) < 60_000, json.createdAt);
        assert.match(json.token, TOKEN);
    });

    test('gives the key that dstack derives for wallet/ethereum/<userId>', async () => {
        const user = await signup();
        const want = wallet(user.userId);
        assert.equal(user.pubKeyHex, want.pubKeyHex);
        assert.equal(user.derivedPubKeyHex, want.derivedPubKeyHex);
        assert.equal(user.address, want.address);
    });

    test('gives a chain that viem recovers up to the root of the KMS', async () => {
        const user = await signup();
        assert.equal(user.signature_chain.length, 2);
        for (const one of user.signature_chain) {
            assert.match(one, SIGNATURE);
            assert.ok(['00', '01'].includes(one.slice(-2)), 'v is 0 or 1, as dstack sends it');
        }
        const chain = await recoverChain(user);
        assert.equal(chain.root, KMS_ROOT);
        assert.equal(chain.appPubKeyHex, user.appPubKeyHex);
        assert.equal(user.appPubKeyHex, `0x${GEN2.app_public_key}`);
        assert.equal(user.appId, `0x${GEN2.app_id}`);
    });

    test('sets a session cookie that scripts and other sites cannot use', async () => {
        const { answer, token } = await signup();
        assert.equal(answer.headers['set-cookie'].length, 1);
        const { value, attributes } = cookieOf(answer);
        assert.match(value, TOKEN);
        assert.notEqual(value, token, 'the cookie is a token of its own');
        const lower = attributes.map((one) => one.toLowerCase());
        for (const want of ['httponly', 'samesite=strict', 'path=/', 'max-age=43200'])
            assert.ok(lower.includes(want), `${want} is missing: ${attributes.join('; ')}`);
        assert.ok(!lower.includes('secure'), 'Secure over plain HTTP would lose the cookie');
        assert.ok(!lower.some((one) => one.startsWith('domain')), 'Domain would widen the cookie');
        assert.match(answer.header('cache-control') ?? '', /no-store/, 'a token must not be cached');
    });

    test('refuses a user id that is taken, and an email that is, whatever its case', async () => {
        const user = await signup();
        const email = 'fresh-address@example.com';
        assertProblem(await api('POST', '/api/signup', { email, userId: user.userId }), 409, 'user_exists', 'userId');
        for (const taken of [user.email, user.email.toUpperCase()])
            assertProblem(await api('POST', '/api/signup', { email: taken, userId: 'fresh-id' }), 409, 'email_exists', 'email');
        /* Nothing is left of a refused signup: both are still free. */
        assert.equal((await api('POST', '/api/signup', { email, userId: 'fresh-id' })).status, 201);
    });

    test('takes user ids apart by case, and gives them different keys', async () => {
        const lower = await api('POST', '/api/signup', { email: 'case1@example.com', userId: 'caseful' });
        const upper = await api('POST', '/api/signup', { email: 'case2@example.com', userId: 'Caseful' });
        assert.equal(upper.status, 201, upper.body.toString());
        assert.notEqual(lower.json.address, upper.json.address);
        assert.equal(upper.json.address, wallet('Caseful').address);
    });

    test('takes the longest and the oddest ids and addresses that are allowed', async () => {
        const rows = [
            ['a@b', 'x'],
            [`${'l'.repeat(64)}@${'d'.repeat(189)}`, 'y'.repeat(64)],
            ['dots@example.com', '0._-'],
            ['digits@example.com', '7'],
            ['tail@example.com', 'a-'],
            ['plus+tag@example.com', 'a..b'],
        ];
        for (const [email, userId] of rows) {
            const answer = await api('POST', '/api/signup', { email, userId });
            assert.equal(answer.status, 201, `${userId}: ${answer.body}`);
            assert.equal(answer.json.email, email);
            assert.equal(answer.json.address, wallet(userId).address);
            assert.equal((await api('GET', `/api/users/${userId}/keys`)).json.address, answer.json.address);
        }
    });

    test('ignores unknown fields and the order of fields, and takes parameters on the content type', async () => {
        const body = '{"extra":{"a":[1,{"b":null}]},"userId":"order.1","id":99,"email":"order.1@example.com","token":7}';
        for (const [type, status] of [['Application/JSON; charset=utf-8', 201], ['application/json;charset=UTF-8', 409]]) {
            const answer = await request(stack.port, 'POST', '/api/signup', { headers: { 'Content-Type': type }, body });
            assert.equal(answer.status, status, answer.body.toString());
        }
    });

    test('takes a chunked body, and one of exactly 64 KiB', async () => {
        const json = '{"email":"chunk@example.com","userId":"chunk"}';
        const chunks = `5\r\n${json.slice(0, 5)}\r\n${(json.length - 5).toString(16)};ext=1\r\n${json.slice(5)}\r\n0\r\n\r\n`;
        const headers = { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' };
        const chunked = await request(stack.port, 'POST', '/api/signup', { headers, body: chunks });
        assert.equal(chunked.status, 201, chunked.body.toString());
        const full = '{"email":"full@example.com","userId":"full"}'.padEnd(65_536);
        const largest = await request(stack.port, 'POST', '/api/signup',
            { headers: { 'Content-Type': 'application/json' }, body: full });
        assert.equal(largest.status, 201, largest.body.toString());
    });
});

describe('keys', () => {
    test('are the same under both names and say what signup said', async () => {
        const user = await signup();
        const fits = await api('GET', `/api/users/${user.userId}/keys`);
        const me = await api('GET', `/api/users/me/keys?userId=${user.userId}`);
        assert.equal(fits.status, 200);
        assert.match(fits.header('content-type'), /^application\/json\b/);
        assert.deepEqual(members(fits.json), sorted('userId', 'address', 'pubKeyHex', 'namespace', 'purpose',
            'derivedPubKeyHex', 'appPubKeyHex', 'appId', 'signature_chain', 'createdAt'));
        assert.deepEqual(me.json, fits.json);
        for (const name of Object.keys(fits.json)) assert.deepEqual(fits.json[name], user[name], name);
        assert.equal((await recoverChain(fits.json)).root, KMS_ROOT);
    });

    test('take a user id that is percent-encoded', async () => {
        const user = await signup();
        const encoded = [...user.userId].map((c) => '%' + c.charCodeAt(0).toString(16)).join('');
        assert.equal((await api('GET', `/api/users/me/keys?userId=${encoded}`)).json?.userId, user.userId);
        assert.equal((await api('GET', `/api/users/${encoded}/keys`)).json?.userId, user.userId);
    });

    test('of the user who is signed in come without a user id', async () => {
        const user = await signup();
        assert.equal((await api('GET', '/api/users/me/keys', undefined, { cookie: user.cookie })).json.userId, user.userId);
        assert.equal((await api('GET', '/api/users/me/keys', undefined, { token: user.token })).json.userId, user.userId);
        const nobody = await api('GET', '/api/users/me/keys');
        assertProblem(nobody, 401, 'unauthorized');
        assert.match(nobody.header('www-authenticate'), /^Bearer\b/);
    });

    test('of nobody are 404', async () => {
        assertProblem(await api('GET', '/api/users/nobody/keys'), 404, 'unknown_user');
        assertProblem(await api('GET', '/api/users/me/keys?userId=nobody'), 404, 'unknown_user');
    });
});

describe('sign', () => {
    /* Sign as this user and hold every member of the answer against viem and noble. */
    async function judge(user, body) {
        const answer = await api('POST', `/api/users/${user.userId}/sign`, body, { token: user.token });
        assert.equal(answer.status, 200, answer.body.toString());
        assert.match(answer.header('content-type'), /^application\/json\b/);
        const { json } = answer;
        assert.deepEqual(members(json), sorted('signature', 'recoveryId', 'hash', 'scheme', 'address', 'namespace',
            'signature_chain'));
        const hash = hashOfBody(body);
        assert.equal(json.hash, hash);
        assert.match(json.signature, SIGNATURE);
        assert.equal(await recoverAddress({ hash, signature: json.signature }), user.address);
        const v = parseInt(json.signature.slice(-2), 16);
        assert.ok(v === 27 || v === 28, `v is ${v}`);
        assert.equal(json.recoveryId, v - 27);
        /* RFC 6979 leaves no choice: noble comes to the same bytes. */
        assert.equal(json.signature.slice(2, 130), referenceSign(hash, wallet(user.userId).key).toString('hex').slice(0, 128));
        assert.equal(json.scheme, 'raw');
        assert.equal(json.address, user.address);
        assert.equal(json.namespace, user.namespace);
        assert.deepEqual(json.signature_chain, user.signature_chain);
        return json;
    }

    test('viem recovers the address from the signature of every kind of text', async () => {
        const user = await signup();
        const texts = ['', 'hello', 'größe 日本語 🔑', 'é', 'e\u0301', 'a\u0000b', '\u0000', ' leading and trailing ',
            '{"json":"in json"}', '"quotes" \\ / \b\f\n\r\t', '0x68656c6c6f', '\u2028\ufeff\uffff\u{10ffff}',
            'x'.repeat(135), 'x'.repeat(136), 'x'.repeat(137)];
        for (const message of texts) await judge(user, { message });
    });

    test('signs a message as its bytes, however its JSON spells them', async () => {
        const user = await signup();
        const bodies = ['{"message":"\\u0068\\u00e9\\ud83d\\udd11\\/"}', '{"message":"hé🔑/"}', ' {\n"message"\t:\r"hé🔑\\/" } '];
        for (const body of bodies) {
            const answer = await request(stack.port, 'POST', `/api/users/${user.userId}/sign`,
                { headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${user.token}` }, body });
            assert.equal(answer.json?.hash, hashOf('hé🔑/'), body);
        }
    });

    test('takes bytes that are no text as messageHex', async () => {
        const user = await signup();
        for (const messageHex of ['0x', '0x00', '0x68656c6c6f', '0xABcdEF', '0x' + '5a'.repeat(20_000)])
            await judge(user, { messageHex });
        const asText = await judge(user, { message: 'hello' });
        const asHex = await judge(user, { messageHex: '0x68656c6c6f' });
        assert.equal(asText.signature, asHex.signature);
    });

    test('takes messages up to 48 KiB, counted in bytes', async () => {
        const user = await signup();
        await judge(user, { message: 'm'.repeat(49_152) });
        await judge(user, { message: 'é'.repeat(24_576) });
        for (const message of ['m'.repeat(49_153), 'é'.repeat(24_577)]) {
            const path = `/api/users/${user.userId}/sign`;
            assertProblem(await api('POST', path, { message }, { token: user.token }), 413, 'message_too_large');
        }
    });

    test('takes the scheme raw by name', async () => {
        const user = await signup();
        const named = await judge(user, { message: 'named', scheme: 'raw' });
        assert.deepEqual(named, await judge(user, { message: 'named' }));
    });

    test('raw is not EIP-191: no wallet takes it for a personal message', async () => {
        const user = await signup();
        const { signature } = await judge(user, { message: 'not personal' });
        assert.equal(await verifyMessage({ address: user.address, message: 'not personal', signature }), false);
    });

    test('wants the token of this very user', async () => {
        const user = await signup();
        const other = await signup();
        const path = `/api/users/${user.userId}/sign`;
        const sign = (options) => api('POST', path, { message: 'm' }, options);
        const none = await sign({});
        assertProblem(none, 401, 'unauthorized');
        assert.match(none.header('www-authenticate'), /^Bearer\b/);
        const flipped = user.token.replace(/^./, (c) => (c === '0' ? '1' : '0'));
        for (const token of ['', 'x', flipped, '0'.repeat(64), user.token + '0', user.token.slice(0, 63)]) {
            const answer = await sign({ token });
            assertProblem(answer, 401, 'unauthorized');
            assert.match(answer.header('www-authenticate'), /^Bearer\b/);
        }
        for (const Authorization of [user.token, `Basic ${user.token}`, `Bearer: ${user.token}`, 'Bearer'])
            assertProblem(await sign({ headers: { Authorization } }), 401, 'unauthorized');
        assertProblem(await sign({ token: other.token }), 403, 'forbidden');
        assert.equal((await sign({ token: user.token })).status, 200);
    });

    test('takes the cookie, with an Origin of this site only', async () => {
        const user = await signup();
        const other = await signup();
        const sign = (options) => api('POST', `/api/users/${user.userId}/sign`, { message: 'm' }, options);
        assert.equal((await sign({ cookie: user.cookie, origin })).status, 200);
        assertProblem(await sign({ cookie: user.cookie }), 403, 'cross_origin');
        const foreign = ['http://evil.example', 'null', '', 'http://127.0.0.1', `http://127.0.0.1:${stack.port + 1}`,
            `${origin}.evil.example`, `${origin}/`, `${origin}0`, `http://evil.example/${origin}`];
        for (const from of foreign)
            assertProblem(await sign({ cookie: user.cookie, origin: from }), 403, 'cross_origin');
        assertProblem(await sign({ cookie: other.cookie, origin }), 403, 'forbidden');
        assertProblem(await sign({ cookie: 'f'.repeat(64), origin }), 401, 'unauthorized');
        /* A page cannot set Authorization across sites, so with a token the origin says nothing. */
        assert.equal((await sign({ token: user.token, origin: 'http://evil.example' })).status, 200);
    });

    test('does not take a cookie that only resembles the right one', async () => {
        const user = await signup();
        const sign = (options) => api('POST', `/api/users/${user.userId}/sign`, { message: 'm' }, options);
        assertProblem(await sign({ cookie: `${user.cookie}0`, origin }), 401, 'unauthorized');
        const twice = `devproof_session=${'0'.repeat(64)}x; other=${user.cookie}`;
        assertProblem(await sign({ headers: { Cookie: twice }, origin }), 401, 'unauthorized');
    });
});

describe('verify', () => {
    const verify = (body) => api('POST', '/api/verify', body);
    const good = signatures.find(({ name }) => name === 'good');
    const hello = { message: 'test', signature: '0x' + good.signature };
    const pubKeyHex = '0x' + good.public_key;
    const { address } = good;
    const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

    async function judge(body, want) {
        const answer = await verify(body);
        assert.equal(answer.status, 200, answer.body.toString());
        const { json } = answer;
        const hint = json.hint === undefined ? [] : ['hint', 'hintDetail'];
        assert.deepEqual(members(json), sorted('valid', 'address', 'canonical', 'hash', 'scheme', ...hint));
        assert.ok(!(json.valid && hint.length), 'a hint for what fits');
        assert.equal(json.hash, hashOfBody(body));
        assert.equal(json.scheme, 'raw');
        const { valid, canonical, address: held } = json;
        assert.deepEqual({ valid, canonical, address: held }, { canonical: true, address, ...want }, JSON.stringify(body));
        return json;
    }

    test('the digest of the vectors is that of the text "test"', () => {
        assert.equal(hashOf('test'), '0x' + good.digest);
    });

    test('accepts what this service signed', async () => {
        const user = await signup();
        const body = { message: 'größe', scheme: 'raw' };
        const { json } = await api('POST', `/api/users/${user.userId}/sign`, body, { token: user.token });
        for (const key of [{ address: user.address }, { pubKeyHex: user.pubKeyHex }, { pubKeyHex: user.derivedPubKeyHex },
            { address: user.address, pubKeyHex: user.pubKeyHex }])
            await judge({ ...body, signature: json.signature, ...key }, { valid: true, address: user.address });
        await judge({ message: 'grösse', signature: json.signature, address: user.address }, { valid: false, address: user.address });
    });

    test('accepts every deterministic signature of the vectors that another library made', async () => {
        const rows = vectors('ethereum.json').ecdsa_keccak256;
        assert.ok(rows.length >= 70);
        for (const row of rows) {
            const messageHex = '0x' + row.message;
            await judge({ messageHex, signature: '0x' + row.signature, address: row.address },
                { valid: true, address: row.address });
        }
    });

    test('takes v as 0, 1, 27 and 28, and 64 bytes without v', async () => {
        const rs = hello.signature.slice(0, 130);
        for (const key of [{ address }, { pubKeyHex }, { pubKeyHex, address }])
            for (const signature of [rs + '01', rs + '1c', rs])
                await judge({ ...hello, signature, ...key }, { valid: true });
    });

    test('takes addresses in lower and in upper case, and answers with the checksum', async () => {
        for (const text of [address, address.toLowerCase(), '0x' + address.slice(2).toUpperCase()])
            await judge({ ...hello, address: text }, { valid: true });
        for (const { input, checksummed } of eip55)
            for (const text of [input, checksummed])
                await judge({ ...hello, address: text }, { valid: false, address: checksummed });
    });

    test('takes hex in upper case', async () => {
        const upper = (hex) => '0x' + hex.slice(2).toUpperCase();
        await judge({ messageHex: '0x74657374', signature: upper(hello.signature), pubKeyHex: upper(pubKeyHex) }, { valid: true });
    });

    test('says of a wrong v that it does not fit, by address and by key', async () => {
        for (const v of ['00', '1b']) {
            const signature = hello.signature.slice(0, 130) + v;
            await judge({ ...hello, signature, address }, { valid: false });
            await judge({ ...hello, signature, pubKeyHex }, { valid: false });
        }
    });

    test('marks a high s as not canonical, but valid', async () => {
        const { signature } = signatures.find(({ name }) => name === 'high-s');
        const body = { ...hello, signature: '0x' + signature };
        for (const key of [{ address }, { pubKeyHex }]) await judge({ ...body, ...key }, { valid: true, canonical: false });
        /* The same s under the other v recovers someone else. */
        const other = { ...body, signature: '0x' + signature.slice(0, 128) + '01' };
        await judge({ ...other, address }, { valid: false, canonical: false });
        const s = BigInt('0x' + good.signature.slice(64, 128));
        assert.equal((n - s).toString(16).padStart(64, '0'), signature.slice(64, 128));
    });

    test('says false of well-formed signatures that do not fit', async () => {
        for (const name of ['bit flipped in s', 'r is no point x coordinate', 'wrong v']) {
            const { signature } = signatures.find((row) => row.name === name);
            for (const key of [{ address }, { pubKeyHex }])
                await judge({ ...hello, signature: '0x' + signature, ...key }, { valid: false });
        }
        await judge({ ...hello, message: 'tess', address }, { valid: false });
        await judge({ ...hello, message: '', address }, { valid: false });
        await judge({ ...hello, message: 'test\u0000', address }, { valid: false });
    });

    test('takes every valid public key of the vectors and tells its address', async () => {
        const valid = public_keys.filter((row) => row.valid);
        assert.ok(valid.length >= 3);
        for (const row of valid)
            await judge({ ...hello, pubKeyHex: '0x' + row.public_key }, { valid: row.address === address, address: row.address });
    });

    test('refuses a key and an address that do not belong together', async () => {
        const stranger = '0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf';
        assertProblem(await verify({ ...hello, pubKeyHex, address: stranger }), 400, 'conflicting_fields');
    });

    test('hashes as the vectors say', async () => {
        for (const row of digests.filter(({ input }) => typeof input === 'string' && input.length <= 40_000)) {
            const { json } = await verify({ messageHex: '0x' + row.input, signature: hello.signature, address });
            assert.equal(json?.hash, '0x' + row.digest, row.description);
        }
    });
});

describe('session', () => {
    const nobody = { auth: 'token', signedIn: false, admin: false, userId: null };

    test('of nobody, and of a cookie that nobody has', async () => {
        for (const options of [{}, { cookie: 'f'.repeat(64) }, { cookie: 'junk' }, { cookie: '' }]) {
            const answer = await api('GET', '/api/session', undefined, options);
            assert.equal(answer.status, 200);
            assert.deepEqual(answer.json, nobody);
            assert.match(answer.header('cache-control') ?? '', /no-store|private|no-cache/);
        }
    });

    test('starts at signup', async () => {
        const user = await signup();
        const { json } = await api('GET', '/api/session', undefined, { cookie: user.cookie });
        assert.deepEqual(json, { auth: 'token', signedIn: true, admin: false, userId: user.userId });
    });

    test('is found among other cookies', async () => {
        const user = await signup();
        const Cookie = `a=b; xdevproof_session=${'0'.repeat(64)}; devproof_session=${user.cookie}; z=1`;
        const { json } = await api('GET', '/api/session', undefined, { headers: { Cookie } });
        assert.equal(json.userId, user.userId);
    });

    test('starts with a token and ends with DELETE, which revokes the cookie but not the token', async () => {
        const user = await signup();
        const signedIn = await api('POST', '/api/session', { token: user.token });
        assert.equal(signedIn.status, 200, signedIn.body.toString());
        assert.deepEqual(signedIn.json, { auth: 'token', signedIn: true, admin: false, userId: user.userId });
        const { value: cookie, attributes } = cookieOf(signedIn);
        assert.match(cookie, TOKEN);
        assert.notEqual(cookie, user.cookie);
        assert.ok(attributes.map((one) => one.toLowerCase()).includes('httponly'));
        const path = `/api/users/${user.userId}/sign`;
        assert.equal((await api('POST', path, { message: 'm' }, { cookie, origin })).status, 200);

        assertProblem(await api('DELETE', '/api/session', undefined, { cookie }), 403, 'cross_origin');
        assertProblem(await api('DELETE', '/api/session', undefined, { cookie, origin: 'http://evil.example' }), 403, 'cross_origin');
        const out = await api('DELETE', '/api/session', undefined, { cookie, origin });
        assert.equal(out.status, 204);
        assert.equal(out.body.length, 0);
        assert.ok(out.header('x-request-id'));
        const cleared = cookieOf(out);
        assert.ok(cleared, 'DELETE clears the cookie');
        assert.notEqual(cleared.value, cookie);
        assert.ok(cleared.attributes.some((one) => /^max-age=0$|^expires=.*(1970|1969)/i.test(one)), cleared.attributes.join('; '));

        assert.deepEqual((await api('GET', '/api/session', undefined, { cookie })).json, nobody);
        assertProblem(await api('POST', path, { message: 'm' }, { cookie, origin }), 401, 'unauthorized');
        assert.equal((await api('POST', path, { message: 'm' }, { token: user.token })).status, 200);
        /* Another session of the same user lives on. */
        assert.equal((await api('GET', '/api/session', undefined, { cookie: user.cookie })).json.userId, user.userId);
    });

    test("starts with the admin's token", async () => {
        const answer = await api('POST', '/api/session', { token: stack.adminToken });
        assert.equal(answer.status, 200, answer.body.toString());
        assert.deepEqual(answer.json, { auth: 'token', signedIn: true, admin: true, userId: null });
        const cookie = cookieOf(answer).value;
        assert.notEqual(cookie, stack.adminToken);
        assert.equal((await api('GET', '/api/session', undefined, { cookie })).json.admin, true);
        assert.equal((await api('GET', '/api/admin/users', undefined, { cookie })).status, 200);
        assert.equal((await api('DELETE', '/api/session', undefined, { cookie, origin })).status, 204);
        assertProblem(await api('GET', '/api/admin/users', undefined, { cookie }), 401, 'unauthorized');
    });

    test('does not start with a token that nobody has', async () => {
        for (const token of ['', 'x', '0'.repeat(64), stack.adminToken + '0'])
            assertProblem(await api('POST', '/api/session', { token }), 401, 'unauthorized');
    });
});

describe('admin listing', () => {
    const list = (query = '', options = { token: stack.adminToken }) => api('GET', `/api/admin/users${query}`, undefined, options);

    async function everyone(query = '') {
        const users = [];
        let cursor = '';
        for (let pages = 0; pages < 1000; pages++) {
            const { status, json, body } = await list(`?limit=3${query}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
            assert.equal(status, 200, body.toString());
            assert.ok(json.users.length <= 3);
            users.push(...json.users);
            if (json.nextCursor === null) return users;
            assert.equal(typeof json.nextCursor, 'string');
            assert.equal(json.users.length, 3, 'a page before the last is full');
            cursor = json.nextCursor;
        }
        throw new Error('the paging does not end');
    }

    test('wants the admin', async () => {
        const user = await signup();
        const none = await list('', {});
        assertProblem(none, 401, 'unauthorized');
        assert.match(none.header('www-authenticate'), /^Bearer\b/);
        assertProblem(await list('', { token: '0'.repeat(64) }), 401, 'unauthorized');
        assertProblem(await list('', { token: user.token }), 403, 'forbidden');
        assertProblem(await list('', { cookie: user.cookie }), 403, 'forbidden');
    });

    test('has each user once, oldest first, whatever the page size', async () => {
        const user = await signup();
        const { json } = await list('?limit=10000');
        assert.equal(json.nextCursor, null);
        assert.deepEqual(members(json), sorted('users', 'nextCursor'));
        const last = json.users.at(-1);
        assert.deepEqual(last, Object.fromEntries(['id', 'email', 'userId', 'pubKeyHex', 'address', 'createdAt']
            .map((name) => [name, user[name]])));
        const ids = json.users.map(({ id }) => id);
        assert.deepEqual(ids, [...ids].sort((a, b) => a - b));
        assert.equal(new Set(ids).size, ids.length);
        assert.deepEqual(await everyone(), json.users);
    });

    test('gives 100 by default', async () => {
        const { json } = await list('?limit=10000');
        for (let i = json.users.length; i <= 101; i++) await signup('filler');
        const page = (await list()).json;
        assert.equal(page.users.length, 100);
        const rest = (await list(`?cursor=${encodeURIComponent(page.nextCursor)}&limit=10000`)).json;
        assert.equal(rest.nextCursor, null);
        assert.deepEqual([...page.users, ...rest.users], (await list('?limit=10000')).json.users);
    });

    test('finds text in email, user id and address, case ignored, and pages through what it finds', async () => {
        const user = await signup('Needle');
        const find = async (text) => (await list(`?limit=10000&q=${encodeURIComponent(text)}`)).json.users.map(({ userId }) => userId);
        for (const text of [user.userId, user.userId.toLowerCase(), user.userId.toUpperCase(), user.email, user.address,
            user.address.toLowerCase(), user.address.slice(5, 25)])
            assert.deepEqual(await find(text), [user.userId], text);
        assert.deepEqual(await find('no such text anywhere'), []);
        assert.deepEqual((await everyone('&q=filler')).map(({ userId }) => userId), await find('filler'));
    });

    test('takes % and _ and \\ and quotes for themselves', async () => {
        for (const [email, userId] of [['per%cent@example.com', 'wild.1'], ['under_score@example.com', 'wild_2'],
            ['underxscore@example.com', 'wildx2'], ["quo'te@example.com", 'wild.4'], ['back\\slash@example.com', 'wild.5']]) {
            const answer = await api('POST', '/api/signup', { email, userId });
            assert.equal(answer.status, 201, answer.body.toString());
        }
        const find = async (text) => (await list(`?limit=10000&q=${encodeURIComponent(text)}`)).json.users.map(({ userId }) => userId);
        assert.deepEqual(await find('%'), ['wild.1']);
        assert.deepEqual(await find('r%c'), ['wild.1']);
        assert.deepEqual(await find('r_s'), ['wild_2']);
        assert.deepEqual(await find('wild_2'), ['wild_2']);
        assert.deepEqual(await find('wild%'), []);
        assert.deepEqual(await find("o'te"), ['wild.4']);
        assert.deepEqual(await find('\\'), ['wild.5']);
        assert.deepEqual(await find("' OR '1'='1"), []);
    });

    test('refuses limits and cursors that are none', async () => {
        for (const query of ['limit=0', 'limit=10001', 'limit=-1', 'limit=abc', 'limit=1.5', 'limit=1e2',
            'limit=99999999999999999999', 'limit=%31%00', 'limit=+1', 'cursor=%27', 'cursor=-1x'])
            assertProblem(await list(`?${query}`), 400, 'invalid_parameter');
    });
});

describe('health, info and metrics', () => {
    test('health names its checks', async () => {
        const answer = await api('GET', '/api/health');
        assert.equal(answer.status, 200);
        assert.match(answer.header('content-type'), /^application\/json\b/);
        assert.deepEqual(answer.json, { status: 'ok', checks: { database: 'ok', dstack: 'ok' } });
        const live = await api('GET', '/api/health/live');
        assert.equal(live.status, 200);
        assert.deepEqual(live.json, { status: 'ok' });
    });

    test('info is not there unless it was asked for', async () => {
        assertProblem(await api('GET', '/api/info'), 404, 'not_found');
    });

    test('metrics move with what was asked, whichever worker answered', async () => {
        const read = async () => {
            const answer = await api('GET', '/metrics');
            assert.equal(answer.status, 200);
            assert.match(answer.header('content-type'), /^text\/plain\b/);
            return parseMetrics(answer.body.toString('utf8'));
        };
        const before = await read();
        const users = [await signup(), await signup(), await signup()];
        const bodies = [];
        for (let i = 0; i < 12; i++) {
            const user = users[i % 3];
            const path = `/api/users/${user.userId}/sign`;
            const { json } = await api('POST', path, { message: `metric ${i}` }, { token: user.token });
            bodies.push({ message: `metric ${i}`, signature: json.signature, address: user.address });
        }
        await Promise.all(bodies.map((body) => api('POST', '/api/verify', body)));
        await Promise.all(bodies.slice(0, 5).map((body) => api('POST', '/api/verify', { ...body, message: 'another' })));
        assertProblem(await api('POST', '/api/verify', { ...bodies[0], signature: '0x' }), 400, 'invalid_signature');
        assertProblem(await api('POST', `/api/users/${users[0].userId}/sign`, { message: 'm' }), 401, 'unauthorized');
        const now = await read();
        const moved = (name, labels) => now.sum(name, labels) - before.sum(name, labels);

        assert.equal(moved('signup_total'), 3);
        const resultsOf = (name) => now.matching(name, {}).map(({ labels }) => labels.result)
            .map((result) => moved(name, { result })).filter(Boolean).sort((a, b) => a - b);
        assert.ok(resultsOf('sign_total').includes(12), `12 signatures, in a series of their own: ${resultsOf('sign_total')}`);
        assert.equal(moved('verify_total'), 18);
        assert.ok(resultsOf('verify_total').includes(1), 'verify_total keeps errors apart');
        assert.ok(moved('sign_latency_ms_count') >= 12);
        assert.ok(moved('verify_latency_ms_count') >= 17);
        assert.ok(moved('dstack_getKey_latency_ms_count') >= 15, 'every signup and signature asks for its key');
        assert.equal(moved('http_request_duration_ms_count', { route: /signup/, method: 'POST', status: '201' }), 3);
        assert.equal(moved('http_request_duration_ms_count', { route: /verify/, method: 'POST', status: '200' }), 17);
        assert.equal(moved('http_request_duration_ms_count', { route: /sign$/, method: 'POST', status: '200' }), 12);
        assert.equal(moved('http_request_duration_ms_count', { route: /sign$/, method: 'POST', status: '401' }), 1);
        assert.ok(!now.samples.some(({ labels }) => users.some(({ userId }) => labels.route?.includes(userId))),
            'a user id in a label would grow the metrics without end');

        for (const name of ['http_request_duration_ms', 'dstack_getKey_latency_ms', 'sign_latency_ms', 'verify_latency_ms']) {
            assert.ok(assertHistogram(now, name) >= 1, `${name} has no series`);
            assert.match(now.helps[name], /millisecond|\bms\b/i);
        }
        for (const name of ['signup_total', 'sign_total', 'verify_total']) {
            assert.equal(now.types[name], 'counter');
            assert.ok(now.helps[name]);
        }
    });
});

describe('every answer', () => {
    const routes = [
        ['/api/signup', ['POST']],
        ['/api/users/me/keys?userId=nobody', ['GET']],
        ['/api/users/nobody/keys', ['GET']],
        ['/api/users/nobody/sign', ['POST']],
        ['/api/verify', ['POST']],
        ['/api/session', ['GET', 'POST', 'DELETE']],
        ['/api/admin/users', ['GET']],
        ['/api/health', ['GET']],
        ['/api/health/live', ['GET']],
        ['/api/cluster/peers', ['GET']],
        ['/metrics', ['GET']],
    ];

    for (const [path, allowed] of routes)
        test(`405 with Allow for other methods at ${path}`, async () => {
            for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'].filter((one) => !allowed.includes(one))) {
                const body = ['POST', 'PUT', 'PATCH'].includes(method) ? {} : undefined;
                const answer = await api(method, path, body);
                assertProblem(answer, 405, 'method_not_allowed');
                const allow = answer.header('allow')?.split(/\s*,\s*/) ?? [];
                assert.deepEqual(allow.filter((one) => !['HEAD', 'OPTIONS'].includes(one)).sort(), [...allowed].sort(), method);
                assert.equal(answer.header('access-control-allow-origin'), undefined);
            }
        });

    test('to HEAD has no body, and the status of GET unless HEAD is refused', async () => {
        const user = await signup();
        for (const path of ['/api/health', '/api/health/live', '/api/session', `/api/users/${user.userId}/keys`, '/metrics',
            '/api/users/nobody/keys', '/api/nowhere', '/api/admin/users']) {
            const head = await api('HEAD', path);
            const get = await api('GET', path);
            assert.equal(head.body.length, 0, path);
            assert.ok(head.header('x-request-id'), path);
            if (head.status === 405) assert.ok(!/\bHEAD\b/.test(head.header('allow')), path);
            else assert.equal(head.status, get.status, path);
        }
        const head = await api('HEAD', '/api/signup');
        assert.equal(head.status, 405);
        assert.equal(head.body.length, 0);
        assert.match(head.header('allow'), /POST/);
    });

    test('has a request id of its own, those that nginx gives itself included', async () => {
        const paths = ['/api/health', '/api/nowhere', '/api/', '/api/session', '/api/users/nobody/keys', '/metrics', '/'];
        const ids = [];
        for (const path of [...paths, ...paths]) {
            const answer = await api('GET', path);
            assert.equal(answer.headers['x-request-id']?.length, 1, `${path}: exactly one X-Request-Id`);
            ids.push(answer.header('x-request-id'));
        }
        assert.equal(new Set(ids).size, ids.length);
    });

    test('to an unknown route is 404 not_found', async () => {
        for (const path of ['/api/', '/api/nowhere', '/api/signup/', '/api/signup/x', '/api/health/', '/api/health/dead',
            '/api/users', '/api/users/', '/api/users/nobody', '/api/users/nobody/', '/api/users/nobody/keys/x',
            '/api/users/nobody/delete', '/api/admin', '/api/admin/users/', '/api/admin/users.json', '/api/verify/x'])
            assertProblem(await api('GET', path), 404, 'not_found');
    });

    test('tells browsers not to guess the type of what they got', async () => {
        for (const path of ['/api/health', '/api/nowhere', '/api/users/nobody/keys'])
            assert.equal((await api('GET', path)).header('x-content-type-options'), 'nosniff', path);
    });

    test('does not name versions', async () => {
        const answer = await api('GET', '/api/nowhere');
        assert.doesNotMatch(answer.header('server') ?? '', /\d/);
    });
});

describe('the log', () => {
    test('is JSON lines with the documented members, and finds a request by its id', async () => {
        const user = await signup();
        const path = `/api/users/${user.userId}/sign`;
        const signed = await api('POST', path, { message: 'm' }, { token: user.token });
        const refused = await api('POST', path, { message: 'm' });
        let lines;
        for (let tries = 0; tries < 40; tries++) {
            await sleep(50);
            lines = logLines(stack.logDir).filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
            if (lines.some(({ request_id }) => request_id === refused.header('x-request-id'))) break;
        }
        const find = (answer) => lines.filter(({ request_id }) => request_id === answer.header('x-request-id'));
        for (const [answer, want] of [[signed, { status: 200 }], [refused, { status: 401, error_code: 'unauthorized' }]]) {
            const found = find(answer).find(({ status }) => status === answer.status);
            assert.ok(found, `no line for request ${answer.header('x-request-id')}`);
            for (const member of ['ts', 'level', 'event', 'route', 'method', 'latency_ms', 'result'])
                assert.ok(member in found, `${member} is missing: ${JSON.stringify(found)}`);
            assert.match(found.ts, TIME);
            assert.equal(found.method, 'POST');
            assert.equal(typeof found.latency_ms, 'number');
            for (const [member, value] of Object.entries(want)) assert.equal(found[member], value, member);
        }
        assert.equal(find(signed).find(({ status }) => status === 200).userId, user.userId);
    });
});

describe('AUTH=open', () => {
    let open, call;
    before(async () => {
        open = await startStack({ AUTH: 'open', EXPOSE_INFO: 'true', KEY_NAMESPACE: 'wallet/other' });
        call = client(open);
    });
    after(() => open?.stop());

    test('asks for nothing, and gives neither token nor cookie', async () => {
        const answer = await call('POST', '/api/signup', { email: 'a@example.com', userId: 'alice' });
        assert.equal(answer.status, 201, answer.body.toString());
        assert.ok(!('token' in answer.json));
        assert.equal(answer.headers['set-cookie'], undefined);
        const signed = await call('POST', '/api/users/alice/sign', { message: 'open' });
        assert.equal(signed.status, 200, signed.body.toString());
        assert.equal(await recoverAddress({ hash: hashOf('open'), signature: signed.json.signature }), answer.json.address);
        assertProblem(await call('POST', '/api/users/nobody/sign', { message: 'open' }), 404, 'unknown_user');
    });

    test('says so in the session, and still wants the admin for the listing', async () => {
        assert.deepEqual((await call('GET', '/api/session')).json, { auth: 'open', signedIn: false, admin: false, userId: null });
        assertProblem(await call('GET', '/api/admin/users'), 401, 'unauthorized');
        const { json } = await call('GET', '/api/admin/users', undefined, { token: open.adminToken });
        assert.deepEqual(json.users.map(({ userId }) => userId), ['alice']);
    });

    test('KEY_NAMESPACE is the path of the key, and every answer names it', async () => {
        const { json } = await call('GET', '/api/users/alice/keys');
        assert.equal(json.namespace, 'wallet/other');
        assert.equal(json.address, wallet('alice', 'wallet/other').address);
        assert.notEqual(json.address, wallet('alice').address);
        assert.equal((await recoverChain(json)).root, KMS_ROOT);
    });

    test('EXPOSE_INFO=true shows what the guest agent says, tcb_info as an object', async () => {
        const answer = await call('GET', '/api/info');
        assert.equal(answer.status, 200, answer.body.toString());
        const want = vectors('simulator/gen2/info.json');
        for (const name of ['app_id', 'instance_id', 'app_name', 'compose_hash', 'key_provider_info'])
            assert.deepEqual(answer.json[name], want.info[name], name);
        assert.equal(typeof answer.json.tcb_info, 'object');
        for (const name of ['mrtd', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3', 'compose_hash', 'app_compose'])
            assert.equal(answer.json.tcb_info[name], want.tcb_info[name], name);
        assert.ok(answer.header('x-request-id'));
    });
});

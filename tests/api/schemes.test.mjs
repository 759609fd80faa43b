// schemes.test.mjs - schemes, hints and batches, with viem and ethers as the judges.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { TypedDataEncoder, verifyMessage as ethersVerifyMessage, verifyTypedData as ethersVerifyTypedData } from 'ethers';
import { hashMessage, hashTypedData, keccak256, recoverAddress, stringToHex, verifyMessage, verifyTypedData } from 'viem';
import { vectors, wallet } from './lib/derive.mjs';
import { assertProblem, client, request } from './lib/http.mjs';
import { parseMetrics } from './lib/metrics.mjs';
import { startStack } from './lib/stack.mjs';
import { generator, randomTypedData } from './lib/typeddata.mjs';

const DOCUMENTS = 2400;
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const { eip191, eip712, transactions } = vectors('ethereum.json');
const mail = eip712[0].typed_data;

let stack, api, user;
let count = 0;

async function signup() {
    const userId = `schemes.${++count}`;
    const answer = await api('POST', '/api/signup', { email: `${userId}@example.com`, userId });
    assert.equal(answer.status, 201, answer.body.toString());
    return answer.json;
}

before(async () => {
    stack = await startStack();
    api = client(stack);
    user = await signup();
});
after(() => stack?.stop());

const sign = (body, who = user) => api('POST', `/api/users/${who.userId}/sign`, body, { token: who.token });
const signBatch = (body, who = user) => api('POST', `/api/users/${who.userId}/sign/batch`, body, { token: who.token });
const verify = (body) => api('POST', '/api/verify', body);

async function signed(body, who = user) {
    const answer = await sign(body, who);
    assert.equal(answer.status, 200, answer.body.toString());
    return answer.json;
}

async function verified(body) {
    const answer = await verify(body);
    assert.equal(answer.status, 200, answer.body.toString());
    return answer.json;
}

describe('eip191', () => {
    test('signs what viem and ethers verify', async () => {
        const { address } = user;
        for (const { message, message_bytes: bytes, digest } of eip191) {
            const raw = `0x${bytes}`;
            const body = message === undefined ? { messageHex: raw } : { message };
            const { hash, signature, scheme } = await signed({ ...body, scheme: 'eip191' });
            assert.equal(scheme, 'eip191');
            assert.equal(hash, `0x${digest}`);
            assert.ok(await verifyMessage({ address, message: { raw }, signature }));
            assert.equal(ethersVerifyMessage(Buffer.from(bytes, 'hex'), signature), address);
            assert.equal((await verified({ ...body, scheme: 'eip191', address, signature })).valid, true);
        }
    });
});

describe('raw', () => {
    test('refuses every transaction, signed or not; eip191 signs it and raw verifies it', async () => {
        assert.ok(transactions.length > 0);
        for (const { name, unsigned, signed: whole, signing_hash: hash, from } of transactions) {
            for (const bytes of [unsigned, whole]) {
                assertProblem(await sign({ messageHex: `0x${bytes}` }), 422, 'transaction_like_message', 'messageHex');
                assertProblem(await sign({ messageHex: `0x${bytes}`, scheme: 'raw' }), 422, 'transaction_like_message');
                assert.equal((await sign({ messageHex: bytes, scheme: 'eip191' })).status, 200, name);
            }
            const { hash: got, valid } = await verified({ messageHex: unsigned, address: from, signature: `0x${'11'.repeat(64)}00` });
            assert.deepEqual([got, valid], [`0x${hash}`, false]);
        }
    });

    test('refuses RLP lists, typed envelopes and 0x19, and nothing near them', async () => {
        for (const messageHex of ['c0', '00c0', '7fc0', '19', '1901', `1945${'00'.repeat(40)}`, 'c3c28180'])
            assertProblem(await sign({ messageHex }), 422, 'transaction_like_message', 'messageHex');
        assertProblem(await sign({ message: '\u0019Ethereum Signed Message:\n1a' }), 422, 'transaction_like_message', 'message');
        assertProblem(await sign({ message: '\u0001\u0080A'.slice(1) }), 422, 'transaction_like_message', 'message');
        for (const messageHex of ['', '00', '80', '80c0', 'c000', 'c1', 'c28101', '02', '0202c0', '1819'])
            assert.equal((await sign({ messageHex })).status, 200, messageHex);
    });
});

describe('eip712', () => {
    test('has the digests of the published documents', async () => {
        const { address } = user;
        for (const { name, digest, typed_data: typedData } of eip712) {
            const { hash, signature, scheme } = await signed({ typedData });
            assert.equal(hash, `0x${digest}`, name);
            assert.equal(scheme, 'eip712');
            assert.ok(await verifyTypedData({ ...typedData, address, signature }), name);
            assert.equal((await verified({ typedData, scheme: 'eip712', address, signature })).valid, true);
        }
    });

    test(`hashes ${DOCUMENTS} random documents as viem and ethers do`, async () => {
        const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
        const random = generator(seed);
        for (let done = 0; done < DOCUMENTS; done += 200) {
            const documents = Array.from({ length: 200 }, () => randomTypedData(random));
            const answer = await signBatch({ items: documents.map(({ json }) => ({ typedData: json })) });
            assert.equal(answer.status, 200, answer.body.toString().slice(0, 300));
            for (const [i, { json, types, primaryType, domain, message }] of documents.entries()) {
                const { hash, signature, error } = answer.json.results[i];
                const which = `SEED=${seed}, document ${done + i}: ${JSON.stringify(error)} ${JSON.stringify(json)}`;
                assert.equal(hash, hashTypedData({ types: json.types, primaryType, domain, message }), which);
                assert.equal(hash, TypedDataEncoder.hash(domain, types, message), which);
                if (i % 20 > 0) continue;
                assert.ok(await verifyTypedData({ types: json.types, primaryType, domain, message, signature, address: user.address }), which);
                assert.equal(ethersVerifyTypedData(domain, types, message, signature), user.address, which);
            }
        }
    });

    test('names the path to each fault', async () => {
        const change = (edit) => {
            const typedData = structuredClone(mail);
            edit(typedData);
            return typedData;
        };
        const rows = [
            [(d) => delete d.types, 'typedData.types'],
            [(d) => delete d.primaryType, 'typedData.primaryType'],
            [(d) => delete d.domain, 'typedData.domain'],
            [(d) => delete d.message, 'typedData.message'],
            [(d) => (d.primaryType = 'Nail'), 'typedData.primaryType'],
            [(d) => (d.message.to.wallet = '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbb'), 'typedData.message.to.wallet'],
            [(d) => delete d.message.from.name, 'typedData.message.from.name'],
            [(d) => (d.message.to = null), 'typedData.message.to'],
            [(d) => (d.message.to = []), 'typedData.message.to'],
            [(d) => (d.message.contents = 7), 'typedData.message.contents'],
            [(d) => (d.domain.chainId = 2 ** 53), 'typedData.domain.chainId'],
            [(d) => (d.domain.chainId = 1.5), 'typedData.domain.chainId'],
            [(d) => (d.domain.chainId = `0x1${'0'.repeat(64)}`), 'typedData.domain.chainId'],
            [(d) => delete d.domain.version, 'typedData.domain.version'],
            [(d) => (d.types.Mail[0].type = 'uint7'), 'typedData.types.Mail[0].type'],
            [(d) => (d.types.Mail[0].name = 'a b'), 'typedData.types.Mail[0].name'],
            [(d) => (d.types.Mail[2].name = 'to'), 'typedData.types.Mail[2].name'],
            [(d) => d.types.Person.push({ name: 'mail', type: 'Mail' }), 'typedData.types.Person[2]'],
            [(d) => (d.types['A B'] = []), 'typedData.types'],
        ];
        for (const [edit, field] of rows) {
            const typedData = change(edit);
            assertProblem(await sign({ typedData }), 400, 'invalid_typed_data', field);
            assertProblem(await verify({ typedData, address: user.address, signature: `0x${'11'.repeat(64)}` }),
                400, 'invalid_typed_data', field);
        }
    });

    test('is refused where it is nested too deep', async () => {
        /* As text: JSON.stringify itself gives up on this. */
        const message = '{"in":['.repeat(10_000) + ']}'.repeat(10_000);
        const body = `{"items":[{"typedData":{"types":{"M":[{"name":"in","type":"M[]"}]},"primaryType":"M","domain":{},"message":${message}}}]}`;
        const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${user.token}` };
        assertProblem(await request(stack.port, 'POST', `/api/users/${user.userId}/sign/batch`, { headers, body }), 400, 'invalid_json');
        const types = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`T${i}`, [{ name: 'a', type: `T${i + 1}` }]]));
        types.T10000 = [];
        const { json } = await signBatch({ items: [{ typedData: { types, primaryType: 'T0', domain: {}, message: {} } }] });
        assert.equal(json.results[0].error.code, 'invalid_typed_data');
        assert.equal(json.results[0].error.field, 'typedData.types');
    });
});

describe('what a body says', () => {
    test('is one thing, under a scheme that is for it', async () => {
        const conflicts = [
            [{ message: 'a', typedData: mail }, 'typedData'],
            [{ messageHex: '0x', typedData: mail }, 'typedData'],
            [{ message: 'a', messageHex: '0x' }, 'messageHex'],
            [{ message: 'a', scheme: 'eip712' }, 'scheme'],
            [{ typedData: mail, scheme: 'raw' }, 'scheme'],
            [{ typedData: mail, scheme: 'eip191' }, 'scheme'],
        ];
        for (const [body, field] of conflicts) {
            assertProblem(await sign(body), 400, 'conflicting_fields', field);
            assertProblem(await verify(body), 400, 'conflicting_fields', field);
        }
        assertProblem(await sign({}), 400, 'missing_field', 'message');
        assertProblem(await sign({ scheme: 'eip191' }), 400, 'missing_field', 'message');
        assertProblem(await sign({ scheme: 'eip712' }), 400, 'missing_field', 'typedData');
        assertProblem(await sign({ typedData: null }), 400, 'missing_field', 'message');
        for (const typedData of ['{}', 7, [], true]) assertProblem(await sign({ typedData }), 400, 'wrong_type', 'typedData');
        for (const scheme of ['', 'RAW', 'eip-191', 'raw\u0000'])
            assertProblem(await sign({ message: 'a', scheme }), 400, 'unsupported_scheme', 'scheme');
        assertProblem(await sign({ message: 'a', scheme: 7 }), 400, 'wrong_type', 'scheme');
    });

    for (const [scheme, hash] of [['eip191', hashMessage('hello')], ['raw', keccak256(stringToHex('hello'))]]) {
        test(`is ${scheme} where SIGN_SCHEME says so`, async () => {
            const other = await startStack({ SIGN_SCHEME: scheme, AUTH: 'open' });
            try {
                const ask = client(other);
                await ask('POST', '/api/signup', { email: 'a@example.com', userId: 'a' });
                const { json } = await ask('POST', '/api/users/a/sign', { message: 'hello' });
                assert.deepEqual([json.scheme, json.hash], [scheme, hash]);
                assert.equal((await ask('POST', '/api/users/a/sign', { typedData: mail })).json.scheme, 'eip712');
                const { signature, address } = json;
                assert.equal((await ask('POST', '/api/verify', { message: 'hello', signature, address })).json.valid, true);
            } finally {
                await other.stop();
            }
        });
    }

    test('is typed data where SIGN_SCHEME is eip712', async () => {
        const other = await startStack({ SIGN_SCHEME: 'eip712', AUTH: 'open' });
        try {
            const ask = client(other);
            await ask('POST', '/api/signup', { email: 'a@example.com', userId: 'a' });
            assertProblem(await ask('POST', '/api/users/a/sign', { message: 'hello' }), 400, 'missing_field', 'typedData');
            assert.equal((await ask('POST', '/api/users/a/sign', { message: 'hello', scheme: 'raw' })).json.scheme, 'raw');
            assert.equal((await ask('POST', '/api/users/a/sign', { typedData: mail })).status, 200);
        } finally {
            await other.stop();
        }
    });
});

describe('verify by user', () => {
    test('finds the key that fits, and names its namespace', async () => {
        const { signature } = await signed({ message: 'mine' });
        const answer = await verified({ message: 'mine', signature, userId: user.userId });
        assert.deepEqual([answer.valid, answer.address, answer.namespace], [true, user.address, user.namespace]);
        const wrong = await verified({ message: 'not mine', signature, userId: user.userId });
        assert.deepEqual([wrong.valid, wrong.address, wrong.namespace], [false, user.address, undefined]);
        const short = await verified({ message: 'mine', signature: signature.slice(0, -2), userId: user.userId });
        assert.equal(short.valid, true);
        assert.equal((await verified({ message: 'mine', signature, address: user.address })).namespace, undefined);
    });

    test('takes keys that were rotated away', async () => {
        const who = await signup();
        const before = await signed({ message: 'before' }, who);
        const rotated = await api('POST', `/api/users/${who.userId}/rotate`, { namespace: 'wallet/ethereum/v2' }, { token: who.token });
        assert.equal(rotated.status, 200, rotated.body.toString());
        const now = await signed({ message: 'now' }, who);
        assert.equal(now.namespace, 'wallet/ethereum/v2');
        for (const [message, { signature, address, namespace }] of [['before', before], ['now', now]]) {
            for (const text of [signature, signature.slice(0, -2)]) {
                const answer = await verified({ message, signature: text, userId: who.userId });
                assert.deepEqual([answer.valid, answer.address, answer.namespace], [true, address, namespace]);
            }
        }
        assert.equal(now.address, wallet(who.userId, 'wallet/ethereum/v2').address);
    });

    test('refuses bad ids, and another way to name the signer beside it', async () => {
        const { signature } = await signed({ message: 'mine' });
        const body = { message: 'mine', signature };
        assertProblem(await verify({ ...body, userId: 'nobody' }), 404, 'unknown_user', 'userId');
        assertProblem(await verify({ ...body, userId: 'a/b' }), 400, 'invalid_user_id', 'userId');
        assertProblem(await verify({ ...body, userId: '' }), 400, 'invalid_user_id', 'userId');
        assertProblem(await verify({ ...body, userId: 7 }), 400, 'wrong_type', 'userId');
        assertProblem(await verify({ ...body, userId: user.userId, address: user.address }), 400, 'conflicting_fields', 'userId');
        assertProblem(await verify({ ...body, userId: user.userId, pubKeyHex: user.pubKeyHex }), 400, 'conflicting_fields', 'userId');
        assertProblem(await verify(body), 400, 'missing_field', 'pubKeyHex');
    });
});

describe('a hint', () => {
    const flipped = (signature) => signature.slice(0, -2) + (signature.endsWith('1b') ? '1c' : '1b');
    const turned = (signature) =>
        signature.slice(0, 66) + (N - BigInt(`0x${signature.slice(66, 130)}`)).toString(16).padStart(64, '0') + signature.slice(130);
    const hexOf = (text) => `0x${Buffer.from(text).toString('hex')}`;

    const rows = [
        ['scheme_raw', { message: 'a', scheme: 'raw' }, { message: 'a', scheme: 'eip191' }],
        ['scheme_eip191', { message: 'a', scheme: 'eip191' }, { message: 'a' }],
        ['scheme_eip191', { messageHex: '0xff', scheme: 'eip191' }, { messageHex: '0xff' }],
        ['recovery_id', { message: 'a' }, { message: 'a' }, flipped],
        ['recovery_id', { typedData: mail }, { typedData: mail }, flipped],
        ['high_s', { message: 'a' }, { message: 'a' }, turned],
        ['high_s', { typedData: mail }, { typedData: mail }, turned],
        ['message_is_hex', { messageHex: '0x00ff' }, { message: '0x00ff' }],
        ['message_is_hex', { messageHex: '0x00ff', scheme: 'eip191' }, { message: '00FF', scheme: 'eip191' }],
        ['trailing_newline', { message: 'a\n' }, { message: 'a' }],
        ['trailing_newline', { message: 'a' }, { message: 'a\n' }],
        ['trailing_newline', { message: '' }, { message: '\n' }],
        ['trailing_newline', { message: 'a', scheme: 'eip191' }, { messageHex: hexOf('a\n'), scheme: 'eip191' }],
    ];
    for (const [hint, made, asked, edit = (same) => same] of rows) {
        test(`${hint}: ${JSON.stringify(made).slice(0, 50)} held against ${JSON.stringify(asked).slice(0, 50)}`, async () => {
            const signature = edit((await signed(made)).signature);
            for (const signer of [{ address: user.address }, { pubKeyHex: user.pubKeyHex }, { userId: user.userId }]) {
                const answer = await verified({ ...asked, ...signer, signature });
                assert.equal(answer.valid, false);
                assert.equal(answer.hint, hint);
                assert.ok(answer.hintDetail.length > 20);
            }
        });
    }

    test('is not given for a signature that fits, or that no one mistake explains', async () => {
        const { signature } = await signed({ message: 'a' });
        const right = await verified({ message: 'a', signature, address: user.address });
        assert.deepEqual([right.valid, right.hint, right.hintDetail], [true, undefined, undefined]);
        for (const body of [{ message: 'b' }, { message: 'a \n' }, { messageHex: '0x' }, { typedData: mail }]) {
            const wrong = await verified({ ...body, signature, address: user.address });
            assert.deepEqual([wrong.valid, wrong.hint, wrong.hintDetail], [false, undefined, undefined]);
        }
        /* Without v there is nothing to turn over. */
        const high = turned(signature).slice(0, -2);
        assert.equal((await verified({ message: 'a', signature: high, address: user.address })).valid, true);
    });
});

describe('a batch', () => {
    const messages = (n) => Array.from({ length: n }, (_, i) => ({ message: `message ${i}` }));

    test('answers each item in its place, as a single request would', async () => {
        const items = [
            { message: 'one' },
            { message: 'two', scheme: 'eip191' },
            7,
            null,
            [],
            { typedData: mail },
            { messageHex: '0xc0' },
            {},
            { message: 'x', scheme: 'nope' },
            { message: 'last' },
        ];
        const answer = await signBatch({ items });
        assert.equal(answer.status, 200);
        assert.equal(answer.json.results.length, items.length);
        const { address, namespace, signature_chain: chain } = await signed({ message: 'one' });
        assert.deepEqual([answer.json.address, answer.json.namespace, answer.json.signature_chain], [address, namespace, chain]);
        for (const [i, item] of items.entries()) {
            const result = answer.json.results[i];
            if (item === null || typeof item !== 'object' || Array.isArray(item)) {
                assert.equal(result.error.code, 'wrong_type');
                continue;
            }
            const alone = (await sign(item)).json;
            const { signature, recoveryId, hash, scheme, code, detail, field } = alone;
            assert.deepEqual(result, code ? { error: { code, detail, ...(field && { field }) } } : { signature, recoveryId, hash, scheme });
        }
    });

    test('asks the guest agent once, and verifies in a batch', async () => {
        const calls = async () => {
            const { body } = await request(stack.port, 'GET', '/metrics');
            return parseMetrics(body.toString()).sum('dstack_getKey_latency_ms_count');
        };
        const before = await calls();
        const items = messages(1000);
        const { json } = await signBatch({ items });
        assert.equal((await calls()) - before, 1);
        assert.equal(json.results.length, 1000);
        for (const i of [0, 499, 999])
            assert.equal(await recoverAddress({ hash: keccak256(stringToHex(`message ${i}`)), signature: json.results[i].signature }), user.address);
        const asked = items.map((item, i) => ({ ...item, signature: json.results[i].signature, address: user.address }));
        asked[5].message = 'message 5\n';
        asked[6].signature = '0x00';
        asked[7] = 'x';
        asked[8].address = undefined;
        asked[9].userId = 'nobody';
        asked[9].address = undefined;
        const { status, json: answer } = await api('POST', '/api/verify/batch', { items: asked });
        assert.equal(status, 200);
        assert.equal(answer.results.length, 1000);
        assert.equal(answer.results[5].hint, 'trailing_newline');
        assert.deepEqual(answer.results.slice(6, 10).map(({ error }) => error.code),
            ['invalid_signature', 'wrong_type', 'missing_field', 'unknown_user']);
        assert.equal(answer.results.filter(({ valid }) => valid).length, 995);
    });

    test('has 1 to 1000 items in up to 1 MiB', async () => {
        for (const [body, status, code] of [
            [{}, 400, 'missing_field'],
            [{ items: null }, 400, 'missing_field'],
            [{ items: [] }, 400, 'missing_field'],
            [{ items: {} }, 400, 'wrong_type'],
            [{ items: 'x' }, 400, 'wrong_type'],
            [{ items: messages(1001) }, 413, 'batch_too_large'],
        ]) {
            assertProblem(await signBatch(body), status, code, 'items');
            assertProblem(await api('POST', '/api/verify/batch', body), status, code, 'items');
        }
        const full = JSON.stringify({ items: [{ message: 'fits' }] }).padEnd(1024 * 1024);
        const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${user.token}` };
        const path = `/api/users/${user.userId}/sign/batch`;
        assert.equal((await request(stack.port, 'POST', path, { headers, body: full })).status, 200);
        assertProblem(await request(stack.port, 'POST', path, { headers, body: `${full} ` }), 413, 'body_too_large');
        assert.equal((await request(stack.port, 'POST', '/api/verify/batch', { headers, body: full })).status, 200);
        assertProblem(await request(stack.port, 'POST', '/api/verify', { headers, body: full }), 413, 'body_too_large');
    });

    test('holds messages to their own limit', async () => {
        const { json } = await signBatch({ items: [{ message: 'x'.repeat(49_152) }, { message: 'x'.repeat(49_153) },
            { messageHex: 'aa'.repeat(49_152) }, { messageHex: 'aa'.repeat(49_153) }, { messageHex: 'a' }] });
        assert.deepEqual(json.results.map(({ error }) => error?.code),
            [undefined, 'message_too_large', undefined, 'message_too_large', 'invalid_hex']);
    });

    test('is for its user alone', async () => {
        const other = await signup();
        assertProblem(await signBatch({ items: messages(1) }, { ...user, token: other.token }), 403, 'forbidden');
        assertProblem(await api('POST', `/api/users/${user.userId}/sign/batch`, { items: messages(1) }), 401, 'unauthorized');
    });
});

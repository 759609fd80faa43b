// races.test.mjs - many ask for the same at once: exactly one gets it, and none is lost.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, test } from 'node:test';
import { wallet } from './lib/derive.mjs';
import { assertProblem, client } from './lib/http.mjs';
import { startStack, temporaryDir } from './lib/stack.mjs';

const dataDir = temporaryDir();
let stack = await startStack({ DATA_DIR: dataDir });
after(async () => {
    await stack.stop();
    rmSync(dataDir, { recursive: true, force: true });
});
let api = client(stack);

const signup = (userId, email) => api('POST', '/api/signup', { email, userId }, { timeout: 60_000 });
const listing = async () =>
    (await api('GET', '/api/admin/users?limit=10000', undefined, { token: stack.adminToken })).json.users;

function oneWinner(answers, code, field) {
    const won = answers.filter(({ status }) => status === 201);
    assert.equal(won.length, 1, answers.map(({ status }) => status).join(' '));
    for (const answer of answers) if (answer !== won[0]) assertProblem(answer, 409, code, field);
    return won[0].json;
}

for (const racers of [2, 20])
    for (let round = 0; round < 5; round++) {
        test(`${racers} race for one user id, round ${round}`, async () => {
            const userId = `id.${racers}.${round}`;
            const answers = await Promise.all(Array.from({ length: racers }, (_, i) => signup(userId, `${userId}.${i}@example.com`)));
            const winner = oneWinner(answers, 'user_exists', 'userId');
            const users = (await listing()).filter((one) => one.userId === userId);
            assert.deepEqual(users.map(({ email }) => email), [winner.email]);
            const signed = await api('POST', `/api/users/${userId}/sign`, { message: 'm' }, { token: winner.token });
            assert.equal(signed.status, 200, signed.body.toString());
        });

        test(`${racers} race for one email, round ${round}`, async () => {
            const email = `mail.${racers}.${round}@example.com`;
            const answers = await Promise.all(Array.from({ length: racers }, (_, i) =>
                signup(`m.${racers}.${round}.${i}`, i % 2 ? email : email.toUpperCase())));
            const winner = oneWinner(answers, 'email_exists', 'email');
            const users = (await listing()).filter((one) => one.email.toLowerCase() === email);
            assert.deepEqual(users.map(({ userId }) => userId), [winner.userId]);
        });
    }

test('20 send the very same signup: one wins, and the others learn that it is taken', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => signup('same', 'same@example.com')));
    assert.equal(answers.filter(({ status }) => status === 201).length, 1);
    for (const { status, json } of answers)
        if (status !== 201) assert.ok(status === 409 && ['user_exists', 'email_exists'].includes(json.code), `${status} ${json.code}`);
    assert.equal((await listing()).filter(({ userId }) => userId === 'same').length, 1);
});

test('200 signups at once are all made, listed, and there after a restart', async () => {
    const began = Date.now();
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => signup(`par.${i}`, `par.${i}@example.com`)));
    console.log(`# 200 signups at once took ${Date.now() - began} ms`);
    assert.deepEqual(answers.filter(({ status }) => status !== 201).map(({ status, body }) => `${status} ${body}`), []);
    const ids = answers.map(({ json }) => json.id);
    assert.equal(new Set(ids).size, 200);
    assert.equal(new Set(answers.map(({ json }) => json.token)).size, 200);

    const check = async () => {
        const listed = new Map((await listing()).map((one) => [one.userId, one]));
        for (const { json } of answers) {
            const one = listed.get(json.userId);
            assert.ok(one, `${json.userId} is not listed`);
            assert.equal(one.id, json.id);
            assert.equal(one.address, wallet(json.userId).address);
        }
    };
    await check();
    await restart();
    await check();
    const { json: { userId, token, address } } = answers[77];
    const signed = await api('POST', `/api/users/${userId}/sign`, { message: 'm' }, { token });
    assert.equal(signed.status, 200, signed.body.toString());
    assert.equal(signed.json.address, address);
});

test('200 signatures at once are all right', async () => {
    const { json } = await signup('busy', 'busy@example.com');
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) =>
        api('POST', '/api/users/busy/sign', { message: `message ${i}` }, { token: json.token, timeout: 60_000 })));
    assert.deepEqual(answers.filter(({ status }) => status !== 200).map(({ status, body }) => `${status} ${body}`), []);
    const checks = await Promise.all(answers.map(({ json: { signature } }, i) =>
        api('POST', '/api/verify', { message: `message ${i}`, signature, address: json.address }, { timeout: 60_000 })));
    assert.ok(checks.every((one) => one.json?.valid === true));
});

/* End the stack and start it anew on the same data. */
async function restart() {
    const { adminToken, port } = stack;
    await stack.stop();
    stack = await startStack({ DATA_DIR: dataDir, ADMIN_TOKEN: adminToken, PORT: String(port) });
    api = client(stack);
}

// faults.test.mjs - the guest agent fails in every way there is, and workers are killed.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { recoverAddress } from 'viem';
import { getKey, hashOf, wallet } from './lib/derive.mjs';
import { answerJson, fakeAgent, properly } from './lib/fake-agent.mjs';
import { assertProblem, client } from './lib/http.mjs';
import { kill, workers } from './lib/proc.mjs';
import { freePort, sleep, spawnUp, startStack, temporaryDir, within } from './lib/stack.mjs';

/* The agent has 2 s to answer; the rest is for a busy machine. */
const ANSWER_MS = 3500;
/* A result of the health check lives for a second, and the check itself may wait for the agent. */
const HEALTH_MS = 6000;
const AGAIN_MS = 3000;

const N = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';

async function until(what, limit, attempt) {
    let last;
    for (const end = Date.now() + limit; Date.now() < end; await sleep(50)) {
        last = await attempt();
        if (last === true) return;
    }
    assert.fail(`not within ${limit} ms: ${what}; last: ${last}`);
}

/* A fault of GetKey alone: the answer with some members replaced. */
const key = (change) => (res, method, fields) => {
    if (method !== 'GetKey') return false;
    const answer = getKey(fields.path, fields.purpose);
    answerJson(res, typeof change === 'function' ? change(answer) : { ...answer, ...change });
    return true;
};

/* A fault of every method. */
const all = (how) => (res, method, fields) => {
    how(res, method, fields);
    return true;
};

const raw = (text) => all((res) => res.socket.end(text));
const json = (text) => all((res) => {
    res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
    res.end(text);
});

/* name, fault, and whether health has to notice: it need not ask for a key. */
const FAULTS = [
    ['slow: answers after 5 s', all((res, method, fields) => setTimeout(() => res.destroyed || answerJson(res, properly(method, fields) ?? {}), 5000)), true],
    ['never answers', all(() => {}), true],
    ['drips a byte a second', all((res) => {
        res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 100_000 });
        const timer = setInterval(() => (res.destroyed ? clearInterval(timer) : res.write(' ')), 900);
        timer.unref();
    }), true],
    ['answers bytes that are no HTTP', raw('\x00\xff\xfenonsense\r\n\r\n'), true],
    ['answers an empty text', raw(''), true],
    ['answers half a status line', raw('HTTP/1.1 2'), true],
    ['answers headers without end', raw('HTTP/1.1 200 OK\r\n' + 'X-Header: 1234567890\r\n'.repeat(50_000)), true],
    ['answers a negative length', raw('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: -1\r\n\r\n{}'), true],
    ['closes in the middle of the body', all((res) => {
        res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 1000 });
        res.write('{"key":"00');
        setTimeout(() => res.destroy(), 20);
    }), true],
    ['answers HTML', json('<html><body>It works!</body></html>'), true],
    ['answers an empty body', json(''), true],
    ['answers null', json('null'), true],
    ['answers an array', json('[]'), true],
    ['answers half of its JSON', json('{"key":"0102030405'), true],
    ['answers JSON nested too deeply', json('{"key":' + '['.repeat(100_000)), true],
    ['answers 400', all((res) => answerJson(res, { error: 'no' }, 400)), true],
    ['answers 404', all((res) => answerJson(res, { error: 'no' }, 404)), true],
    ['answers 500', all((res) => answerJson(res, { error: 'no' }, 500)), true],
    ['answers 500 with a good body', all((res, method, fields) => answerJson(res, properly(method, fields) ?? {}, 500)), true],
    ['answers 302', all((res) => {
        res.writeHead(302, { Location: 'http://127.0.0.1:1/', 'Content-Length': 0 });
        res.end();
    }), true],
    ['answers 64 MB', all((res) => {
        const part = Buffer.alloc(1 << 20, 0x20);
        res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 64 * part.length });
        let sent = 0;
        const more = () => {
            while (sent < 64 && !res.destroyed) {
                sent++;
                if (!res.write(part)) return res.once('drain', more);
            }
            if (!res.destroyed) res.end();
        };
        more();
    }), true],
    ['gives an empty object', key(() => ({})), false],
    ['gives no key', key({ key: undefined }), false],
    ['gives an empty key', key({ key: '' }), false],
    ['gives null as key', key({ key: null }), false],
    ['gives a number as key', key({ key: 7 }), false],
    ['gives a key of 31 bytes', key((answer) => ({ ...answer, key: answer.key.slice(2) })), false],
    ['gives a key of 33 bytes', key((answer) => ({ ...answer, key: answer.key + '00' })), false],
    ['gives a key of an odd number of digits', key((answer) => ({ ...answer, key: answer.key.slice(1) })), false],
    ['gives a key that is no hex', key((answer) => ({ ...answer, key: 'zz' + answer.key.slice(2) })), false],
    ['gives a key with NUL', key((answer) => ({ ...answer, key: answer.key.slice(0, 62) + '\u0000\u0000' })), false],
    ['gives a key of zeros', key({ key: '0'.repeat(64) }), false],
    ['gives the group order as key', key({ key: N }), false],
    ['gives a key above the group order', key({ key: 'f'.repeat(64) }), false],
    ['gives no chain', key({ signature_chain: undefined }), false],
    ['gives an empty chain', key({ signature_chain: [] }), false],
    ['gives a chain of one', key((answer) => ({ ...answer, signature_chain: answer.signature_chain.slice(0, 1) })), false],
    ['gives text for a chain', key({ signature_chain: 'ab' }), false],
    ['gives a chain of numbers', key({ signature_chain: [1, 2] }), false],
    ['gives a chain of empty texts', key({ signature_chain: ['', ''] }), false],
    ['gives a chain that is no hex', key((answer) => ({ ...answer, signature_chain: ['zz'.repeat(65), answer.signature_chain[1]] })), false],
    ['gives a chain of 64 bytes', key((answer) => ({ ...answer, signature_chain: answer.signature_chain.map((one) => one.slice(2)) })), false],
];

describe('the guest agent', () => {
    const dir = temporaryDir();
    const socket = join(dir, 'agent.sock');
    const agent = fakeAgent(socket);
    let stack, api, alice;
    let count = 0;

    before(async () => {
        await agent.start();
        stack = await startStack({ DSTACK_SIMULATOR_ENDPOINT: socket });
        api = client(stack);
        const answer = await api('POST', '/api/signup', { email: 'alice@example.com', userId: 'alice' });
        assert.equal(answer.status, 201, answer.body.toString());
        alice = answer.json;
    });
    after(async () => {
        await stack?.stop();
        await agent.stop();
        rmSync(dir, { recursive: true, force: true });
    });

    const sign = () => api('POST', '/api/users/alice/sign', { message: 'm' }, { token: alice.token });
    const signup = (userId) => api('POST', '/api/signup', { email: `${userId}@example.com`, userId });

    async function refuses(call, what) {
        const began = Date.now();
        const answer = await call();
        const took = Date.now() - began;
        assertProblem(answer, 503, 'dstack_unavailable');
        assert.match(answer.header('retry-after') ?? '', /^[1-9]\d*$/, `${what}: no Retry-After`);
        assert.ok(took < ANSWER_MS, `${what} took ${took} ms`);
    }

    async function serves(newUser) {
        await until('signing works again', AGAIN_MS, async () => {
            const answer = await sign();
            return answer.status === 200 || `${answer.status} ${answer.body}`;
        });
        const answer = await sign();
        assert.equal(await recoverAddress({ hash: hashOf('m'), signature: answer.json.signature }), alice.address);
        const made = await signup(newUser);
        assert.equal(made.status, 201, `nothing is left of the refused signup: ${made.body}`);
        assert.equal(made.json.address, wallet(newUser).address);
        await until('health is good again', HEALTH_MS, async () => {
            const { status, body } = await api('GET', '/api/health');
            return status === 200 || body.toString();
        });
    }

    async function failingHealth() {
        await until('health names dstack', HEALTH_MS, async () => {
            const { status, json: said } = await api('GET', '/api/health');
            if (status !== 503) return `${status}`;
            assert.deepEqual(said, { status: 'unavailable', checks: { database: 'ok', dstack: 'failing' } });
            return true;
        });
    }

    /* What goes on without the agent: life, verification and the public listing. */
    async function othersGoOn() {
        const live = await api('GET', '/api/health/live');
        assert.equal(live.status, 200);
        assert.deepEqual(live.json, { status: 'ok' });
        const verified = await api('POST', '/api/verify', { message: 'm', signature: '0x' + '11'.repeat(64), address: alice.address });
        assert.equal(verified.status, 200, verified.body.toString());
        assert.equal(verified.json.valid, false);
        const users = await api('GET', '/api/admin/users', undefined, { token: stack.adminToken });
        assert.equal(users.status, 200);
        const keys = await api('GET', '/api/users/alice/keys');
        assert.equal(keys.status, 200, keys.body.toString());
        assert.equal(keys.json.address, alice.address);
    }

    for (const [name, fault, healthSees] of FAULTS)
        test(name, async () => {
            const userId = `fault.${++count}`;
            agent.fault = fault;
            try {
                await refuses(sign, 'sign');
                await refuses(() => signup(userId), 'signup');
                if (healthSees) await failingHealth();
                await othersGoOn();
            } finally {
                agent.fault = null;
            }
            await serves(userId);
        });

    test('is gone, and comes back on the same socket', async () => {
        await agent.stop();
        try {
            await refuses(sign, 'sign');
            await refuses(() => signup('fault.gone'), 'signup');
            await failingHealth();
            await othersGoOn();
        } finally {
            await agent.start();
        }
        await serves('fault.gone');
    });

    test('is restarted between two requests: nobody notices', async () => {
        for (let i = 0; i < 5; i++) {
            assert.equal((await sign()).status, 200);
            await agent.stop();
            await agent.start();
        }
        assert.equal((await sign()).status, 200);
    });

    test('gives another key than the one on record: nothing is signed', async () => {
        agent.fault = (res, method, fields) => {
            if (method !== 'GetKey' || !fields.path.endsWith('/alice')) return false;
            answerJson(res, getKey(fields.path + '.', fields.purpose));
            return true;
        };
        try {
            const answer = await sign();
            assertProblem(answer, 500, 'key_mismatch');
            assert.ok(!answer.body.toString().includes('signature'));
        } finally {
            agent.fault = null;
        }
        assert.equal((await sign()).status, 200);
    });

    test('is asked for the documented paths and purposes only', () => {
        const asked = agent.calls.filter(({ method }) => method === 'GetKey');
        assert.ok(asked.some(({ fields }) => fields.path === 'wallet/ethereum/alice' && fields.purpose === 'ethereum'));
        for (const { fields } of asked) {
            assert.ok(['secp256k1', 'k256', '', undefined].includes(fields.algorithm), fields.algorithm);
            if (/^wallet\/ethereum\/(alice|fault\.\w+)$/.test(fields.path)) assert.equal(fields.purpose, 'ethereum');
        }
    });
});

/* A socket with an agent on it, and a data directory that outlives the stacks started on it. */
async function withAgent(body) {
    const dir = temporaryDir();
    const socket = join(dir, 'agent.sock');
    const agent = fakeAgent(socket);
    const settings = { DSTACK_SIMULATOR_ENDPOINT: socket, DATA_DIR: join(dir, 'data'), ADMIN_TOKEN: 'ab'.repeat(32) };
    const stacks = [];
    const start = async () => {
        const stack = await startStack(settings);
        stacks.push(stack);
        return { ...stack, api: client(stack) };
    };
    try {
        await agent.start();
        await body(agent, start, settings);
    } finally {
        for (const stack of stacks) await stack.stop();
        await agent.stop();
        rmSync(dir, { recursive: true, force: true });
    }
}

const oneForAll = (res, method, fields) => {
    if (method !== 'GetKey') return false;
    answerJson(res, getKey('one for all', fields.purpose));
    return true;
};

async function refusesToStart(settings) {
    const up = spawnUp({ ...settings, PORT: String(await freePort()) });
    const code = await within(up.exit, 30_000);
    if (code === 'late') up.child.kill('SIGTERM');
    await up.exit;
    assert.ok(Number.isInteger(code) && code > 0, `exit ${code}: ${up.output}`);
    assert.match(up.output, /guest agent/i, 'a sentence says whose fault it is');
    assert.ok(up.output.includes(settings.DSTACK_SIMULATOR_ENDPOINT), 'and where it was looked for');
}

describe('an agent that gives everyone the same key', () => {
    const signup = ({ api }, userId) => api('POST', '/api/signup', { email: `${userId}@example.com`, userId });
    const sign = ({ api }, { userId, token }) => api('POST', `/api/users/${userId}/sign`, { message: 'm' }, { token });

    test('from the first key on gets no user and no signature', () => withAgent(async (agent, start) => {
        const first = await start();
        const { json: alice } = await signup(first, 'alice');
        await first.stop();

        const second = await start();
        agent.fault = oneForAll;
        for (const userId of ['bob', 'carol'])
            assertProblem(await signup(second, userId), 503, 'self_test_failed');
        for (let i = 0; i < 3; i++) assertProblem(await sign(second, alice), 503, 'self_test_failed');
        assert.equal((await second.api('GET', '/api/health/live')).status, 200);
        assert.equal((await second.api('GET', '/api/users/bob/keys')).status, 404);
        await second.stop();

        agent.fault = null;
        const third = await start();
        assert.equal((await sign(third, alice)).status, 200);
        assert.equal((await signup(third, 'bob')).json.address, wallet('bob').address);
    }));

    test('later on, once it was trusted: no two users get one key, and nothing is signed', () => withAgent(async (agent, start) => {
        const stack = await start();
        const { json: alice } = await signup(stack, 'alice');
        assert.equal((await sign(stack, alice)).status, 200);
        agent.fault = oneForAll;
        const signed = await sign(stack, alice);
        assert.ok(signed.status >= 500, `${signed.status} ${signed.body}`);
        const made = [];
        for (const userId of ['bob', 'carol', 'dave']) {
            const answer = await signup(stack, userId);
            if (answer.status === 201) made.push(answer.json.address);
            else assertProblem(answer, 503, 'self_test_failed');
        }
        assert.equal(new Set(made).size, made.length, 'two users have one address');
    }));

    test('keeps the stack from starting', () => withAgent(async (agent, start, settings) => {
        agent.fault = oneForAll;
        await refusesToStart(settings);
    }));
});

test('without an agent the stack does not start, and says why', () => withAgent(async (agent, start, settings) => {
    await agent.stop();
    await refusesToStart(settings);
}));

describe('workers killed with -9', () => {
    let stack, api, alice;
    before(async () => {
        stack = await startStack();
        api = client(stack);
        alice = (await api('POST', '/api/signup', { email: 'alice@example.com', userId: 'alice' })).json;
    });
    after(() => stack?.stop());

    /* One request to each program. */
    async function everything(round) {
        const userId = `round.${round}`;
        const answers = {
            signup: await api('POST', '/api/signup', { email: `${userId}@example.com`, userId }),
            keys: await api('GET', '/api/users/alice/keys'),
            sign: await api('POST', '/api/users/alice/sign', { message: userId }, { token: alice.token }),
            verify: await api('POST', '/api/verify', { message: 'm', signature: '0x' + '11'.repeat(64), address: alice.address }),
            session: await api('GET', '/api/session'),
            admin: await api('GET', '/api/admin/users', undefined, { token: stack.adminToken }),
            health: await api('GET', '/api/health'),
            metrics: await api('GET', '/metrics'),
        };
        for (const [name, { status, body }] of Object.entries(answers))
            assert.equal(status, name === 'signup' ? 201 : 200, `${name}: ${body}`);
    }

    const programs = () => [...new Set(workers(stack).map(({ program }) => program))].sort();
    /* Kill, and return once they are gone. */
    const end = async (list) => {
        const pids = list.map(({ pid }) => pid);
        kill(pids);
        await until('the workers are gone', 2000, () => !workers(stack).some(({ pid }) => pids.includes(pid)));
        await sleep(50); /* for nginx to hear that its kept connections to them are closed */
    };

    test('one worker or all of a program: the next request is served', async () => {
        let round = 0;
        await everything(++round);
        assert.ok(programs().length >= 5, `programs: ${programs()}`);
        for (const program of programs()) {
            await end(workers(stack).filter((one) => one.program === program).slice(0, 1));
            await everything(++round);
            await end(workers(stack).filter((one) => one.program === program));
            await everything(++round);
            assert.ok(workers(stack).some((one) => one.program === program), `${program} is back`);
        }
    });

    test('one worker eight times in a row: each next request is served', async () => {
        for (let i = 0; i < 8; i++) {
            await end(workers(stack).filter(({ program }) => program === 'keys'));
            const { status, body } = await api('GET', '/api/users/alice/keys');
            assert.equal(status, 200, `after ${i + 1} kills: ${body}`);
        }
    });

    test('while signups come in: none that was acknowledged is lost', async () => {
        const acknowledged = [];
        let going = true;
        let refused = 0;
        const clients = Array.from({ length: 8 }, async (_, i) => {
            for (let j = 0; going; j++) {
                const userId = `kill.${i}.${j}`;
                const answer = await api('POST', '/api/signup', { email: `${userId}@example.com`, userId })
                    .catch((err) => ({ status: err.message }));
                if (answer.status === 201) acknowledged.push(answer.json);
                else refused++;
            }
        });
        try {
            for (let i = 0; i < 30; i++) {
                await sleep(100);
                const list = workers(stack).filter(({ program }) => /signup/.test(program));
                await end(list.slice(0, 1 + (i % 2)));
            }
        } finally {
            going = false;
            await Promise.all(clients);
        }
        console.log(`# ${acknowledged.length} signups acknowledged, ${refused} not, under 30 kills`);
        assert.ok(acknowledged.length >= 20, `only ${acknowledged.length} signups came through`);
        const { json: { users } } = await api('GET', '/api/admin/users?limit=10000', undefined, { token: stack.adminToken });
        const listed = new Map(users.map((one) => [one.userId, one]));
        for (const { userId, id, address } of acknowledged) {
            assert.equal(listed.get(userId)?.id, id, `${userId} is lost`);
            assert.equal(listed.get(userId).address, address);
        }
        assert.equal(new Set(users.map(({ userId }) => userId)).size, users.length);
        for (const { userId, token } of acknowledged.slice(-20)) {
            const answer = await api('POST', `/api/users/${userId}/sign`, { message: 'm' }, { token });
            assert.equal(answer.status, 200, `${userId}: ${answer.body}`);
        }
    });
});

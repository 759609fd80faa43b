// nodes.test.mjs - two nodes with one database are one wallet, and stay it when one of them dies.
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { keccak256, recoverAddress, stringToBytes } from '../api/lib/judges.mjs';
import { client } from '../api/lib/http.mjs';
import { killFamily } from '../api/lib/proc.mjs';
import { sleep, startStack } from '../api/lib/stack.mjs';
import { startBalancer } from './balancer.mjs';

const CLIENTS = 16;
const BEFORE_MS = 2500;
const AFTER_MS = 5000;
const BACK_MS = 10_000;

const { POSTGRES_SOCKET, POSTGRES_PORT } = process.env;
const DATABASE_URL = `postgresql://devproof@/devproof?host=${POSTGRES_SOCKET}&port=${POSTGRES_PORT}`;
const ADMIN_TOKEN = 'nodes-test-admin-token-0123456789abcdef';

let nodes, balancer;

function startNode() {
    return startStack({ DATABASE_URL, ADMIN_TOKEN });
}

/* One request on a kept connection; a connection that breaks is an answer too, with status 0. */
function ask(agent, method, path, body, token) {
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) };
    if (token) headers.Authorization = `Bearer ${token}`;
    return new Promise((done) => {
        const req = request({ host: '127.0.0.1', port: balancer.port, method, path, headers, agent }, (res) => {
            let data = '';
            res.setEncoding('utf8');
            res.on('data', (piece) => (data += piece));
            res.on('end', () => done({ status: res.statusCode, json: data ? JSON.parse(data) : undefined }));
            res.on('error', () => done({ status: 0 }));
        });
        req.on('error', () => done({ status: 0 }));
        req.end(text);
    });
}

const allLog = async (api) => {
    const rows = [];
    for (let cursor = ''; cursor !== null; ) {
        const query = `limit=10000${cursor && `&cursor=${cursor}`}`;
        const { status, json } = await api('GET', `/api/admin/log?${query}`, undefined, { token: ADMIN_TOKEN });
        assert.equal(status, 200);
        rows.push(...json.rows);
        cursor = json.nextCursor;
    }
    return rows;
};

before(async () => {
    assert.ok(POSTGRES_SOCKET, 'start this by tests/with-postgres');
    nodes = await Promise.all([startNode(), startNode()]);
    balancer = await startBalancer(nodes.map(({ port }) => port));
});
after(async () => {
    await balancer?.stop();
    await Promise.all((nodes ?? []).map((node) => node.stop()));
});

test('who signed up on one node signs on the other, by the same key', async () => {
    const [one, two] = nodes.map((node) => client(node));
    const made = await one('POST', '/api/signup', { email: 'alice@example.com', userId: 'alice' });
    assert.equal(made.status, 201);
    const signed = await two('POST', '/api/users/alice/sign', { message: 'hello' }, { token: made.json.token });
    assert.equal(signed.status, 200);
    const hash = keccak256(stringToBytes('hello'));
    assert.equal(await recoverAddress({ hash, signature: signed.json.signature }), made.json.address);
    const again = await two('POST', '/api/signup', { email: 'a2@example.com', userId: 'alice' });
    assert.equal(again.json.code, 'user_exists');
});

test('a token that one node revokes is refused by the other at once', async () => {
    const [one, two] = nodes.map((node) => client(node));
    const made = await one('POST', '/api/signup', { email: 'bob@example.com', userId: 'bob' });
    const { token } = made.json;
    const { json } = await one('GET', '/api/users/bob/tokens', undefined, { token });
    assert.equal((await one('DELETE', `/api/users/bob/tokens/${json.tokens[0].id}`, undefined, { token })).status, 204);
    assert.equal((await two('POST', '/api/users/bob/sign', { message: 'm' }, { token })).status, 401);
});

describe('one node is killed under load', () => {
    const signed = [], signedUp = [], failed = [];
    let stop = false, killedAt;

    async function work(name) {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        const user = await ask(agent, 'POST', '/api/signup', { email: `${name}@example.com`, userId: name });
        assert.equal(user.status, 201, JSON.stringify(user));
        for (let i = 0; !stop; i++) {
            const userId = `${name}-${i}`;
            const at = Date.now();
            const up = i % 8 === 7;
            const answer = up
                ? await ask(agent, 'POST', '/api/signup', { email: `${userId}@example.com`, userId })
                : await ask(agent, 'POST', `/api/users/${name}/sign`, { message: userId }, user.json.token);
            const took = Date.now() - at;
            if (answer.status === (up ? 201 : 200))
                (up ? signedUp : signed).push({ userId, hash: answer.json.hash, at, took });
            else failed.push({ up, userId, at, took, ...answer });
        }
        agent.destroy();
    }

    before(async () => {
        const workers = Array.from({ length: CLIENTS }, (_, i) => work(`worker${i}`));
        try {
            await sleep(BEFORE_MS);
            killedAt = Date.now();
            killFamily(nodes[1].pid, nodes[1].dataDir);
            await sleep(AFTER_MS);
        } finally {
            stop = true;
            await Promise.all(workers);
        }
        const after = signed.filter(({ at }) => at > killedAt);
        console.log(`# ${signed.length} signatures and ${signedUp.length} sign-ups acknowledged, ${after.length} of the signatures asked for ` +
            `after the kill; ${failed.length} failed; longest wait ${Math.max(...after.map(({ took }) => took))} ms`);
    });

    test('the clients had work before and after', () => {
        assert.ok(signed.filter(({ at }) => at < killedAt).length > CLIENTS);
        assert.ok(signed.filter(({ at }) => at > killedAt + 1000).length > CLIENTS);
    });

    test('no signature failed: what may be asked for twice was', () => {
        assert.deepEqual(failed.filter(({ up }) => !up), []);
    });

    test('of the sign-ups only those under way at that moment failed, and say so', () => {
        assert.ok(failed.length <= CLIENTS, `${failed.length}`);
        for (const { at, took, status } of failed) {
            assert.ok(at <= killedAt + 100 && at + took >= killedAt, `asked ${at - killedAt} ms after the kill`);
            assert.equal(status, 502);
        }
    });

    test('the other node knows every sign-up and has every signature in its log', async () => {
        const api = client(nodes[0]);
        for (const { userId } of signedUp)
            assert.equal((await api('GET', `/api/users/${userId}/keys`)).status, 200, userId);
        const logged = new Set((await allLog(api)).filter(({ action }) => action === 'sign').map(({ data }) => data.digest));
        const missing = signed.filter(({ hash }) => !logged.has(hash));
        assert.deepEqual(missing, []);
    });

    test('it comes back and takes its share again', async () => {
        nodes[1] = await startStack({ DATABASE_URL, ADMIN_TOKEN, PORT: String(nodes[1].port) });
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        const api = client(nodes[1]);
        const requests = async () => (await api('GET', '/metrics')).body.toString();
        const count = (text) => Number(/^http_request_duration_ms_count\{.*\/keys".*\} (\d+)$/m.exec(text)?.[1] ?? 0);
        for (const end = Date.now() + BACK_MS; ; await sleep(50)) {
            assert.equal((await ask(agent, 'GET', '/api/users/alice/keys')).status, 200);
            if (count(await requests()) > 0) break;
            assert.ok(Date.now() < end, 'no request reached it');
        }
        agent.destroy();
    });
});

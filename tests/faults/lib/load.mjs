// load.mjs - clients that sign up and sign without a pause, and remember every answer that they were given.
import { Agent, request } from 'node:http';

/* One request on a kept connection. Comes to {status, json}; status 0 where there was no answer. */
function call(agent, port, method, path, body, token) {
    return new Promise((done) => {
        const text = body === undefined ? undefined : JSON.stringify(body);
        const headers = { ...(text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
            ...(token ? { Authorization: `Bearer ${token}` } : {}) };
        const req = request({ agent, port, host: '127.0.0.1', method, path, headers, timeout: 20_000 }, (res) => {
            let got = '';
            res.on('data', (data) => (got += data));
            res.on('error', () => done({ status: 0, reused: req.reusedSocket }));
            res.on('end', () => {
                try {
                    done({ status: res.statusCode, json: JSON.parse(got), id: res.headers['x-request-id'] });
                } catch {
                    done({ status: res.statusCode });
                }
            });
        });
        req.on('timeout', () => req.destroy());
        req.on('error', () => done({ status: 0, reused: req.reusedSocket }));
        req.end(text);
    });
}

let serial = 0;

/* So that a row that fails does not leave its clients at it for ever. */
const LOAD_MS = 180_000;

/* Start clients against a stack. .stop() comes to what they saw. */
export function load(stack, { signers = 6, newcomers = 2 } = {}) {
    const agent = new Agent({ keepAlive: true });
    const seen = { users: [], signatures: 0, failures: [], answers: 0, lastFailureAt: 0, refused: {} };
    let stopped = false;
    setTimeout(() => (stopped = true), LOAD_MS).unref();

    async function ask(kind, path, body, token) {
        const answer = await call(agent, stack.port, 'POST', path, body, token);
        seen.answers++;
        if (answer.status >= 500 || answer.status === 0) {
            const what = answer.status === 0 ? 'no answer' : `${answer.status} ${answer.json?.code ?? ''}`.trim();
            seen.failures.push({ kind, what, at: Date.now() });
            seen.refused[`${kind}: ${what}`] = (seen.refused[`${kind}: ${what}`] ?? 0) + 1;
            seen.lastFailureAt = Date.now();
            await new Promise((next) => setTimeout(next, 20)); // as a polite client
        }
        return answer;
    }

    async function signUp() {
        const userId = `u${process.pid}.${++serial}`;
        const { status, json } = await ask('signup', '/api/signup', { email: `${userId}@example.com`, userId });
        if (status !== 201) return null;
        const user = { userId, address: json.address, token: json.token, signatures: 0 };
        seen.users.push(user);
        return user;
    }

    async function newcomer() {
        while (!stopped) await signUp();
    }

    async function signer() {
        let user = null;
        while (!stopped) {
            if (!user && !(user = await signUp())) continue;
            const { status } = await ask('sign', `/api/users/${user.userId}/sign`, { message: 'm' }, user.token);
            if (status !== 200) continue;
            seen.signatures++;
            user.signatures++;
        }
    }

    const clients = [...Array.from({ length: signers }, signer), ...Array.from({ length: newcomers }, newcomer)];
    return {
        seen,
        async stop() {
            stopped = true;
            await Promise.all(clients);
            agent.destroy();
            return seen;
        },
    };
}

export const ask = (stack, method, path, body, token) => call(undefined, stack.port, method, path, body, token);

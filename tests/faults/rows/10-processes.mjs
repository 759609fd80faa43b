// 10-processes.mjs - kill -9 of each part, under load.
import assert from 'node:assert/strict';
import { kill } from '../../api/lib/proc.mjs';
import { sleep } from '../../api/lib/stack.mjs';
import { find, killPart, WELL_MS } from '../lib/row.mjs';

/* A sign-up may have done its work before its worker died, so nobody repeats it: 502. */
const SIGNUP_UNDER_WAY = [/^signup: 502 backend_unavailable$/];
const ANY_502 = [/: 502 backend_unavailable$/];
/* While nginx is away there is nobody to answer. */
const NO_ANSWER = [/: no answer$/];
const NO_AGENT = [/: 503 dstack_unavailable$/];

/* It is well again only once another process has taken its place. */
const one = (name, what, may) => ({
    name, may,
    async break(stack, context) {
        context.old = find(stack, what);
        killPart(stack, what);
    },
    async mend(stack, { old }) {
        for (const end = Date.now() + WELL_MS; Date.now() < end; await sleep(10)) {
            const now = find(stack, what, false);
            if (now.length >= old.length && !now.some((pid) => old.includes(pid))) return;
        }
        assert.fail(`${what} was not started anew`);
    },
});

/* Each death breaks all the connections that nginx keeps to a worker, also the idle ones. */
const again = {
    name: 'kill -9 the worker of sign, 15 times', may: [],
    async break(stack) {
        for (let i = 0; i < 15; i++) {
            kill(find(stack, 'worker sign', false));
            await sleep(500);
        }
    },
};

export const rows = [
    one('kill -9 the worker of sign', 'worker sign', []),
    again,
    one('kill -9 the worker of signup', 'worker signup', SIGNUP_UNDER_WAY),
    ...['keys', 'verify', 'health', 'session', 'tokens', 'rotate', 'log', 'admin_users', 'info', 'metrics']
        .map((program) => one(`kill -9 the worker of ${program}`, `worker ${program}`, [])),
    one('kill -9 the pool of sign (multiwatch)', 'multiwatch sign', [/^sign: 502 backend_unavailable$/]),
    one('kill -9 the pool of signup (multiwatch)', 'multiwatch signup', SIGNUP_UNDER_WAY),
    one("kill -9 nginx's worker", 'nginx worker', [...NO_ANSWER, ...ANY_502]),
    one("kill -9 nginx's master", 'nginx master', [...NO_ANSWER, ...ANY_502]),
    one('kill -9 the guest agent', 'dstack-sim', NO_AGENT),
];

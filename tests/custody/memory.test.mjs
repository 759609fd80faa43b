// memory.test.mjs - while users sign, and after, no key lies in any memory or file of the stack.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { deriveKey, wallet } from '../api/lib/derive.mjs';
import { family, workers } from '../api/lib/proc.mjs';
import { BUILD_DIR, sleep, startStack } from '../api/lib/stack.mjs';

const USERS = 200;
const CONNECTIONS = 16;
const LOAD_MS = Number(process.env.LOAD_MS ?? 8000);

const SCAN = join(BUILD_DIR, 'tests/custody/scan');
const userId = (i) => `custody.${i}`;
const SELF_TEST = ['wallet/ethereum/!self-test1', 'wallet/ethereum/!self-test2', '!self-test/!self-test1'];
const KEYS = [
    ...Array.from({ length: USERS }, (_, i) => wallet(userId(i)).key),
    ...SELF_TEST.map((path) => deriveKey(path).toString('hex')),
];

/* Run the scanner; its exit code and what it says. */
function scan(args, keys = KEYS) {
    return new Promise((done, fail) => {
        const child = spawn(SCAN, args, { stdio: ['pipe', 'pipe', 'pipe'] });
        let output = '';
        child.stdout.on('data', (data) => (output += data));
        child.stderr.on('data', (data) => (output += data));
        child.once('error', fail);
        child.once('close', (code) => done({ code, output }));
        child.stdin.end(keys.join('\n') + '\n');
    });
}

const lastLine = ({ output }) => output.trim().split('\n').slice(-2).join('; ');

function filesBelow(dir) {
    return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
        const path = join(dir, entry.name);
        if (entry.isDirectory()) return filesBelow(path);
        return entry.isFile() ? [path] : [];
    });
}

/* All of a stack but dstack-sim, which stands for the guest agent: nginx and supervisors too. */
function everywhere(stack) {
    const processes = family(stack.pid, stack.dataDir).filter(({ comm }) => comm !== 'dstack-sim');
    return [
        ...processes.flatMap(({ pid }) => ['--pid', String(pid)]),
        ...filesBelow(stack.dataDir).flatMap((path) => ['--file', path]),
    ];
}

before(() => {
    assert.equal(process.getuid(), 0, 'be root: the workers let nobody else read their memory');
    assert.ok(existsSync(SCAN), `${SCAN} is not built`);
});

describe('the scanner', () => {
    const key = Buffer.from(KEYS[0], 'hex');
    let dir;
    before(() => (dir = mkdtempSync(join(tmpdir(), 'dp-scan-'))));
    after(() => rmSync(dir, { recursive: true, force: true }));

    const FORMS = {
        raw: key,
        reversed: Buffer.from(key).reverse(),
        'a quarter of it': key.subarray(5, 13),
        'a limb in reverse': Buffer.from(key).reverse().subarray(8, 16),
        'lower-case hex': key.toString('hex'),
        'upper-case hex': key.toString('hex').toUpperCase(),
        'half of its hex': key.toString('hex').slice(13, 29),
        'base64': key.toString('base64'),
        'base64, one byte before it': Buffer.concat([Buffer.from('a'), key]).toString('base64'),
        'base64, two bytes before it': Buffer.concat([Buffer.from('ab'), key, Buffer.from('c')]).toString('base64'),
    };
    for (const [name, bytes] of Object.entries(FORMS)) {
        /* At the start, across the border of two reads, and at the very end. */
        for (const at of [0, 3, (1 << 20) - 7, 3 << 20])
            test(`finds a key: ${name}, at ${at}`, async () => {
                const path = join(dir, 'file');
                writeFileSync(path, Buffer.concat([Buffer.alloc(at, 'x'), Buffer.from(bytes)]));
                const { code, output } = await scan(['--file', path]);
                assert.equal(code, 1, output);
                assert.match(output, /^FOUND key 0, /);
            });
    }

    test('finds nothing where there is nothing', async () => {
        const path = join(dir, 'file');
        const other = deriveKey('wallet/ethereum/nobody');
        writeFileSync(path, Buffer.concat([other, Buffer.from(other.toString('hex')), key.subarray(0, 7)]));
        const { code, output } = await scan(['--file', path]);
        assert.equal(code, 0, output);
    });
});

describe(`${USERS} users, ${CONNECTIONS} connections`, () => {
    const tokens = [];
    let stack, signed = 0, failed = 0, going;

    async function post(path, body, token) {
        const answer = await fetch(new URL(path, stack.url), {
            method: 'POST',
            headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
            body: JSON.stringify(body),
        });
        return { status: answer.status, json: await answer.json() };
    }

    async function signOn() {
        while (going) {
            const i = Math.floor(Math.random() * USERS);
            const { status } = await post(`api/users/${userId(i)}/sign`, { message: `message ${signed}` }, tokens[i])
                .catch((err) => ({ status: err.message }));
            if (status === 200) signed++;
            else failed++;
        }
    }

    before(async () => {
        stack = await startStack({ KEY_CACHE_SECONDS: process.env.KEY_CACHE_SECONDS, WORKERS: '2' });
        for (let i = 0; i < USERS; i++) {
            const { status, json } = await post('api/signup', { email: `${userId(i)}@example.com`, userId: userId(i) });
            assert.equal(status, 201, JSON.stringify(json));
            assert.equal(json.pubKeyHex, wallet(userId(i)).pubKeyHex);
            tokens[i] = json.token;
        }
    });
    after(() => stack?.stop());

    test('no key is found while they sign', async () => {
        going = true;
        const load = Array.from({ length: CONNECTIONS }, signOn);
        let scans = 0, last;
        try {
            for (const end = Date.now() + LOAD_MS; Date.now() < end; scans++) {
                const before = signed;
                last = await scan(everywhere(stack));
                assert.equal(last.code, 0, last.output);
                assert.ok(signed > before, 'nobody signed during the scan');
            }
        } finally {
            going = false;
            await Promise.all(load);
        }
        assert.equal(failed, 0);
        console.log(`# ${signed} signatures, ${scans} scans; the last: ${lastLine(last)}`);
    });

    test('no key is found after the last signature, in registers neither', async () => {
        await sleep(100);
        const idle = await scan(['--registers', ...everywhere(stack)]);
        assert.equal(idle.code, 0, idle.output);
        /* Locked memory is wiped too; memfd_secret alone keeps even this test from looking. */
        if (!process.env.KEY_CACHE_SECONDS) assert.match(idle.output, / 0 in locked memory$/m);
        console.log(`# ${lastLine(idle)}`);
    });

    test('a key planted in a file is found', async () => {
        for (const dir of [stack.logDir, join(stack.runDir, 'tmp'), stack.dataDir]) {
            const path = join(dir, 'planted');
            writeFileSync(path, `{"key":"${KEYS[7]}"}`);
            const { code, output } = await scan(everywhere(stack));
            rmSync(path);
            assert.equal(code, 1, output);
            assert.ok(output.includes(`FOUND key 7, hex, 64 bytes, in file ${path} `), output);
        }
    });

    test("a key planted in each program's memory is found", async () => {
        for (const { pid, program } of workers(stack)) {
            const { code, output } = await scan(['--plant', String(pid), '--pid', String(pid)]);
            assert.equal(code, 1, `${program}: ${output}`);
            assert.ok(output.includes(`FOUND key 0, raw, 32 bytes, in memory of ${pid} `), output);
        }
        const { code, output } = await scan(everywhere(stack));
        assert.equal(code, 1, output);
        console.log(`# ${output.trim().split('\n').join('\n# ')}`);
    });
});

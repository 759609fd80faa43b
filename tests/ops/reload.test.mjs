// reload.test.mjs - an operator edits a route while clients keep asking: none of them notices.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { BUILD_DIR, sleep, spawnUp, freePort, startStack, temporaryDir, within } from '../api/lib/stack.mjs';

const RELOADS = 10;
const CLIENTS = 72; // more than the connections that nginx keeps to a program

const dataDir = temporaryDir();
const routes = join(dataDir, 'routes');
mkdirSync(routes);
const stack = await startStack({ DATA_DIR: dataDir });
after(async () => {
    await stack.stop();
    rmSync(dataDir, { recursive: true, force: true });
});

function reload(env = {}) {
    return new Promise((done) => {
        const child = spawn(join(BUILD_DIR, 'bin/devproof/devproof'), ['reload'], {
            env: { PATH: process.env.PATH, DATA_DIR: dataDir, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
        let output = '';
        child.stdout.on('data', (data) => (output += data));
        child.stderr.on('data', (data) => (output += data));
        child.on('close', (code) => done({ code, output }));
    });
}

const edit = (answer, name = '50-ours.conf') => writeFileSync(join(routes, name), `location = /api/ours {\n  return 200 "${answer}";\n}\n`);
const ours = async () => (await fetch(`${stack.url}api/ours`)).text();

/*
 * A client on a connection that it keeps, as browsers and curl are: where the server ended the
 * connection before a byte of the answer, it asks once more on a new one (RFC 9110, 9.2.2).
 */
function client(bytes) {
    const one = { answers: 0, again: 0, failed: [], worst: 0 };
    let socket = null, stopped = false, got = '', sentAt = 0, fresh = true, settle;
    one.done = new Promise((done) => (settle = done));
    one.stop = () => (stopped = true);

    const ask = () => {
        got = '';
        if (sentAt === 0) sentAt = Date.now();
        socket.write(bytes);
    };
    const open = () => {
        fresh = true;
        socket = connect(stack.port, '127.0.0.1');
        socket.on('error', () => {});
        socket.on('data', take);
        socket.on('close', closed);
        ask();
    };
    const next = () => (stopped ? (socket.end(), settle()) : undefined);
    const take = (data) => {
        got += data.toString('latin1');
        const end = got.indexOf('\r\n\r\n');
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(got)?.[1] ?? 0);
        if (end < 0 || got.length < end + 4 + length) return;
        if (!got.startsWith('HTTP/1.1 200 ')) one.failed.push(got.slice(0, 300));
        one.answers++;
        one.worst = Math.max(one.worst, Date.now() - sentAt);
        sentAt = 0;
        fresh = false;
        const closes = /\r\nconnection: close/i.test(got);
        if (stopped) return next();
        if (!closes) return ask();
        socket.removeAllListeners('close').destroy();
        open();
    };
    const closed = () => {
        if (stopped) return settle();
        if (got !== '' || fresh) {
            one.failed.push(`closed: ${fresh ? 'a new connection' : got}`);
            sentAt = 0;
        } else {
            one.again++;
        }
        open();
    };
    open();
    return one;
}

test('ten reloads under load: no request fails, no client starves, the new route answers', async () => {
    const post = (path, body, headers = {}) => fetch(stack.url + path, { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...headers } });
    const { token } = await (await post('api/signup', { email: 'a@example.com', userId: 'alice' })).json();
    const body = '{"message":"hello"}';
    const sign = `POST /api/users/alice/sign HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const clients = Array.from({ length: CLIENTS }, () => client(sign));
    try {
        await sleep(1000);
        for (let i = 0; i < RELOADS; i++) {
            edit(`reload ${i}`);
            const { code, output } = await reload();
            assert.equal(code, 0, output);
            assert.equal(output, '');
            assert.equal(await ours(), `reload ${i}`, 'done means that the new route answers');
            await sleep(200);
        }
        await sleep(1000);
    } finally {
        for (const one of clients) one.stop();
    }
    assert.notEqual(await within(Promise.all(clients.map(({ done }) => done)), 15_000), 'late', 'some client waits for ever');
    const sum = (of) => clients.reduce((total, one) => total + of(one), 0);
    const answers = clients.map((one) => one.answers).sort((a, b) => a - b);
    console.log(`# ${sum((one) => one.answers)} signatures on ${CLIENTS} connections through ${RELOADS} reloads; ` +
        `least ${answers[0]}, most ${answers.at(-1)} by one client; longest wait ${Math.max(...clients.map((one) => one.worst))} ms; ` +
        `${sum((one) => one.again)} asked again on a new connection`);
    assert.deepEqual(clients.flatMap(({ failed }) => failed), []);
    assert.ok(sum((one) => one.answers) > CLIENTS * RELOADS, 'there was load');
    assert.ok(answers[0] > answers.at(-1) / 10, `one client got ${answers[0]} answers, another ${answers.at(-1)}`);
});

test('a broken edit is refused in words of nginx, and the old routes serve on, also after nginx died', async () => {
    edit('sound');
    assert.equal((await reload()).code, 0);
    writeFileSync(join(routes, '60-broken.conf'), 'location = /api/broken {\n  retrun 200;\n}\n');
    const { code, output } = await reload();
    assert.equal(code, 1);
    assert.match(output, /unknown directive "retrun" in \S+\/routes\/60-broken\.conf:2/);
    assert.ok(output.includes(join(routes, '60-broken.conf')), 'the file is named as the operator knows it');
    assert.match(output, /the old ones stay in force\.\n$/);
    assert.equal(await ours(), 'sound');

    process.kill(Number(readFileSync(join(stack.runDir, 'nginx.pid'), 'utf8')), 'SIGKILL');
    let text;
    for (let tries = 0; tries < 100 && text !== 'sound'; tries++) {
        await sleep(50);
        text = await ours().catch(() => '');
    }
    assert.equal(text, 'sound', 'nginx came back with what was tested');
    rmSync(join(routes, '60-broken.conf'));
});

test('a file of the same name replaces an installed one, and taking it away brings that back', async () => {
    writeFileSync(join(routes, '30-operations.conf'), 'location = /api/health {\n  return 204;\n}\n');
    assert.equal((await reload()).code, 0);
    assert.equal((await fetch(`${stack.url}api/health`)).status, 204);
    assert.equal((await fetch(`${stack.url}metrics`)).status, 404);
    rmSync(join(routes, '30-operations.conf'));
    assert.equal((await reload()).code, 0);
    assert.equal((await fetch(`${stack.url}api/health`)).status, 200);
    assert.equal(readdirSync(stack.runDir).filter((name) => /^routes\../.test(name)).length, 1, 'no old copies pile up');
});

test('SIGHUP reloads as well, and a broken edit ends nothing', async () => {
    edit('by signal');
    process.kill(stack.pid, 'SIGHUP');
    let text;
    for (let tries = 0; tries < 200 && text !== 'by signal'; tries++) {
        await sleep(50);
        text = await ours();
    }
    assert.equal(text, 'by signal');
    writeFileSync(join(routes, '60-broken.conf'), 'nonsense\n');
    process.kill(stack.pid, 'SIGHUP');
    for (let tries = 0; tries < 200 && !stack.output().includes('the old routes stay'); tries++) await sleep(50);
    assert.match(stack.output(), /60-broken\.conf[^]*the old routes stay in force/);
    rmSync(join(routes, '60-broken.conf'));
    assert.equal(await ours(), 'by signal');
});

test('reload without a service, or with wrong use, says so', async () => {
    const { code, output } = await reload({ DATA_DIR: '/nonexistent' });
    assert.equal(code, 1);
    assert.match(output, /no devproof runs with RUN_DIR \/nonexistent\/run/);
    assert.equal(spawnSync(join(BUILD_DIR, 'bin/devproof/devproof'), ['reload', 'x']).status, 2);
});

test('a start with broken routes ends with a sentence', async () => {
    const dir = temporaryDir();
    mkdirSync(join(dir, 'routes'));
    writeFileSync(join(dir, 'routes', '50-broken.conf'), 'nonsense\n');
    try {
        const up = spawnUp({ PORT: String(await freePort()), DATA_DIR: dir });
        const code = await within(up.exit, 30_000);
        assert.equal(code, 1, up.output);
        assert.match(up.output, /50-broken\.conf:\d[^]*nginx refuses its configuration/);
    } finally {
        rmSync(dir, { recursive: true, force: true });
    }
});

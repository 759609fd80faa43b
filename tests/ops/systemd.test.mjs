// systemd.test.mjs - the units: systemd takes them, finds little to blame, and what they ask for is enough to serve.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { BUILD_DIR, freePort, ROOT, sleep } from '../api/lib/stack.mjs';

const NOBODY = 65534;
const dir = mkdtempSync(join(tmpdir(), 'dp-ops-'));
chmodSync(dir, 0o755);
after(() => rmSync(dir, { recursive: true, force: true }));

/* The unit as it is installed, with what was built in the place of what is installed. */
function unit(name) {
    const serve = join(BUILD_DIR, 'bin/devproof-serve');
    const text = readFileSync(join(ROOT, `ops/systemd/${name}.service.in`), 'utf8')
        .replaceAll('@bindir@/devproof-serve', serve).replaceAll('@bindir@/devproof reload', `${join(BUILD_DIR, 'bin/devproof/devproof')} reload`)
        .replaceAll('@bindir@/dstack-sim', join(BUILD_DIR, 'bin/dstack-sim'));
    assert.doesNotMatch(text, /@\w+@/);
    const path = join(dir, `${name}.service`);
    writeFileSync(path, text);
    return { path, text, value: (key) => [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value).join(' ') };
}

const analyze = (...args) => spawnSync('systemd-analyze', args, { encoding: 'utf8' });

for (const [name, most] of [['devproof', 20], ['devproof-sim', 20]])
    test(`systemd takes ${name}.service, and its exposure is at most ${most / 10}`, () => {
        const { path } = unit(name);
        const verify = analyze('verify', path);
        assert.equal(verify.status, 0, verify.stderr);
        assert.equal(verify.stderr.split('\n').filter((line) => line.includes(`${name}.service`)).join('\n'), '', 'a directive that is not understood');
        const security = analyze('security', '--offline=true', `--threshold=${most}`, path);
        assert.equal(security.status, 0, security.stdout + security.stderr);
        console.log(`# ${/Overall exposure level.*: [\d.]+ \w+/.exec(security.stdout + security.stderr)?.[0] ?? 'no score'}`);
    });

test('as an unprivileged user with its limits and no capability it becomes ready, reloads and leaves', async () => {
    assert.equal(process.getuid(), 0, 'this test becomes another user, so it needs root');
    const { value } = unit('devproof');
    const data = join(dir, 'data'), run = join(dir, 'run'), notify = join(dir, 'notify');
    for (const folder of [data, run]) {
        mkdirSync(folder);
        assert.equal(spawnSync('chown', [`${NOBODY}:${NOBODY}`, folder]).status, 0);
    }
    /* What systemd listens on for READY=1. */
    const listener = spawn('perl', ['-MIO::Socket::UNIX', '-e', `$s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "${notify}") or die; chmod 0777, "${notify}"; $| = 1; print "listening\\n"; while (1) { $s->recv($m, 4096); print "$m\\n" }`],
        { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    listener.stdout.on('data', (text) => (said += text));
    for (let tries = 0; tries < 100 && !said.includes('listening'); tries++) await sleep(50);
    const port = await freePort();
    const env = { PATH: '/usr/bin:/bin:/usr/sbin', PORT: String(port), DATA_DIR: data, RUN_DIR: run, LOG_DIR: '-', NOTIFY_SOCKET: notify, REQUIRE_SANDBOX: 'true' };
    const as = ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups', '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all'];
    const memlock = Number(value('LimitMEMLOCK').replace('M', '')) << 20;
    const child = spawn('prlimit', [`--memlock=${memlock}:${memlock}`, '--core=0:0', 'setpriv', ...as,
        join(BUILD_DIR, 'bin/devproof-serve'), '--sim', '--from', ROOT, BUILD_DIR], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => (output += text));
    const exit = new Promise((done) => child.once('exit', done));
    try {
        for (let tries = 0; tries < 600 && !said.includes('READY=1') && child.exitCode === null; tries++) await sleep(50);
        assert.match(said, /READY=1/, output);
        const signup = await fetch(`http://127.0.0.1:${port}/api/signup`, { method: 'POST', body: '{"email":"a@example.com","userId":"alice"}', headers: { 'Content-Type': 'application/json' } });
        assert.equal(signup.status, 201, await signup.text());
        const reload = spawnSync('setpriv', [...as, join(BUILD_DIR, 'bin/devproof/devproof'), 'reload'], { env, encoding: 'utf8' });
        assert.equal(reload.status, 0, reload.stderr);
    } finally {
        child.kill('SIGTERM');
        await exit;
        listener.kill();
    }
    assert.equal(child.exitCode, 0, output);
});

// files.test.mjs - docker/'s own files, under Debian's docker-compose and under our check.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compose, DEVPROOF, DIGEST, dir, dockerCompose, file, getComposeHash, ROOT } from './lib.mjs';

const docker = join(ROOT, 'docker');
const names = ['docker-compose.yml', 'docker-compose.cluster.yml', 'docker-compose.local.yml', 'docker-compose.staging.yml'];
const text = (name) => readFileSync(join(docker, name), 'utf8');
const env = { SSH_PUBLIC_KEY: 'ssh-ed25519 AAAA test', ADMIN_TOKEN: '' };
const zeros = `sha256:${'0'.repeat(64)}`;
const withDigest = (name) => text(name).replace(/(image: ).*devproof@sha256:[0-9a-f]{64}/g, `$1devproof@${DIGEST}`);
const findings = (content) => JSON.parse(compose(['check', '-', '--json'], content).stdout).findings;

test('docker-compose takes each of the files', () => {
    for (const name of names) {
        const ran = dockerCompose(join(docker, name), ['config', '-q'], env);
        assert.equal(ran.code, 0, name + ran.said);
    }
});

test('docker-compose refuses each once a field is misspelt or of a wrong type', () => {
    for (const name of names)
        for (const [from, to, sentence] of [['read_only: true', 'read_onyl: true', /read_onyl/], ['retries: 3', 'retries: three', /retries/], ['nofile: 16384', 'nofile: many', /nofile|ulimits/]]) {
            const content = text(name);
            assert.ok(content.includes(from), `${name}: ${from}`);
            const ran = dockerCompose(file(`mutated-${name}`, content.replaceAll(from, to)), ['config', '-q'], env);
            assert.notEqual(ran.code, 0, `${name}: ${to}`);
            assert.match(ran.stderr, sentence);
        }
});

test('production as docker-compose reads it: what the wallet is held to', () => {
    const ran = dockerCompose(join(docker, 'docker-compose.yml'), ['config'], env);
    assert.equal(ran.code, 0, ran.said);
    for (const part of [/image: .*devproof@sha256:[0-9a-f]{64}/, /read_only: true/, /cap_drop:\n *- ALL\n/, /no-new-privileges:true/, /cpus: '?"?1/, /memory: 512M/, /\/var\/run\/dstack\.sock:\/var\/run\/dstack\.sock/,
        /data:\/data/, /restart: unless-stopped/, /max-size: 10m/, /memlock: 4194304/, /nofile: 16384/, /test:\n *- CMD\n *- devproof\n *- health/, /DATA_DIR: \/data/, /RUN_DIR: \/run\/devproof/, /LOG_DIR: '?-/, /user: 10001:10001/])
        assert.match(ran.stdout, part);
});

test('the check takes production once it has a digest, and refuses it before', () => {
    assert.deepEqual(findings(withDigest('docker-compose.yml')), []);
    const before = findings(text('docker-compose.yml').replace(/devproof@sha256:[0-9a-f]{64}/, `devproof@${zeros}`));
    assert.deepEqual(before.map(({ where, risk }) => [where, risk]), [['services.devproof.image', 'loose']]);
    assert.match(before[0].text, /all zeros/);
});

test('the check takes the cluster\'s file; who waits is waited for, and nobody can choose the chain from outside', () => {
    assert.deepEqual(findings(withDigest('docker-compose.cluster.yml')), []);
    const ran = dockerCompose(join(docker, 'docker-compose.cluster.yml'), ['config'], env);
    assert.match(ran.stdout, / {2}application:\n(?: {4}.*\n)* {4}depends_on:\n {6}join:\n {8}condition: service_completed_successfully\n/);
    assert.doesNotMatch(text('docker-compose.cluster.yml'), /\$\{/);
    /* The guard fires: docker-compose knows the condition, and no other. */
    const content = text('docker-compose.cluster.yml').replace('service_completed_successfully', 'service_completed');
    assert.notEqual(dockerCompose(file('condition.yml', content), ['config', '-q'], env).code, 0);
});

test('the check refuses the staging file for its SSH server, by its name, its port, what it shares and what it may', () => {
    const found = findings(withDigest('docker-compose.staging.yml')).filter(({ risk }) => risk === 'debug').map(({ where }) => where).sort();
    assert.deepEqual(found, ['services.devproof.ports', 'services.ssh', 'services.ssh.cap_add', 'services.ssh.environment.SSH_PUBLIC_KEY', 'services.ssh.network_mode', 'services.ssh.pid']);
    /* Under another name it is still one. */
    const renamed = findings(withDigest('docker-compose.staging.yml').replace(/^ {2}ssh:/m, '  helper:'));
    assert.ok(renamed.some(({ where, text: sentence }) => where === 'services.helper' && sentence.includes('SSH server')));
});

test('the staging file differs from production only by its door', () => {
    const wallet = (name) => withDigest(name).match(/^ {2}devproof:\n(?: {4}.*\n)*/m)[0].replace(/ *#.*$/gm, '').split('\n').filter((line) => line.trim());
    const production = wallet('docker-compose.yml'), staging = wallet('docker-compose.staging.yml');
    assert.deepEqual(production.filter((line) => !staging.includes(line)), []);
    assert.deepEqual(staging.filter((line) => !production.includes(line)), ['      LOG_LEVEL: debug', '      - "2222:2222"']);
});

test('staging can be built where it is asked for, never by mistake', () => {
    const path = file('staging.yml', withDigest('docker-compose.staging.yml'));
    const args = ['build', path, '--name', 'devproof-staging', '--allowed-env', 'ADMIN_TOKEN', '--allowed-env', 'SSH_PUBLIC_KEY'];
    assert.equal(compose(args).code, 1);
    const made = compose([...args, '--staging']);
    assert.equal(made.code, 0, made.said);
    assert.equal(compose(['check', '-'], made.stdout).code, 1);
});

test("the SSH server's script is one that a shell can read", () => {
    const script = text('docker-compose.staging.yml').match(/ {6}- \|\n((?: {8}.*\n)+)/)[1].replace(/^ {8}/gm, '').replaceAll('$$', '$');
    const ran = spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' });
    assert.equal(ran.status, 0, ran.stderr);
    assert.match(script, /exec \/usr\/sbin\/sshd -D/);
});

test('the local file says that its keys are public, and the check refuses it', () => {
    assert.match(text('docker-compose.local.yml'), /THE KEYS ARE PUBLIC/);
    assert.match(text('docker-compose.local.yml'), /127\.0\.0\.1:3000:3000/);
    const found = findings(withDigest('docker-compose.local.yml')).map(({ text: sentence }) => sentence).join();
    assert.match(found, /keys are published/);
});

test('one image in all of them, by its digest', () => {
    const images = names.flatMap((name) => text(name).match(/(?<=image: ).*devproof.*$/gm));
    assert.equal(new Set(images).size, 1, images.join());
    assert.equal(images.length, 6);
    assert.match(images[0], /^([a-z0-9.:_-]+\/)*devproof@sha256:[0-9a-f]{64}$/);
});

test('docker/app-compose.json is what docker/docker-compose.yml gives, byte for byte', () => {
    const made = compose(['build', join(docker, 'docker-compose.yml'), '--name', 'devproof', '--allowed-env', 'ADMIN_TOKEN']);
    assert.equal(made.code, 0, made.said);
    const kept = text('app-compose.json');
    assert.equal(made.stdout, kept, 'run docker/set-digest');
    assert.equal(compose(['hash', join(docker, 'app-compose.json')]).stdout, `${getComposeHash(JSON.parse(kept))}\n`);
    /* The guard fires: one changed letter is another file. */
    const changed = compose(['build', file('changed.yml', text('docker-compose.yml').replace('10s', '11s')), '--name', 'devproof', '--allowed-env', 'ADMIN_TOKEN']);
    assert.notEqual(changed.stdout, kept);
});

test('docker/set-digest writes a digest everywhere, and app-compose.json with it', () => {
    const copy = join(dir, 'tree', 'docker');
    cpSync(docker, copy, { recursive: true });
    const setDigest = (...args) => spawnSync(join(copy, 'set-digest'), args, { encoding: 'utf8', env: { ...process.env, DEVPROOF } });
    for (const bad of ['abc', `web@${DIGEST}`, `devproof:1@${DIGEST}`, `x devproof@${DIGEST}`, `$(id)/devproof@${DIGEST}`, DIGEST.slice(0, -1), 'sha256:' + 'G'.repeat(64), `${DIGEST} `]) assert.equal(setDigest(bad).status, 2, bad);
    assert.equal(readFileSync(join(copy, 'docker-compose.yml'), 'utf8'), text('docker-compose.yml'));
    const ran = setDigest(DIGEST);
    assert.equal(ran.status, 0, ran.stderr);
    for (const name of names) assert.equal(readFileSync(join(copy, name), 'utf8'), withDigest(name));
    assert.equal(ran.stdout, compose(['hash', join(copy, 'app-compose.json')]).stdout);
    const checked = compose(['check', join(copy, 'app-compose.json')]);
    assert.equal(checked.code, 0, checked.said);
    /* With a registry, and back. */
    const there = `registry.example:5000/me/devproof@${DIGEST}`;
    assert.equal(setDigest(there).status, 0);
    for (const name of names) assert.equal(readFileSync(join(copy, name), 'utf8'), withDigest(name).replaceAll(`devproof@${DIGEST}`, there));
    assert.equal(compose(['check', join(copy, 'app-compose.json')]).code, 0);
    assert.equal(setDigest(DIGEST).status, 0);
    for (const name of names) assert.equal(readFileSync(join(copy, name), 'utf8'), withDigest(name));
    writeFileSync(join(copy, 'docker-compose.yml'), 'services: [');
    const broken = setDigest();
    assert.notEqual(broken.status, 0);
    assert.match(broken.stderr, /not YAML/);
});

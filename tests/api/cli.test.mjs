// cli.test.mjs - devproof against a running service: what it prints, and its exit codes.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { keccak256, recoverAddress, stringToHex } from 'viem';
import { client } from './lib/http.mjs';
import { BUILD_DIR, startStack, temporaryDir } from './lib/stack.mjs';

const GEN2_ROOT = '0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf';

const dataDir = temporaryDir();
const stack = await startStack({ DATA_DIR: dataDir });
after(async () => {
    await stack.stop();
    rmSync(dataDir, { recursive: true, force: true });
});
const api = client(stack);
const alice = (await api('POST', '/api/signup', { email: 'alice@example.com', userId: 'alice' })).json;
await api('POST', '/api/signup', { email: 'bob@example.com', userId: 'bob' });
const files = join(dataDir, 'files');
mkdirSync(files);

/* Run devproof as the owner of a token; input goes to its standard input. */
function devproof(args, { token = alice.token, input = '', env = {} } = {}) {
    return new Promise((done) => {
        const child = spawn(join(BUILD_DIR, 'bin/devproof/devproof'), args, {
            env: { ...process.env, DEVPROOF_URL: stack.url.replace(/\/$/, ''), DEVPROOF_TOKEN: token, ...env },
        });
        let stdout = '', stderr = '';
        child.stdout.on('data', (data) => (stdout += data));
        child.stderr.on('data', (data) => (stderr += data));
        child.stdin.on('error', () => {}); // a command may end before it has read everything
        child.stdin.end(input);
        child.on('close', (code) => done({ code, stdout, stderr }));
    });
}

async function ok(args, options) {
    const ran = await devproof(args, options);
    assert.equal(ran.code, 0, ran.stderr);
    assert.equal(ran.stderr, '');
    return ran.stdout;
}

async function refused(code, args, sentence, options) {
    const ran = await devproof(args, options);
    assert.equal(ran.code, code, ran.stdout + ran.stderr);
    assert.match(ran.stderr, sentence);
}

test('sign prints a signature that recovers to the address, and verify agrees', async () => {
    const answer = JSON.parse(await ok(['sign', 'alice', '--message', 'hello', '--json']));
    const hash = keccak256(stringToHex('hello'));
    assert.equal(await recoverAddress({ hash, signature: answer.signature }), alice.address);
    const by = (signer) => ['verify', '--signature', answer.signature, ...signer, '--message', 'hello'];
    assert.match(await ok(by(['--address', alice.address])), /^valid +true$/m);
    assert.match(await ok(by(['--public-key', alice.pubKeyHex])), /^valid +true$/m);
});

test('verify says no with exit code 1', async () => {
    const { signature } = JSON.parse(await ok(['sign', 'alice', '--message', 'hello', '--json']));
    const ran = await devproof(['verify', '--signature', signature, '--address', alice.address, '--message', 'hallo']);
    assert.equal(ran.code, 1);
    assert.match(ran.stdout, /^valid +false$/m);
});

test('a message comes from a file, from standard input or as hex, and is the same', async () => {
    const file = join(files, 'message');
    writeFileSync(file, 'grüße');
    const ways = [['--message', 'grüße'], ['--file', file], ['--file', '-'], ['--hex', stringToHex('grüße')]];
    const signatures = await Promise.all(
        ways.map(async (way) => JSON.parse(await ok(['sign', 'alice', ...way, '--json'], { input: 'grüße' })).signature));
    assert.equal(new Set(signatures).size, 1);
});

test('a token is read from the first line of a file', async () => {
    const file = join(files, 'token');
    writeFileSync(file, `${alice.token}\nmore\n`);
    await ok(['sign', 'alice', '--message', 'm', '--token-file', file], { token: '' });
});

test('user list shows everyone to the admin, and only them', async () => {
    const out = await ok(['user', 'list'], { token: stack.adminToken });
    assert.equal(out.trim().split('\n').length, 2);
    assert.match(out, new RegExp(`alice +${alice.address} alice@example.com`));
    assert.equal((await ok(['user', 'list', '--query', 'bob@'], { token: stack.adminToken })).trim().split('\n').length, 1);
    await refused(1, ['user', 'list'], /forbidden/);
});

test('chain verify holds for the root of the simulator that is named, and for no other', async () => {
    const keys = await ok(['user', 'show', 'alice', '--json']);
    const verify = (...args) => ['chain', 'verify', '-', ...args];
    assert.match(await ok(verify('--simulator', 'gen2'), { input: keys }), /^The chain holds/);
    assert.deepEqual(JSON.parse(await ok(verify('--root', GEN2_ROOT, '--json'), { input: keys })), { valid: true });
    await ok(verify('--root', GEN2_ROOT, '--app-id', alice.appId), { input: keys });
    await refused(1, verify('--simulator', 'gen1'), /does not lead to this KMS root/, { input: keys });
    await refused(1, verify('--root', alice.address), /does not lead to this KMS root/, { input: keys });
    await refused(1, verify('--root', GEN2_ROOT, '--app-id', alice.address), /another app id/, { input: keys });
    await refused(2, verify(), /name the root once/, { input: keys });
    await refused(2, verify('--root', GEN2_ROOT, '--simulator', 'gen2'), /name the root once/, { input: keys });
});

test('chain verify refuses an answer of which any part was changed', async () => {
    const keys = JSON.parse(await ok(['user', 'show', 'alice', '--json']));
    const bob = JSON.parse(await ok(['user', 'show', 'bob', '--json']));
    const flip = (hex) => hex.slice(0, 20) + (hex[20] === '0' ? '1' : '0') + hex.slice(21);
    const changed = {
        address: bob.address, pubKeyHex: bob.pubKeyHex, derivedPubKeyHex: bob.derivedPubKeyHex, purpose: 'other',
        appId: flip(keys.appId), appPubKeyHex: bob.derivedPubKeyHex, signature_chain: bob.signature_chain,
    };
    for (const [name, value] of Object.entries(changed))
        await refused(1, ['chain', 'verify', '-', '--simulator', 'gen2'], /./, { input: JSON.stringify({ ...keys, [name]: value }) });
    for (const name of ['purpose', 'derivedPubKeyHex', 'appId', 'signature_chain'])
        await refused(1, ['chain', 'verify', '-', '--simulator', 'gen2'], new RegExp(name), {
            input: JSON.stringify({ ...keys, [name]: undefined }) });
    for (const input of ['', '[]', '{', 'x'.repeat(2_000_000)])
        assert.notEqual((await devproof(['chain', 'verify', '-', '--simulator', 'gen2'], { input })).code, 0);
});

test('keys check finds every key on record, and one that was swapped', async () => {
    const env = { DATABASE_URL: `sqlite:${dataDir}/devproof.db`, DSTACK_SIMULATOR_ENDPOINT: `${dataDir}/run/dstack.sock` };
    assert.deepEqual(JSON.parse(await ok(['keys', 'check', '--json'], { env })), { users: 2, wrong: 0 });
    execFileSync('sqlite3', [`${dataDir}/devproof.db`, `UPDATE user_keys SET pub_key_hex = '${alice.pubKeyHex}'
        WHERE user_id = (SELECT id FROM users WHERE user_id = 'bob')`]);
    await refused(1, ['keys', 'check'], /^devproof keys: bob: the key on record is not the derived one/m, { env });
    await refused(1, ['keys', 'check'], /none\.db/, { env: { ...env, DATABASE_URL: `sqlite:${files}/none.db` } });
});

test('wrong use is exit code 2 with a sentence', async () => {
    for (const args of [[], ['bogus'], ['user'], ['user', 'bogus'], ['user', 'show'], ['sign'], ['chain'], ['keys'],
        ['user', 'rotate', 'alice'], ['user', 'token'], ['sign', 'alice', '--bogus'], ['verify', 'x']]) {
        const ran = await devproof(args);
        assert.equal(ran.code, 2, args.join(' '));
        assert.notEqual(ran.stderr, '', args.join(' '));
    }
});

test('each command explains itself', async () => {
    for (const command of ['', 'chain', 'compose', 'db', 'health', 'init', 'keys', 'reload', 'sign', 'tls', 'user', 'verify'])
        assert.match(await ok([...(command ? [command] : []), '--help']), /^Usage: devproof/);
    assert.match(await ok(['--version']), /^devproof \d+\.\d+\.\d+$/m);
});

test('a service that is not there, or is none, is a sentence and exit code 1', async () => {
    await refused(1, ['user', 'show', 'alice'], /http:\/\/127\.0\.0\.1:1: /, { env: { DEVPROOF_URL: 'http://127.0.0.1:1' } });
    await refused(1, ['user', 'show', 'nobody'], /unknown_user/);
    await refused(1, ['user', 'show', 'a/b'], /not_found/);
    await refused(1, ['user', 'show', 'alice'], /./, { env: { DEVPROOF_URL: 'file:///etc' } });
});

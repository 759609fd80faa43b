// guest.test.mjs - HTTPS with the guest agent's certificate: who verifies it, where its key is, how it is renewed.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { logLines, sleep } from '../api/lib/stack.mjs';
import { ask, diskDir, served, shown, SIM_CA, startTls, tls, tlsMeanwhile } from './lib.mjs';

let stack, caFile;
before(async () => {
    stack = await startTls();
    caFile = join(stack.dataDir, 'sim-ca.pem');
    writeFileSync(caFile, SIM_CA);
});
after(() => stack.stop());

const curl = (...args) => spawnSync('curl', ['-sS', '-o', '-', ...args], { encoding: 'utf8' });
const fileSystem = (path) => execFileSync('stat', ['-f', '-c', '%T', path], { encoding: 'utf8' }).trim();

describe('who takes the certificate', () => {
    test('curl, under the CA and for each name', () => {
        for (const name of ['localhost', '127.0.0.1']) {
            const { status, stdout, stderr } = curl('--cacert', caFile, `https://${name}:${stack.tlsPort}/api/health`);
            assert.equal(status, 0, stderr);
            assert.equal(JSON.parse(stdout).status, 'ok');
        }
    });

    test('nobody without the CA, and nobody for another name', () => {
        assert.equal(curl(`https://localhost:${stack.tlsPort}/api/health`).status, 60);
        const other = curl('--cacert', caFile, '--resolve', `other.test:${stack.tlsPort}:127.0.0.1`, `https://other.test:${stack.tlsPort}/`);
        assert.equal(other.status, 60, other.stderr);
    });

    test('it is for 90 days, for a server, and says of which app', async () => {
        const { certificate } = await served(stack);
        const days = (Date.parse(certificate.validTo) - Date.now()) / 86_400_000;
        assert.ok(days > 89 && days < 91, `${days}`);
        const text = spawnSync('openssl', ['x509', '-noout', '-text'], { input: certificate.toString(), encoding: 'utf8' }).stdout;
        assert.match(text, /TLS Web Server Authentication/);
        assert.match(text, /1\.3\.6\.1\.4\.1\.62397\.1\.9/);
    });
});

describe('the protocol', () => {
    for (const [version, want] of [['TLSv1.2', 'TLSv1.2'], ['TLSv1.3', 'TLSv1.3']])
        test(`${version} is spoken`, async () => {
            const { protocol, cipher } = await served(stack, { minVersion: version, maxVersion: version });
            assert.equal(protocol, want);
            assert.match(cipher, /GCM|CHACHA20|POLY1305/i);
        });

    test('TLS 1.1 is not, nor a cipher without forward secrecy', async () => {
        /* An alert is the server's word: this client offers them. */
        await assert.rejects(served(stack, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }), /alert protocol version/i);
        await assert.rejects(served(stack, { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }), /alert handshake failure/i);
        await assert.rejects(served(stack, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' }), /alert handshake failure/i);
    });
});

describe('headers and cookies', () => {
    test('HSTS is on every answer over HTTPS, whoever gives it, and on none over HTTP', async () => {
        for (const path of ['/', '/api/health', '/api/nothing', '/css/style.css', '/api/users/me/keys'])
            assert.equal((await ask(stack.tlsPort, path, { ca: SIM_CA })).headers['strict-transport-security'], 'max-age=63072000', path);
        for (const path of ['/', '/api/health', '/api/nothing'])
            assert.equal((await ask(stack.port, path)).headers['strict-transport-security'], undefined, path);
    });

    test('the session cookie is Secure', async () => {
        const { status, headers } = await ask(stack.tlsPort, '/api/signup', {
            ca: SIM_CA, method: 'POST', headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify({ email: 'tls@example.com', userId: 'tls' }),
        });
        assert.equal(status, 201);
        assert.match(headers['set-cookie'][0], /; Secure(;|$)/);
    });
});

describe('plain HTTP', () => {
    test('leads to HTTPS with the method kept, by no other name than ours', async () => {
        const to = async (path, host, method = 'GET') => {
            const { status, headers } = await ask(stack.port, path, { method, headers: { Host: host } });
            assert.equal(status, 308, path);
            return headers.location;
        };
        assert.equal(await to('/a?b=c%20d', 'localhost'), `https://localhost:${stack.tlsPort}/a?b=c%20d`);
        assert.equal(await to('/', `127.0.0.1:${stack.port}`), `https://127.0.0.1:${stack.tlsPort}/`);
        assert.equal(await to('/', 'evil.example'), `https://localhost:${stack.tlsPort}/`);
        assert.equal(await to('/api/signup', 'localhost', 'POST'), `https://localhost:${stack.tlsPort}/api/signup`);
        assert.equal(await to('/.well-known/other', 'localhost'), `https://localhost:${stack.tlsPort}/.well-known/other`);
    });

    test('answers health checks, and the scraper on this machine', async () => {
        assert.equal(JSON.parse((await ask(stack.port, '/api/health')).body).status, 'ok');
        assert.equal((await ask(stack.port, '/api/health/live')).status, 200);
        assert.match((await ask(stack.port, '/metrics')).body, /^# HELP/);
    });

    test('has what a certificate authority looks for, and nothing else of the disk', async () => {
        writeFileSync(join(stack.dataDir, 'acme/.well-known/acme-challenge/token'), 'token.thumbprint');
        const { status, body } = await ask(stack.port, '/.well-known/acme-challenge/token');
        assert.deepEqual([status, body], [200, 'token.thumbprint']);
        assert.equal((await ask(stack.port, '/.well-known/acme-challenge/none')).status, 404);
        const up = await ask(stack.port, '/.well-known/acme-challenge/%2e%2e/%2e%2e/%2e%2e/devproof.db');
        assert.notEqual(up.status, 200);
    });

    test('on the port of HTTPS it is a bad request', async () => {
        assert.equal((await ask(stack.tlsPort, '/api/health')).status, 400);
    });
});

describe('the key', () => {
    test('is in memory alone, for its owner alone', () => {
        assert.notEqual(fileSystem(stack.dataDir), 'tmpfs', 'the test needs a disk');
        const file = join(stack.runDir, 'tls/server.pem');
        assert.equal(fileSystem(file), 'tmpfs');
        assert.equal(statSync(file).mode & 0o7777, 0o600);
        assert.equal(statSync(join(stack.runDir, 'tls')).mode & 0o7777, 0o700);
        assert.match(readFileSync(file, 'utf8'), /BEGIN PRIVATE KEY/);
        /* grep -r does not follow the link. */
        const found = spawnSync('grep', ['-rl', 'PRIVATE KEY', stack.dataDir], { encoding: 'utf8' });
        assert.equal(found.status, 1, found.stdout);
        writeFileSync(join(stack.dataDir, 'planted'), '-----BEGIN PRIVATE KEY-----');
        assert.equal(spawnSync('grep', ['-rl', 'PRIVATE KEY', stack.dataDir]).status, 0, 'the search finds one');
        rmSync(join(stack.dataDir, 'planted'));
    });

    test('tls show says from where it is and until when', async () => {
        const said = shown(stack);
        const { certificate } = await served(stack);
        assert.equal(said.source, 'guest');
        assert.equal(said.sha256, certificate.fingerprint256.replaceAll(':', '').toLowerCase());
        const third = (Date.parse(said.notAfter) - Date.parse(said.renewAt)) / 86_400_000;
        assert.ok(Math.abs(third - 30) < 0.1, said.renewAt);
        const text = tls(stack, ['show']);
        assert.equal(text.status, 0);
        assert.match(text.stdout, /^source +guest\n.*made inside/s);
    });
});

/* What RFC 9112, 9.3.1 has a client do: a kept connection may be closed at any time, so a request that
 * got no byte of an answer on one is sent again on a new one. On a new connection nothing is forgiven. */
async function patiently(agent, counts) {
    for (;;) {
        try {
            return await ask(stack.tlsPort, '/api/health/live', { ca: SIM_CA, agent });
        } catch (err) {
            if (!err.reused || !['ECONNRESET', 'EPIPE'].includes(err.code)) throw err;
            counts.again++;
        }
    }
}

test('renewing drops no request of many kept connections', async (t) => {
    const CLIENTS = 16, RENEWALS = 4;
    const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
    const counts = { again: 0, failed: [], each: Array(CLIENTS).fill(0) };
    const seen = new Set([(await served(stack)).certificate.fingerprint256]);
    let going = true;
    const clients = counts.each.map(async (_, index) => {
        while (going) {
            try {
                const { status } = await patiently(agent, counts);
                if (status !== 200) throw new Error(`status ${status}`);
                counts.each[index]++;
            } catch (err) {
                counts.failed.push(`${err.message} (${err.code}, on a ${err.reused ? 'kept' : 'new'} connection)`);
            }
        }
    });
    try {
        for (let i = 0; i < RENEWALS; i++) {
            await sleep(700);
            const { status, stderr } = await tlsMeanwhile(stack, ['renew']);
            assert.equal(status, 0, stderr);
            for (let tries = 0; tries < 50 && seen.size < i + 2; tries++) {
                seen.add((await served(stack)).certificate.fingerprint256);
                await sleep(50);
            }
        }
        await sleep(500);
    } finally {
        going = false;
        await Promise.all(clients);
        agent.destroy();
    }
    const requests = counts.each.reduce((sum, one) => sum + one, 0);
    t.diagnostic(`${requests} requests, ${counts.again} of them sent again, ${RENEWALS} renewals`);
    assert.deepEqual(counts.failed, []);
    assert.equal(seen.size, RENEWALS + 1, 'each renewal was served');
    assert.ok(Math.min(...counts.each) > 10, `requests of each client: ${counts.each}`);
});

test('twelve renewals at once leave a chain and its own key', async () => {
    const all = await Promise.all(Array.from({ length: 12 }, () => tlsMeanwhile(stack, ['renew'])));
    for (const { status, stderr } of all) assert.equal(status, 0, stderr);
    const pem = readFileSync(join(stack.runDir, 'tls/server.pem'));
    const modulus = (how) => spawnSync('openssl', how, { input: pem, encoding: 'utf8' }).stdout;
    const key = modulus(['pkey', '-pubout']);
    assert.match(key, /BEGIN PUBLIC KEY/);
    assert.equal(modulus(['x509', '-noout', '-pubkey']), key);
});

test('a new certificate is got at two thirds of its time, without anybody', async () => {
    const short = await startTls({ TLS_VALID_SECONDS: '9' });
    try {
        const seen = new Map();
        for (const end = Date.now() + 45_000; Date.now() < end && seen.size < 3; await sleep(100)) {
            const { certificate } = await served(short);
            assert.ok(Date.parse(certificate.validTo) > Date.now() - 1000, 'what is served is in force');
            if (!seen.has(certificate.fingerprint256)) seen.set(certificate.fingerprint256, Date.now());
        }
        assert.equal(seen.size, 3, logLines(short.logDir).filter((line) => line.includes('tls')).join('\n'));
        const [, second, third] = [...seen.values()];
        assert.ok(third - second >= 4000, `${third - second} ms between two renewals`);
    } finally {
        await short.stop();
    }
});

describe('where RUN_DIR is', () => {
    test('on a disk: a folder in /dev/shm, gone with the service', async () => {
        const own = await startTls();
        const link = readlinkSync(join(own.runDir, 'tls'));
        assert.match(link, /^\/dev\/shm\/devproof-tls\./);
        assert.ok(existsSync(join(link, 'server.pem')));
        await own.stop();
        assert.ok(!existsSync(link));
    });

    test('a start after a kill takes away what that left', async () => {
        const dir = diskDir();
        const first = await startTls({ DATA_DIR: dir });
        const link = readlinkSync(join(first.runDir, 'tls'));
        await first.stop('SIGKILL');
        assert.ok(existsSync(join(link, 'server.pem')));
        await sleep(1500); /* what it started ends on its own */
        const second = await startTls({ DATA_DIR: dir });
        assert.ok(!existsSync(link));
        await second.stop();
        rmSync(dir, { recursive: true });
    });

    test('in memory: a folder of it', async () => {
        const run = `/dev/shm/dp-run-${process.pid}`;
        mkdirSync(run);
        const own = await startTls({ RUN_DIR: run });
        assert.ok(lstatSync(join(run, 'tls')).isDirectory());
        assert.equal(shown(own).source, 'guest');
        await own.stop();
        rmSync(run, { recursive: true });
    });
});

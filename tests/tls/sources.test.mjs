// sources.test.mjs - HTTPS with a CA's certificate and with an operator's, and what is refused.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sleep, spawnUp, within } from '../api/lib/stack.mjs';
import { ask, diskDir, freePort, makeCa, ROOT, served, shown, startTls, tls } from './lib.mjs';

let ca;
before(() => (ca = makeCa()));
after(() => ca.remove());

const fingerprint = async (stack) => (await served(stack)).certificate.fingerprint256;

describe('a CA', () => {
    const dir = diskDir();
    let stack, csr;
    before(async () => {
        stack = await startTls({ DATA_DIR: dir });
        csr = tls(stack, ['csr', '--name', 'localhost,127.0.0.1']).stdout;
    });
    after(async () => {
        await stack.stop();
        rmSync(dir, { recursive: true });
    });

    test('the request is the same key each time, and openssl takes it', () => {
        const key = (text) => spawnSync('openssl', ['req', '-noout', '-pubkey', '-verify'], { input: text, encoding: 'utf8' });
        assert.equal(key(csr).status, 0);
        assert.match(key(csr).stdout, /BEGIN PUBLIC KEY/);
        assert.equal(key(tls(stack, ['csr', '--name', 'other.example']).stdout).stdout, key(csr).stdout);
    });

    const install = (file, ...more) => tls(stack, ['install', file, '--roots', ca.root, ...more]);
    const REFUSED = {
        'another key': [() => [ca.sign(ca.request('foreign'), 'foreign')], /another key/],
        'another name': [() => [ca.sign(csr, 'name', { names: 'DNS:other.example' })], /not for localhost/],
        'half of the names': [() => [ca.sign(csr, 'half', { names: 'DNS:localhost' })], /not for 127\.0\.0\.1/],
        'one that has expired': [() => [ca.sign(csr, 'expired', { ends: '20250101000000Z' })], /expired at 2025-01-01/],
        'one for clients': [() => [ca.sign(csr, 'client', { usage: 'clientAuth' })], /does not verify/],
        'no intermediate': [() => {
            const file = ca.sign(csr, 'lonely');
            const [leaf] = readFileSync(file, 'utf8').split(/(?<=-----END CERTIFICATE-----\n)/);
            writeFileSync(file, leaf);
            return [file];
        }, /does not verify: unable to get local issuer/],
        'no certificate': [() => {
            writeFileSync(ca.at('none.pem'), 'hello\n');
            return [ca.at('none.pem')];
        }, /no certificate as PEM/],
        'a broken one': [() => {
            writeFileSync(ca.at('broken.pem'), readFileSync(ca.sign(csr, 'broken'), 'utf8').replace('MII', 'MXX'));
            return [ca.at('broken.pem')];
        }, /certificate 1 cannot be read/],
        'no such file': [() => ['/nonexistent'], /No such file/],
    };
    for (const [name, [files, says]] of Object.entries(REFUSED))
        test(`${name} is refused, and nothing changes`, async () => {
            const was = await fingerprint(stack);
            const { status, stderr } = install(...files());
            assert.equal(status, 1, stderr);
            assert.match(stderr, says);
            assert.ok(!existsSync(join(dir, 'tls/chain.pem')));
            assert.equal(await fingerprint(stack), was);
            assert.equal(shown(stack).source, 'guest');
        });

    test('one under a root that this machine does not trust is refused', () => {
        const { status, stderr } = tls(stack, ['install', ca.sign(csr, 'good')]);
        assert.equal(status, 1);
        assert.match(stderr, /does not verify/);
    });

    test('the right one is served at once, and named', async () => {
        const { status, stderr } = install(ca.sign(csr, 'good'));
        assert.equal(status, 0, stderr);
        /* For a moment nginx's worker of before takes connections, too. */
        const installed = shown(stack).sha256;
        let times = 0;
        for (let tries = 0; tries < 100 && times < 5; tries++, await sleep(20))
            times = installed === (await fingerprint(stack)).replaceAll(':', '').toLowerCase() ? times + 1 : 0;
        const answer = await ask(stack.tlsPort, '/api/health', { ca: readFileSync(ca.root) });
        assert.equal(answer.status, 200);
        assert.equal(shown(stack).source, 'ca');
        assert.equal(shown(stack).renewAt, null);
        assert.match(shown(stack).key, /each version of the app/);
        assert.doesNotMatch(readFileSync(join(dir, 'tls/chain.pem'), 'utf8'), /PRIVATE/);
    });

    test('a restart has the same key, out of the guest agent, and no key was on the disk', async () => {
        const was = shown(stack);
        await stack.stop();
        assert.equal(spawnSync('grep', ['-rl', 'PRIVATE KEY', dir]).status, 1);
        stack = await startTls({ DATA_DIR: dir });
        const is = shown(stack);
        assert.deepEqual([is.source, is.sha256, is.spkiSha256], ['ca', was.sha256, was.spkiSha256]);
        assert.equal((await ask(stack.tlsPort, '/api/health', { ca: readFileSync(ca.root) })).status, 200);
    });

    test('without the file the guest agent certifies again', async () => {
        rmSync(join(dir, 'tls/chain.pem'));
        assert.equal(tls(stack, ['renew']).status, 0);
        assert.equal(shown(stack).source, 'guest');
    });
});

/* What devproof-serve says and how it ends, for settings that it must not start with. */
async function refused(settings, code, says, command) {
    const dir = diskDir();
    const up = spawnUp({ PORT: String(await freePort()), DATA_DIR: dir, TLS_PORT: String(await freePort()), ...settings }, command);
    const began = Date.now();
    assert.equal(await within(up.exit, 60_000), code, up.output);
    assert.match(up.output, says);
    rmSync(dir, { recursive: true, force: true });
    return Date.now() - began;
}

describe('an operator\'s certificate', () => {
    const files = (name, options) => {
        const chain = ca.sign(ca.request(name), name, options);
        return { TLS_CERT: chain, TLS_KEY: ca.at(`${name}.key`) };
    };

    test('is served, named as such, and renewed from the files', async () => {
        const own = files('own');
        const stack = await startTls(own);
        try {
            assert.equal((await ask(stack.tlsPort, '/api/health', { ca: readFileSync(ca.root) })).status, 200);
            assert.equal(shown(stack).source, 'operator');
            assert.match(tls(stack, ['show']).stdout, /whoever has that file can read all that passes/);
            const was = shown(stack).sha256;
            const next = files('next');
            writeFileSync(own.TLS_CERT, readFileSync(next.TLS_CERT));
            const half = tls(stack, ['renew']);
            assert.equal(half.status, 1);
            assert.match(half.stderr, /not the certificate of TLS_KEY/);
            assert.equal(shown(stack).sha256, was);
            writeFileSync(own.TLS_KEY, readFileSync(next.TLS_KEY));
            assert.equal(tls(stack, ['renew']).status, 0);
            assert.notEqual(shown(stack).sha256, was);
            const { status, stderr } = tls(stack, ['install', next.TLS_CERT]);
            assert.equal(status, 1);
            assert.match(stderr, /TLS_CERT and TLS_KEY are set/);
        } finally {
            await stack.stop();
        }
    });

    test('that has expired, is of another key, or is not there ends the start', async () => {
        await refused(files('old', { ends: '20250101000000Z' }), 1, /TLS_CERT: the certificate expired at 2025-01-01/);
        await refused({ ...files('one'), TLS_KEY: files('two').TLS_KEY }, 1, /not the certificate of TLS_KEY/);
        await refused({ TLS_CERT: '/nonexistent', TLS_KEY: '/nonexistent' }, 1, /\/nonexistent: No such file/);
    });
});

describe('bad settings end the start with a sentence', () => {
    const ROWS = [
        [{ TLS_PORT: 'https' }, 2, /TLS_PORT must be a number, not "https"/],
        [{ TLS_PORT: '0' }, 2, /TLS_PORT must be from 1 to 65535/],
        [{ TLS_PORT: '65536' }, 2, /TLS_PORT must be from 1 to 65535/],
        [{ PORT: '23999', TLS_PORT: '23999' }, 2, /TLS_PORT and PORT must differ/],
        [{ TLS_PUBLIC_PORT: '99999' }, 2, /TLS_PUBLIC_PORT must be from 1 to 65535/],
        [{ TLS_NAME: 'a b' }, 2, /TLS_NAME must be host names/],
        [{ TLS_NAME: 'a,,b' }, 2, /TLS_NAME must be host names/],
        [{ TLS_NAME: 'a;b' }, 2, /TLS_NAME must be host names/],
        [{ TLS_NAME: '*.example.com' }, 2, /must be a whole name/],
        [{ TLS_NAME: Array(21).fill('a').join(',') }, 2, /more than 20 names/],
        [{ TLS_CERT: '/a' }, 2, /TLS_CERT is set without TLS_KEY/],
        [{ TLS_KEY: '/a' }, 2, /TLS_KEY is set without TLS_CERT/],
        [{ TLS_PORT: '', TLS_CERT: '/a', TLS_KEY: '/b' }, 2, /of no use without TLS_PORT/],
        [{ TLS_VALID_SECONDS: 'x' }, 1, /TLS_VALID_SECONDS must be a number/],
    ];
    for (const [settings, code, says] of ROWS)
        test(JSON.stringify(settings), () => refused(settings, code, says));

    test('a port that is taken', async () => {
        const server = createServer();
        await new Promise((done) => server.listen(0, '127.0.0.1', done));
        await refused({ TLS_PORT: String(server.address().port) }, 1, /port \d+ is taken.*TLS_PORT/);
        server.close();
    });

    test('no file system in memory: the key is not written to the disk', async () => {
        const disk = diskDir();
        await refused({}, 1, /is on a disk, where the private key of HTTPS must not be written: set RUN_DIR/,
            ['unshare', '-rm', 'sh', '-c', `mount --bind ${disk} /dev/shm && exec ${join(ROOT, 'up')}`]);
        assert.equal(spawnSync('grep', ['-rl', 'PRIVATE KEY', disk]).status, 1);
        rmSync(disk, { recursive: true });
    });

    test('and of the commands', () => {
        const stack = { settings: { DATA_DIR: '/nonexistent', TLS_NAME: '' } };
        const ROWS_OF_COMMANDS = [
            [['show'], 1, /nothing is served over HTTPS here/],
            [['csr'], 2, /for which name/],
            [['csr', '--name', 'a b'], 2, /names must be/],
            [['csr', '--name', 'a'], 1, /cannot be had from the guest agent/],
            [['install'], 2, /--help/],
            [['renew', '--name', 'a'], 2, /--help/],
            [['renew', '--watch', '--if-missing'], 2, /--help/],
            [['nothing'], 2, /--help/],
            [[], 2, /--help/],
            [['renew'], 1, /guest agent gives no key/],
        ];
        for (const [words, code, says] of ROWS_OF_COMMANDS) {
            const { status, stderr } = tls(stack, words);
            assert.equal(status, code, `${words}: ${stderr}`);
            assert.match(stderr, says);
        }
        assert.equal(tls(stack, ['--help']).status, 0);
    });
});

test('TLS_PUBLIC_PORT is where plain HTTP leads; 443 is not said', async () => {
    const stack = await startTls({ TLS_PUBLIC_PORT: '443', TLS_NAME: 'wallet.example,*.wallet.example' });
    try {
        const to = async (host) => (await ask(stack.port, '/x', { headers: { Host: host } })).headers.location;
        assert.equal(await to('other.example'), 'https://wallet.example/x');
        assert.equal(await to('a.wallet.example'), 'https://a.wallet.example/x');
        const { certificate } = await served(stack);
        assert.ok(certificate.checkHost('b.wallet.example'));
    } finally {
        await stack.stop();
    }
});

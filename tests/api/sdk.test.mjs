// sdk.test.mjs - dstack-sim under the official SDK, and on the wire against dstack's own vectors.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';
import { DstackClient, TappdClient } from '@phala/dstack-sdk';
import { toViemAccountSecure } from '@phala/dstack-sdk/viem';
import { ed25519 } from '@noble/curves/ed25519';
import { secp256k1 } from '@noble/curves/secp256k1';
import { sha256 } from '@noble/hashes/sha2';
import { recoverAddress, recoverMessageAddress } from 'viem';
import { GEN2, getKey, hashOf, recoverChain, simulators, vectors } from './lib/derive.mjs';
import { exchange, requestBytes } from './lib/http.mjs';
import { leftovers } from './lib/proc.mjs';
import { startSim } from './lib/stack.mjs';

const { get_key, sign, derive_key_p256 } = vectors('keys.json');
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const simulatorDir = fileURLToPath(new URL('../vectors/simulator/', import.meta.url));

const sims = {};
before(async () => {
    sims.gen2 = await startSim();
    sims.gen1 = await startSim('--keys', `${simulatorDir}gen1/appkeys.json`);
});
after(() => Promise.all(Object.values(sims).map((sim) => sim.stop())));

/* One request on a connection of its own, with exactly these headers and bytes. */
async function wire(method, path, headers = {}, body, sim = sims.gen2) {
    const bytes = body === undefined ? undefined : Buffer.from(body);
    const answer = await exchange(sim.socket, requestBytes(method, path, { host: 'localhost', headers, body: bytes }), { method });
    try {
        answer.json = JSON.parse(answer.body);
    } catch {
        answer.json = undefined;
    }
    return answer;
}
const post = (method, fields, sim) =>
    wire('POST', `/${method}`, { 'Content-Type': 'application/json' }, typeof fields === 'string' ? fields : JSON.stringify(fields), sim);

/* Throws what openssl said where it does not take the first certificate under the last one. */
function opensslVerifies(chain, ...how) {
    const dir = mkdtempSync(join(tmpdir(), 'dp-chain-'));
    try {
        writeFileSync(join(dir, 'leaf'), chain[0]);
        writeFileSync(join(dir, 'ca'), chain.at(-1));
        execFileSync('openssl', ['verify', '-CAfile', join(dir, 'ca'), ...how, join(dir, 'leaf')], { stdio: 'pipe' });
    } finally {
        rmSync(dir, { recursive: true });
    }
}

describe('the official SDK', () => {
    const sdk = () => new DstackClient(sims.gen2.socket);

    test('reaches it and reads its version', async () => {
        assert.equal(await sdk().isReachable(), true);
        const { version } = await sdk().version();
        assert.match(version, /^\d+\.\d+\.\d+/);
    });

    test('getKey: key and chain as dstack derives them, whatever the purpose', async () => {
        for (const [path, purpose] of [['wallet/ethereum/alice', 'ethereum'], ['wallet/ethereum/alice', 'other'], ['', ''], ['/', 'x']]) {
            const { key, signature_chain } = await sdk().getKey(path, purpose);
            const want = getKey(path, purpose);
            assert.equal(hex(key), want.key);
            assert.deepEqual(signature_chain.map(hex), want.signature_chain);
            const derivedPubKeyHex = '0x' + hex(secp256k1.getPublicKey(key, true));
            const { root } = await recoverChain({
                purpose, derivedPubKeyHex, appId: `0x${GEN2.app_id}`, signature_chain: signature_chain.map((one) => '0x' + hex(one)),
            });
            assert.equal(root, GEN2.kms_root_address);
        }
    });

    test('getKey of another algorithm: the same 32 bytes, another public key in the chain', async () => {
        const row = get_key.find((one) => one.simulator === 'gen2' && one.algorithm === 'ed25519');
        const { key, signature_chain } = await sdk().getKey(row.path, row.purpose, 'ed25519');
        assert.equal(hex(key), row.key);
        assert.deepEqual(signature_chain.map(hex), row.signature_chain);
    });

    test('a viem account of its key signs as that address', async () => {
        const key = await sdk().getKey('wallet/ethereum/alice', 'ethereum');
        const account = toViemAccountSecure(key);
        const signature = await account.signMessage({ message: 'from the SDK' });
        assert.equal(await recoverMessageAddress({ message: 'from the SDK', signature }), account.address);
        const raw = await account.sign({ hash: hashOf('raw') });
        assert.equal(await recoverAddress({ hash: hashOf('raw'), signature: raw }), account.address);
    });

    test('info: app id, compose hash and tcb_info of the simulator', async () => {
        const got = await sdk().info();
        const want = vectors('simulator/gen2/info.json');
        for (const [name, value] of Object.entries(want.info)) assert.deepEqual(got[name], value, name);
        for (const [name, value] of Object.entries(want.tcb_info)) assert.deepEqual(got.tcb_info[name], value, name);
        assert.ok(Array.isArray(got.tcb_info.event_log));
    });

    test('getTlsKey: a new key each time, and a chain that openssl verifies for its names', async () => {
        const options = {
            subject: 'wallet', altNames: ['wallet.example.com', '10.1.2.3'], usageServerAuth: true, usageRaTls: true,
        };
        const first = await sdk().getTlsKey(options);
        const second = await sdk().getTlsKey(options);
        assert.notEqual(first.key, second.key);
        assert.equal(first.certificate_chain.length, 2);
        const [leaf, ca] = first.certificate_chain.map((pem) => new X509Certificate(pem));
        assert.ok(leaf.checkPrivateKey(createPrivateKey(first.key)));
        assert.ok(!leaf.checkPrivateKey(createPrivateKey(second.key)));
        assert.equal(ca.fingerprint256, new X509Certificate(vectors('simulator/gen2/appkeys.json').ca_cert).fingerprint256);
        assert.equal(leaf.subject, 'CN=wallet');
        opensslVerifies(first.certificate_chain, '-purpose', 'sslserver', '-verify_hostname', 'wallet.example.com');
        opensslVerifies(first.certificate_chain, '-x509_strict', '-verify_ip', '10.1.2.3');
        assert.throws(() => opensslVerifies(first.certificate_chain, '-verify_hostname', 'other.example.com'), /hostname mismatch/i);
        assert.throws(() => opensslVerifies(first.certificate_chain, '-purpose', 'sslclient'), /purpose/i);
    });

    test('getQuote: over the report data, with an event log that replays to its registers', async () => {
        const { quote, event_log: log, report_data, vm_config, ...answer } = await sdk().getQuote('from the SDK');
        const bytes = Buffer.from(quote, 'hex'), rtmr0 = 376, reportData = 568;
        assert.equal(report_data, hex(Buffer.from('from the SDK')).padEnd(128, '0'));
        assert.equal(bytes.toString('hex', reportData, reportData + 64), report_data);
        assert.deepEqual(answer.replayRtmrs(), [0, 1, 2, 3].map((i) => bytes.toString('hex', rtmr0 + 48 * i, rtmr0 + 48 * (i + 1))));
        assert.deepEqual(JSON.parse(log), (await sdk().info()).tcb_info.event_log);
        assert.equal(vm_config, (await sdk().info()).vm_config);
    });

    test('attest: the same as one blob', async () => {
        const { attestation } = await sdk().attest(Buffer.alloc(64, 7));
        assert.match(attestation, /^0000/);
        assert.ok(attestation.includes('07'.repeat(64)));
    });

    test('sign and verify, with every algorithm, judged by noble', async () => {
        const data = Buffer.from('signed by the agent');
        for (const algorithm of ['ed25519', 'secp256k1', 'k256']) {
            const signed = await sdk().sign(algorithm, data);
            assert.equal(signed.signature_chain.length, 3);
            assert.equal(hex(signed.signature_chain[0]), hex(signed.signature));
            const fits = algorithm === 'ed25519'
                ? ed25519.verify(signed.signature, data, signed.public_key)
                : secp256k1.verify(signed.signature, sha256(data), signed.public_key, { lowS: true });
            assert.ok(fits, algorithm);
            assert.equal((await sdk().verify(algorithm, data, signed.signature, signed.public_key)).valid, true);
            assert.equal((await sdk().verify(algorithm, Buffer.from('another'), signed.signature, signed.public_key)).valid, false);
        }
        const digest = Buffer.from(sha256(data));
        const signed = await sdk().sign('secp256k1_prehashed', digest);
        assert.ok(secp256k1.verify(signed.signature, digest, signed.public_key));
        assert.equal((await sdk().verify('secp256k1_prehashed', digest, signed.signature, signed.public_key)).valid, true);
        await assert.rejects(sdk().sign('secp256k1_prehashed', Buffer.from('short')));
    });
});

describe('Tappd, the agent of old, on the same socket', () => {
    const { report_data, raw_report_data } = vectors('attestation.json');
    const reportDataOf = (quote) => quote.slice(2 * 568, 2 * 632);

    test('the SDK reaches it, derives a key and gets a quote', async () => {
        const tappd = new TappdClient(sims.gen2.socket);
        assert.equal(await tappd.isReachable(), true);
        const { key, certificate_chain } = await tappd.deriveKey('/', 'old.example.com', ['old.example.com']);
        assert.equal(key, derive_key_p256.find((row) => row.simulator === 'gen2' && row.path === '/').pkcs8_pem);
        opensslVerifies(certificate_chain, '-verify_hostname', 'old.example.com');
        assert.ok(new X509Certificate(certificate_chain[0]).checkPrivateKey(createPrivateKey(key)));
        const { quote, replayRtmrs } = await tappd.tdxQuote('old');
        assert.equal(replayRtmrs()[3], quote.slice(2 * 520, 2 * 568));
    });

    test('derived keys are those of the vectors; random ones are not', async () => {
        for (const { simulator, path, pkcs8_pem } of derive_key_p256)
            assert.equal((await post('prpc/Tappd.DeriveKey', { path }, sims[simulator])).json.key, pkcs8_pem);
        assert.notEqual((await post('prpc/Tappd.DeriveKey', { random_seed: true })).json.key, (await post('prpc/Tappd.DeriveKey', { random_seed: true })).json.key);
        const { json } = await post('prpc/DeriveK256Key', { path: 'wallet', purpose: 'p' });
        const want = (await post('GetKey', { path: 'wallet', purpose: 'p' })).json;
        assert.deepEqual(json, { k256_key: want.key, k256_signature_chain: want.signature_chain });
    });

    test(`${report_data.length} hashed report data are those of the vectors`, async () => {
        for (const { tag, algorithm, content, report_data: want } of report_data) {
            const { json } = await post('prpc/Tappd.TdxQuote', { report_data: content, hash_algorithm: algorithm, prefix: tag });
            assert.equal(reportDataOf(json.quote), want, `${tag} ${algorithm}`);
            assert.equal(json.hash_algorithm, algorithm);
            assert.equal(json.prefix, tag);
        }
        const { json } = await post('prpc/Tappd.TdxQuote', { report_data: '' });
        assert.equal(reportDataOf(json.quote), report_data.find((row) => row.tag === 'app-data' && row.algorithm === 'sha512' && row.content === '').report_data);
    });

    test('raw report data is 64 bytes, and goes in as it is', async () => {
        for (const { request, report_data: want, error } of raw_report_data)
            for (const path of ['prpc/Tappd.RawQuote', 'prpc/Tappd.TdxQuote']) {
                const { status, json } = await post(path, { report_data: request, hash_algorithm: 'raw' });
                assert.equal(status, error ? 400 : 200);
                if (!error) assert.equal(reportDataOf(json.quote), want);
            }
        assert.equal((await post('prpc/Tappd.TdxQuote', { hash_algorithm: 'md5' })).status, 400);
        assert.equal((await post('prpc/Tappd.GetKey', {})).json.error, 'Service not found: Tappd.GetKey');
        assert.equal((await post('prpc/Tappd/Info', {})).status, 404);
    });
});

describe('the vectors, bit for bit', () => {
    for (const name of ['gen1', 'gen2']) {
        const keys = get_key.filter(({ simulator }) => simulator === name);
        test(`${keys.length} keys of ${name}`, async () => {
            assert.ok(keys.length >= 20);
            for (const { path, purpose, algorithm, key, signature_chain } of keys) {
                const answer = await post('GetKey', { path, purpose, algorithm }, sims[name]);
                assert.equal(answer.status, 200, `${path}: ${answer.body}`);
                assert.deepEqual(answer.json, { key, signature_chain }, `${path.slice(0, 40)} ${purpose} ${algorithm}`);
            }
        });

        const signed = sign.filter(({ simulator }) => simulator === name);
        test(`${signed.length} signatures of ${name}`, async () => {
            assert.ok(signed.length >= 10);
            for (const { algorithm, data, signature, signature_chain, public_key } of signed) {
                const answer = await post('Sign', { algorithm, data }, sims[name]);
                assert.equal(answer.status, 200, answer.body.toString());
                assert.deepEqual(answer.json, { signature, signature_chain, public_key }, `${algorithm} ${data}`);
                const verified = await post('Verify', { algorithm, data, signature, public_key }, sims[name]);
                assert.deepEqual(verified.json, { valid: true }, `${algorithm} ${data}`);
            }
        });
    }

    test('a signature with a high s, or one bit off, is not valid; a malformed one is an error', async () => {
        const row = sign.find((one) => one.simulator === 'gen2' && one.algorithm === 'secp256k1' && one.data);
        const verify = (change) => post('Verify', { algorithm: 'secp256k1', data: row.data, signature: row.signature, public_key: row.public_key, ...change });
        const s = secp256k1.CURVE.n - BigInt('0x' + row.signature.slice(64));
        assert.deepEqual((await verify({ signature: row.signature.slice(0, 64) + s.toString(16).padStart(64, '0') })).json, { valid: false });
        const off = row.signature.slice(0, 10) + (row.signature[10] === '0' ? '1' : '0') + row.signature.slice(11);
        assert.deepEqual((await verify({ signature: off })).json, { valid: false });
        assert.deepEqual((await verify({ data: row.data + '00' })).json, { valid: false });
        for (const change of [{ signature: '' }, { signature: row.signature.slice(2) }, { signature: 'zz' + row.signature.slice(2) }, { public_key: '' },
            { public_key: '02' + '00'.repeat(31) + '05' }, { public_key: row.public_key.slice(2) }, { algorithm: 'rsa' }, { algorithm: 'ed25519' }]) {
            const answer = await verify(change);
            assert.equal(answer.status, 400, JSON.stringify(change).slice(0, 80));
            assert.equal(typeof answer.json.error, 'string');
        }
    });
});

describe('the wire', () => {
    const alice = get_key.find((one) => one.simulator === 'gen2' && one.path === 'user/alice');
    const want = { key: alice.key, signature_chain: alice.signature_chain };
    const fields = { path: alice.path, purpose: alice.purpose };

    function assertError(answer, text) {
        assert.equal(answer.status, 400, answer.body.toString());
        assert.match(answer.header('content-type'), /^application\/json\b/);
        assert.deepEqual(Object.keys(answer.json), ['error']);
        /* dstack prints errors over three lines. */
        assert.equal(answer.body.toString(), `{\n  "error": ${JSON.stringify(answer.json.error)}\n}`);
        if (text) assert.equal(answer.json.error, text);
    }

    test('a JSON POST is answered in compact JSON, lower-case hex without prefix', async () => {
        const answer = await post('GetKey', fields);
        assert.equal(answer.status, 200);
        assert.match(answer.header('content-type'), /^application\/json\b/);
        assert.equal(answer.body.toString(), JSON.stringify(want));
    });

    test('parameters may stand in a query', async () => {
        const answer = await wire('GET', `/GetKey?path=${encodeURIComponent(alice.path)}&purpose=${alice.purpose}`);
        assert.deepEqual(answer.json, want);
        assert.deepEqual((await wire('GET', '/GetKey?path=%75ser%2Falice&purpose=mainnet&unknown=1')).json, want);
        const blank = await wire('GET', '/GetKey?path=a+b%2Bc');
        assert.equal(blank.json.key, getKey('a b+c', '').key);
        assert.equal((await wire('GET', '/GetKey')).json.key, getKey('', '').key);
    });

    test('?json makes any POST a JSON one', async () => {
        for (const query of ['?json', '?json=1', '?json=true'])
            for (const headers of [{}, { 'Content-Type': 'text/plain' }])
                assert.deepEqual((await wire('POST', `/GetKey${query}`, headers, JSON.stringify(fields))).json, want, query);
        const typed = await wire('POST', '/GetKey', { 'Content-Type': 'application/json; charset=utf-8' }, JSON.stringify(fields));
        assert.deepEqual(typed.json, want);
    });

    test('a POST without the JSON type is not read as JSON', async () => {
        for (const headers of [{}, { 'Content-Type': 'text/plain' }]) {
            const answer = await wire('POST', '/GetKey', headers, JSON.stringify(fields));
            assert.notDeepEqual(answer.json, want, 'dstack reads protobuf here');
        }
    });

    test('missing fields have their default, an empty body means all of them, unknown ones are ignored', async () => {
        const nothing = getKey('', '');
        for (const body of ['', '{}', '{"unknown":{"a":[]}}']) assert.equal((await post('GetKey', body)).json?.key, nothing.key, body);
        assert.equal((await post('GetKey', { path: 'x' })).json.key, getKey('x', '').key);
    });

    test('null, a wrong type, a field given twice and broken JSON are errors', async () => {
        for (const body of ['{"path":null}', '{"path":1}', '{"path":[]}', '{"path":true}', '{"path":"a","path":"a"}', '{"path":"a","path":"b"}', '{"path":"a"', '{}x', '[', 'text',
            '{"path":"\\ud800"}', '{"algorithm":"rsa"}', '{"algorithm":"secp256k1_prehashed"}'])
            assertError(await post('GetKey', body));
        assertError(await wire('GET', '/GetKey?path=a&path=b'));
    });

    test('hex fields take either case and 0x prefixes, but no odd digits', async () => {
        const row = sign.find((one) => one.simulator === 'gen2' && one.algorithm === 'ed25519' && one.data.startsWith('ab'));
        for (const data of [row.data, row.data.toUpperCase(), '0x' + row.data, '0x0x' + row.data])
            assert.equal((await post('Sign', { algorithm: 'ed25519', data })).json?.signature, row.signature, data);
        for (const data of ['abc', 'zz', '0xa', 'ab cd', 7, null]) assertError(await post('Sign', { algorithm: 'ed25519', data }));
        assert.equal((await wire('GET', `/Sign?algorithm=ed25519&data=${row.data}`)).json?.signature, row.signature);
    });

    test('an unknown method is named in a 400', async () => {
        for (const method of ['Nope', 'getkey', 'EmitEvent2', 'GetKeyX']) {
            assertError(await post(method, {}), `Service not found: ${method}`);
            assertError(await wire('GET', `/${method}`), `Service not found: ${method}`);
        }
    });

    test('a path of more segments and another method of HTTP are 404', async () => {
        for (const [method, path] of [['POST', '/GetKey/x'], ['GET', '/a/GetKey'], ['PUT', '/GetKey'], ['DELETE', '/GetKey'], ['GET', '/']])
            assert.equal((await wire(method, path, { 'Content-Type': 'application/json' }, method === 'GET' ? undefined : '{}')).status, 404, `${method} ${path}`);
    });

    test('a long path is a path', async () => {
        const path = 'p'.repeat(30_000);
        assert.equal((await post('GetKey', { path, purpose: 'ethereum' })).json?.key, getKey(path, 'ethereum').key);
    });

    test('a connection serves one request after another', async () => {
        const request = requestBytes('POST', '/GetKey', { host: 'x', headers: { Connection: 'keep-alive', 'Content-Type': 'application/json' }, body: Buffer.from(JSON.stringify(fields)) });
        const client = connect(sims.gen2.socket);
        let got = '';
        client.on('data', (data) => (got += data));
        for (let i = 1; i <= 5; i++) {
            client.write(request);
            for (let tries = 0; got.split(alice.key).length - 1 < i && tries < 200; tries++) await new Promise((done) => setTimeout(done, 10));
            assert.equal(got.split(alice.key).length - 1, i, 'on one connection');
        }
        client.destroy();
    });

    test('a hundred connections at once are all answered', async () => {
        const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => post('GetKey', { path: `many/${i}` })));
        answers.forEach((answer, i) => assert.equal(answer.json?.key, getKey(`many/${i}`, '').key));
    });

    test('Info is what the published simulator says, for both generations', async () => {
        const answer = await post('Info', {});
        const { info } = vectors('simulator/gen2/info.json');
        for (const [name, value] of Object.entries(info)) assert.deepEqual(answer.json[name], value, name);
        assert.equal(typeof answer.json.tcb_info, 'string', 'tcb_info is JSON in a string on the wire');
        assert.equal(simulators.gen2.app_id, answer.json.app_id);
    });

    test('SIGTERM ends it and takes its socket away', async () => {
        const sim = await startSim();
        const dir = dirname(sim.socket);
        await sim.stop();
        assert.deepEqual(leftovers(dir), []);
    });
});

// audit.test.mjs - devproof audit of a running service: what holds, each way not to hold, and the same verdict from what was kept.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import { connect, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { artifact, buildContracts, DEPLOYER, devproof, dir, encodeDeployData, encodeFunctionData, liar, OTHER, startAnvil, toHex } from '../contracts/lib.mjs';
import { startTls } from '../tls/lib.mjs';
import { between } from './lib/between.mjs';
import { readReport } from '../../html/js/report.js';
import { ROOT } from './lib/cases.mjs';
import { startSim } from './lib/sim.mjs';

const DAY = 86400;
const COMPOSE = join(ROOT, 'docker/app-compose.json');
const IMAGE = /sha256:[0-9a-f]{64}/.exec(readFileSync(COMPOSE, 'utf8'))[0];
const HASH = `0x${createHash('sha256').update(readFileSync(COMPOSE)).digest('hex')}`;
const KMS_ROOT = '0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf'; // of the stand-in's published keys
const OTHER_ROOT = '0x8f2cF602C9695b23130367ed78d8F557554de7C5';
const REQUIRED = ['quote.signature', 'quote.status', 'quote.production', 'log.replays', 'compose.measured', 'compose.closed', 'quote.fresh', 'tls.bound',
    'kms.identity', 'keys.chain', 'chain.proven', 'appauth.fixed', 'appauth.allowed', 'appauth.notice', 'appauth.exit', 'appauth.history',
    'image.rebuilt', 'os.published'];

let sim, stack, anvil, abi, appId, url, all;

/* devproof audit, and its report. */
async function audit(words, options) {
    const ran = await devproof(['audit', ...words, '--json'], options);
    assert.ok(ran.stdout.startsWith('{'), ran.said);
    return { ...JSON.parse(ran.stdout), code: ran.code, stderr: ran.stderr };
}

const claim = (report, id) => report.claims.find((one) => one.id === id);
const bad = (report) => report.claims.filter(({ required, verdict }) => required && verdict !== 'pass').map(({ id, verdict }) => `${id} ${verdict}`);

/* The words of an audit in which all is right, but for what is changed: undefined leaves an option out. */
function words(changes = {}, target = url) {
    const { rpc = all.rpc, ...rest } = { ...all, ...changes };
    const named = Object.entries(rest).filter(([, value]) => value !== undefined);
    return [target, ...named.flatMap(([name, value]) => [`--${name}`, value]), ...rpc.flatMap((node) => ['--rpc', node])];
}

/* TimelockAppAuth at the address that the app has in its event log, where a KMS looks for it. */
async function authorize(chain, address, config) {
    const { bytecode: { object: bytecode } } = artifact('TimelockAppAuth');
    const data = encodeDeployData({ abi, bytecode, args: [DEPLOYER, OTHER, {
        minimumNotice: 8 * DAY, notice: 10 * DAY, exitWindow: 9 * DAY, proposalLifetime: 30 * DAY, pauseLength: 7 * DAY,
        allowAnyDevice: true, requireTcbUpToDate: true, composeHash: HASH, deviceId: `0x${'00'.repeat(32)}`, ...config,
    }] });
    const hash = await chain.ask('eth_sendTransaction', { from: DEPLOYER, data, gas: '0x500000' });
    const { contractAddress } = await chain.mined(hash);
    const state = JSON.parse(gunzipSync(Buffer.from((await chain.ask('anvil_dumpState')).slice(2), 'hex')));
    state.accounts = { [address]: state.accounts[contractAddress.toLowerCase()] };
    await chain.ask('anvil_loadState', toHex(gzipSync(JSON.stringify({ ...state, blocks: [], transactions: [] }))));
    await chain.ask('anvil_mine', toHex(100)); // final by then
}

const send = async (from, functionName, ...args) => {
    const hash = await anvil.ask('eth_sendTransaction', { from, to: appId, data: encodeFunctionData({ abi, functionName, args }), gas: '0x500000' });
    assert.equal((await anvil.mined(hash)).status, 'success');
    await anvil.ask('anvil_mine', toHex(100));
};

/* What changes the chain is taken back. */
async function meanwhile(body) {
    const snapshot = await anvil.ask('evm_snapshot');
    try {
        await body();
    } finally {
        await anvil.ask('evm_revert', snapshot);
    }
}

before(async () => {
    buildContracts();
    ({ abi } = artifact('TimelockAppAuth'));
    [sim, anvil] = await Promise.all([startSim('--app-compose', COMPOSE), startAnvil()]);
    stack = await startTls({ DSTACK_SIMULATOR_ENDPOINT: sim.at('sock'), TLS_NAME: 'localhost' });
    url = `https://127.0.0.1:${stack.tlsPort}`;
    const answer = await visit({ path: '/api/signup', method: 'POST', body: JSON.stringify({ userId: 'alice', email: 'alice@example.com' }) });
    assert.equal(answer.status, 201);
    all = {
        root: sim.at('root'), collateral: sim.at('collateral'), user: 'alice', 'kms-root': KMS_ROOT, image: IMAGE, rpc: [],
    };
    const first = await audit(words());
    all['kms-id'] = claim(first, 'kms.identity').found.split(' ')[1];
    const { quote, app_id } = await attestation();
    appId = `0x${app_id}`;
    writeFileSync(join(dir, 'os.json'), JSON.stringify(registers(quote)));
    all['os-reference'] = join(dir, 'os.json');
    await authorize(anvil, appId);
    all.rpc = [anvil.url, (await liar(anvil.url, (method, answer) => answer)).url];
});
after(async () => {
    await stack?.stop();
    await sim?.stop();
});

function visit({ body, ...options }) {
    return new Promise((done, fail) => {
        const req = request({ host: '127.0.0.1', port: stack.tlsPort, servername: 'localhost', rejectUnauthorized: false, agent: false,
            headers: { 'Content-Type': 'application/json' }, ...options }, async (res) => {
            const chunks = [];
            for await (const chunk of res) chunks.push(chunk);
            done({ status: res.statusCode, body: Buffer.concat(chunks).toString() });
        });
        req.on('error', fail);
        req.end(body);
    });
}

async function attestation() {
    const { quote } = JSON.parse((await visit({ path: `/api/attestation?nonce=${'ab'.repeat(32)}` })).body);
    const { app_id } = await sim.ask('/Info');
    return { quote: Buffer.from(quote, 'hex'), app_id };
}

/* Where a TD report has its measurements: Intel TDX DCAP Quoting Library API, A.3.2. */
const registers = (quote) => Object.fromEntries([['mrtd', 184], ['rtmr0', 376], ['rtmr1', 424], ['rtmr2', 472]]
    .map(([name, at]) => [name, quote.subarray(at, at + 48).toString('hex')]));

/* --- all is right --- */

test('every claim holds, and stage 1 is reached', async () => {
    const report = await audit(words());
    assert.deepEqual(bad(report), []);
    assert.deepEqual(report.claims.filter(({ required }) => required).map(({ id }) => id).sort(), [...REQUIRED].sort());
    assert.deepEqual([report.code, report.holds, report.stage.stage, report.stage.next], [0, true, 1, 2]);
    assert.match(claim(report, 'quote.signature').source, /not Intel's/);
    assert.match(claim(report, 'appauth.notice').found, /^10 d now, never shorter than 8 d$/);
    assert.match(claim(report, 'appauth.allowed').found, /^allowed since /);
    for (const { expected, found, source, id } of report.claims) assert.ok(expected && found && source, id);
    const { code, stderr, ...printed } = report;
    const onPage = readReport(JSON.stringify(printed)); // what /trust makes of it
    assert.deepEqual([onPage.holds, onPage.stage.stage], [true, 1]);
    const { stdout } = await devproof(['appauth', 'show', appId, ...all.rpc.flatMap((node) => ['--rpc', node]), '--compose-hash', HASH, '--json']);
    const shown = JSON.parse(stdout);
    assert.deepEqual({ ...report.appauth, block: null }, { ...shown, block: null });
});

test('a slash after the address is none of a path', async () => {
    assert.equal((await audit(words({}, `${url}//`))).url, url);
    assert.match((await devproof(['audit', `https://${'a'.repeat(3000)}`])).stderr, /at most 2047 bytes/);
});

test('a report for people says each verdict in a word, what can still be done, and the same as JSON', async () => {
    const { code, stdout } = await devproof(['audit', ...words(), '--html', join(dir, 'report.html')]);
    assert.equal(code, 0, stdout);
    assert.equal(stdout.match(/✓ pass/g).length >= REQUIRED.length, true);
    assert.match(stdout, /Stage 1 of ERC-733/);
    assert.match(stdout, /the contract's owner, 0x\w{40} can give the keys to other code/);
    assert.ok(!stdout.includes('\x1b'), 'no colours where nobody sees them');
    const { claims } = await audit(words());
    const page = readFileSync(join(dir, 'report.html'), 'utf8').replaceAll('&#39;', '\'');
    assert.ok(!/<script|src=|href=/i.test(page));
    for (const { title } of claims) assert.ok(page.includes(title), title);
});

/* --- each way not to hold --- */

const changed = (name, at) => {
    const json = JSON.parse(readFileSync(join(dir, 'os.json')));
    const digits = json[name];
    writeFileSync(join(dir, `os-${name}.json`), JSON.stringify({ ...json, [name]: `${digits.slice(0, at)}${digits[at] === '0' ? '1' : '0'}${digits.slice(at + 1)}` }));
    return join(dir, `os-${name}.json`);
};

for (const [what, change, expected] of [
    ['no collateral', () => ({ collateral: undefined }), ['quote.signature not checked', 'quote.status not checked']],
    ['Intel\'s root, not the stand-in\'s', () => ({ root: undefined }), ['quote.signature fail', 'quote.status not checked']],
    ['another KMS root', () => ({ 'kms-root': OTHER_ROOT }), ['keys.chain fail']],
    ['no KMS root', () => ({ 'kms-root': undefined }), ['keys.chain not checked']],
    ['no user', () => ({ user: undefined }), ['keys.chain not checked']],
    ['another KMS', () => ({ 'kms-id': 'ab'.repeat(91) }), ['kms.identity fail']],
    ['no KMS named', () => ({ 'kms-id': undefined }), ['kms.identity not checked']],
    ['another image', () => ({ image: `sha256:${'0'.repeat(64)}` }), ['image.rebuilt fail']],
    ['no image named', () => ({ image: undefined }), ['image.rebuilt not checked']],
    ...['mrtd', 'rtmr0', 'rtmr1', 'rtmr2'].map((name) => [`another ${name}`, () => ({ 'os-reference': changed(name, 95) }), ['os.published fail']]),
    ['no OS named', () => ({ 'os-reference': undefined }), ['os.published not checked']],
    ['one node alone', () => ({ rpc: [anvil.url] }), ['chain.proven not checked']],
    ['the newest block, which is not final', () => ({ block: 'latest' }), ['chain.proven fail']],
    ['a longer notice asked for', () => ({ 'min-notice': String(8 * DAY + 1) }), ['appauth.notice fail']],
    ['a longer exit asked for', () => ({ 'min-notice': String(9 * DAY + 1) }), ['appauth.exit fail', 'appauth.notice fail']],
]) test(`${what}: ${expected.join(', ')}, and nothing else`, async () => {
    const report = await audit(words(change()));
    assert.deepEqual(bad(report).sort(), expected);
    assert.equal(report.code, 1);
    assert.equal(report.stage.stage, 0);
    for (const { verdict, note, id } of report.claims) assert.ok(verdict === 'pass' || note, id);
});

const CHAIN = ['appauth.allowed', 'appauth.exit', 'appauth.fixed', 'appauth.history', 'appauth.notice', 'chain.proven'];

test('without a node, and with one that is down, nothing of the chain is checked, and it says why', async () => {
    for (const [rpc, why] of [[[], /--rpc/], [['http://127.0.0.1:9'], /127\.0\.0\.1:9/]]) {
        const report = await audit(words({ rpc }));
        assert.deepEqual(bad(report).sort(), CHAIN.map((id) => `${id} not checked`));
        assert.match(claim(report, 'appauth.allowed').note, why);
        assert.equal(report.appauth, null);
    }
});

test('a node that lies about the storage is named, and nothing is taken from it', async () => {
    const lie = (method, answer) => {
        if (method === 'eth_getProof' && answer.result.storageProof.length > 0) answer.result.storageProof[0].proof.reverse();
        return answer;
    };
    const { url } = await liar(anvil.url, lie);
    const report = await audit(words({ rpc: [url, anvil.url] }));
    assert.deepEqual(bad(report).sort(), CHAIN.map((id) => `${id} not checked`));
    assert.match(claim(report, 'chain.proven').note, new RegExp(url.slice('http://'.length)));
});

test('the contract changes its mind: removed, paused, other code, another address', async () => {
    await meanwhile(async () => {
        await send(OTHER, 'pause');
        assert.deepEqual(bad(await audit(words())), ['appauth.allowed fail']);
    });
    await meanwhile(async () => {
        const code = await anvil.client.getCode({ address: appId });
        await anvil.ask('anvil_setCode', appId, `${code.slice(0, 28)}${code[28] === '0' ? '1' : '0'}${code.slice(29)}`);
        await anvil.ask('anvil_mine', toHex(100));
        assert.deepEqual(bad(await audit(words())), ['appauth.fixed fail', 'appauth.notice fail', 'appauth.exit fail']);
    });
    const elsewhere = '0x00000000000000000000000000000000000a0d17';
    await meanwhile(async () => {
        await authorize(anvil, elsewhere);
        const report = await audit(words({ appauth: elsewhere }));
        assert.deepEqual(bad(report), ['appauth.allowed fail']);
        assert.match(claim(report, 'appauth.allowed').note, /app id/);
    });
    const other = await startAnvil();
    try {
        await authorize(other, appId, { composeHash: `0x${'11'.repeat(32)}` });
        const report = await audit(words({ rpc: [other.url, (await liar(other.url, (method, answer) => answer)).url] }));
        assert.deepEqual(bad(report), ['appauth.allowed fail']);
        assert.match(claim(report, 'appauth.allowed').found, /it never was/);
    } finally {
        await other.stop();
    }
    assert.deepEqual(bad(await audit(words())), []);
});

test('over HTTP the connection is not bound', async () => {
    /* The service leads HTTP to HTTPS, so what has no TLS is a program in between that takes it off. */
    const { createServer: plain } = await import('node:http');
    await between(stack.tlsPort, (handler) => plain(handler), async (port) => {
        const report = await audit(words({}, `http://127.0.0.1:${port}`));
        assert.deepEqual(bad(report), ['tls.bound fail']);
    });
});

test('a program in the middle, which hands all evidence on under a certificate of the same CA, is refused', async () => {
    const { key, certificate_chain } = await sim.ask('/GetTlsKey', { subject: 'localhost', alt_names: ['localhost'], usage_server_auth: true });
    await between(stack.tlsPort, (handler) => createServer({ key, cert: certificate_chain.join('') }, handler), async (port) => {
        const report = await audit(words({}, `https://127.0.0.1:${port}`));
        assert.ok(bad(report).includes('tls.bound fail'), bad(report).join());
        assert.match(claim(report, 'tls.bound').note, /somebody is in between/);
    });
});

test('who lets the quote through and takes the next connection is noticed', async () => {
    const { key, certificate_chain } = await sim.ask('/GetTlsKey', { subject: 'localhost', alt_names: ['localhost'], usage_server_auth: true });
    await between(stack.tlsPort, (handler) => createServer({ key, cert: certificate_chain.join('') }, handler), async (port) => {
        const ports = [stack.tlsPort, port];
        const server = createTcpServer((socket) => {
            const on = connect(ports.shift() ?? port, '127.0.0.1');
            for (const one of [socket, on]) one.on('error', () => (socket.destroy(), on.destroy()));
            socket.pipe(on).pipe(socket);
        });
        await new Promise((done) => server.listen(0, '127.0.0.1', done));
        const { code, stdout, stderr } = await devproof(['audit', ...words({}, `https://127.0.0.1:${server.address().port}`), '--json']);
        server.close();
        assert.deepEqual([code, stdout, ports], [1, '', []]);
        assert.match(stderr, /shows another certificate than a moment ago/);
    });
});

/* --- kept evidence --- */

const kept = () => join(dir, 'kept');

/* Judge a folder: the options that name evidence or nodes are left out. */
const again = (folder) => {
    const { root, 'kms-root': kmsRoot, 'kms-id': kmsId, image, 'os-reference': os } = all;
    return ['--from', folder, '--root', root, '--kms-root', kmsRoot, '--kms-id', kmsId, '--image', image, '--os-reference', os];
};

test('from what was kept the same verdict follows, without service, nodes or network', async () => {
    const first = await audit([...words(), '--archive', kept()]);
    const second = await audit(again(kept()), { env: { RPC_URL: 'http://127.0.0.1:9' } });
    for (const report of [first, second]) {
        delete report.stderr;
        delete report.appauth.block.ageSeconds; // of the second in which it was asked
    }
    assert.deepEqual(second, first);
    assert.deepEqual(readdirSync(kept()).sort(), ['attestation.json', 'audit.json', 'chain.json', 'collateral.json', 'keys.json', 'peer.pem']);
    const repeated = await devproof(['audit', ...words(), '--archive', kept()]);
    assert.equal(repeated.code, 1);
    assert.match(repeated.stderr, /exists/);
});

function copied(name, change) {
    const folder = join(dir, name);
    cpSync(kept(), folder, { recursive: true });
    change(folder);
    return folder;
}

const edit = (file, change) => (folder) => {
    const json = JSON.parse(readFileSync(join(folder, file)));
    change(json);
    writeFileSync(join(folder, file), JSON.stringify(json));
};

for (const [what, change, expected] of [
    ['another nonce', edit('audit.json', (json) => { json.nonce = '00'.repeat(32); }), ['quote.fresh fail', 'tls.bound fail']],
    ['another definition', edit('attestation.json', (json) => { json.app_compose = json.app_compose.replace('3000', '3001'); }),
        ['appauth.allowed', 'appauth.exit', 'appauth.fixed', 'appauth.history', 'appauth.notice', 'chain.proven', 'compose.measured']],
    ['another key', edit('keys.json', (json) => { json.signature_chain[0] = json.signature_chain[0].replace(/.$/, (digit) => (digit === '0' ? '1' : '0')); }), ['keys.chain fail']],
    ['a call taken out', edit('chain.json', (json) => { json.nodes[0].calls.splice(3, 1); }), CHAIN.map((id) => `${id} not checked`)],
    ['an answer changed', edit('chain.json', (json) => { const call = json.nodes[0].calls.find(({ request }) => request.includes('eth_getProof')); call.answer = call.answer.replace(/"balance":"0x0"/, '"balance":"0x1"'); }),
        CHAIN.map((id) => `${id} not checked`)],
    ['no collateral', (folder) => truncateSync(join(folder, 'collateral.json')), ['quote.signature not checked', 'quote.status not checked']],
    ['no chain', (folder) => truncateSync(join(folder, 'chain.json')), CHAIN.map((id) => `${id} not checked`)],
    ['judged two years later', edit('audit.json', (json) => { json.at = json.at.replace(/^\d+/, (year) => String(Number(year) + 2)); }), ['chain.proven fail', 'quote.signature fail', 'quote.status not checked']],
    ['a clock that is two years behind', edit('audit.json', (json) => { json.at = json.at.replace(/^\d+/, (year) => String(Number(year) - 2)); }), ['chain.proven fail', 'quote.signature fail', 'quote.status not checked']],
]) test(`kept evidence with ${what} does not hold`, async () => {
    const report = await audit(again(copied(what.replaceAll(' ', '-'), change)));
    assert.equal(report.code, 1);
    const found = bad(report).sort();
    assert.deepEqual(expected[0].includes(' ') ? found : found.map((line) => line.split(' ')[0]), expected);
});

test('a clock that is wrong is said to be', async () => {
    const folder = join(dir, 'a-clock-that-is-two-years-behind');
    const report = await audit(again(folder));
    assert.match(claim(report, 'chain.proven').note, /ahead of this machine's clock: one of the two is wrong/);
    assert.match(claim(report, 'quote.signature').note, /is the clock right/);
});

test('files cut short and 20 MB of noise are refused in no time', async () => {
    const noise = randomBytes(20 << 20);
    for (const file of ['audit.json', 'attestation.json', 'chain.json', 'collateral.json', 'keys.json']) {
        const whole = readFileSync(join(kept(), file));
        for (const part of [noise, ...Array.from({ length: 12 }, (_, i) => whole.subarray(0, Math.floor((whole.length - 2) * (i + 1) / 13)))]) {
            const folder = copied(`cut-${file}`, (folder) => writeFileSync(join(folder, file), part));
            const began = Date.now();
            const { code, stdout, stderr } = await devproof(['audit', ...again(folder), '--json']);
            assert.ok(Date.now() - began < 10_000);
            if (file === 'collateral.json' && part !== noise) assert.match(stdout, /"quote.signature"[^}]*"verdict":"(fail|not checked)"/);
            else assert.match(stderr, new RegExp(file), stdout);
            assert.notEqual(code, 0);
            assert.ok(code === 1 || code === 2, stderr);
        }
    }
});

test('files that are no evidence are named, and nothing is judged', async () => {
    for (const file of ['audit.json', 'attestation.json', 'chain.json', 'keys.json']) {
        for (const [i, text] of ['{', '[]', '{"a":1}', `${'['.repeat(100)}`, '\0'].entries()) {
            const folder = copied(`bad-${file}-${i}`, (folder) => writeFileSync(join(folder, file), text));
            const { code, stdout, stderr } = await devproof(['audit', ...again(folder), '--json']);
            assert.equal(code, 1, `${file} ${text}`);
            if (file === 'keys.json' && text === '{"a":1}') {
                assert.deepEqual(bad(JSON.parse(stdout)), ['keys.chain fail']);
                continue;
            }
            assert.equal(stdout, '', `${file} ${text}`);
            assert.match(stderr, new RegExp(file), `${file} ${text}`);
        }
    }
    assert.ok(existsSync(kept()));
});

/* --- reports --- */

test('a report is shown again, and two are compared', async () => {
    const save = (name, report) => {
        writeFileSync(join(dir, name), JSON.stringify(report));
        return join(dir, name);
    };
    const good = await audit(words()), other = await audit(words({ image: undefined, rpc: [anvil.url] }));
    const [a, b] = [save('a.json', good), save('b.json', other)];
    const shown = await devproof(['audit', 'show', a]);
    assert.equal(shown.code, 0);
    assert.match(shown.stdout, /Stage 1/);
    assert.equal((await devproof(['audit', 'show', b])).code, 1);
    assert.deepEqual((await devproof(['audit', 'diff', a, a])), { code: 0, stdout: 'Nothing changed.\n', stderr: '', said: 'Nothing changed.\n' });
    await anvil.ask('anvil_mine', toHex(3));
    const later = save('later.json', await audit(words()));
    assert.equal((await devproof(['audit', 'diff', a, later])).said, 'Nothing changed.\n', 'only the block is another one');
    const { code, stdout } = await devproof(['audit', 'diff', a, b, '--json']);
    assert.equal(code, 1);
    const changes = JSON.parse(stdout);
    assert.deepEqual(changes.filter(({ what }) => what === 'claim').map(({ id }) => id).sort(), ['chain.proven', 'image.rebuilt']);
    assert.ok(changes.some(({ what, before, after }) => what === 'stage' && before === 1 && after === 0));
});

test('a report cannot say of itself that it holds', async () => {
    const report = await audit(words({ image: undefined }));
    writeFileSync(join(dir, 'boast.json'), JSON.stringify({ ...report, holds: true, stage: { stage: 3 } }));
    const shown = await devproof(['audit', 'show', join(dir, 'boast.json'), '--json']);
    assert.equal(shown.code, 1);
    assert.deepEqual([JSON.parse(shown.stdout).holds, JSON.parse(shown.stdout).stage.stage], [false, 0]);
});

test('wrong use ends with 2 and a sentence', async () => {
    for (const line of [[], ['ftp://a'], ['https//a'], ['https://a', 'b'], ['--from', kept(), '--rpc', anvil.url], ['--from', kept(), '--archive', 'x'], [url, '--kms-root', '12'],
        [url, '--appauth', '0x12'], [url, '--rpc', 'ws://a'], [url, '--min-notice', '-1'], [url, '--min-notice', '1e9'], [url, '--block', 'newest'],
        ['show'], ['diff', 'a'], ['--banana'], ['show', '/nowhere'], ['--from', '/nowhere'], [url, '--rules', '/nowhere'], [url, '--root', '/nowhere']]) {
        const { code, stdout, stderr } = await devproof(['audit', ...line]);
        assert.deepEqual([code, stdout], [2, ''], line.join(' '));
        assert.match(stderr, /devproof|Usage|unrecognized/, line.join(' '));
    }
    const { code, stdout } = await devproof(['audit', '--help']);
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: devproof audit URL/);
    mkdirSync(join(dir, 'empty'));
    assert.equal((await devproof(['audit', '--from', join(dir, 'empty')])).code, 2);
});

// simauth.test.mjs - dstack-sim asks a TimelockAppAuth on a real anvil before a key is used: yes, no, and no answer.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { client } from '../api/lib/http.mjs';
import { BUILD_DIR, freePort, ROOT, sleep, startStack } from '../api/lib/stack.mjs';
import { startSim } from '../attest/lib/sim.mjs';
import {
    artifact, atEnd, buildContracts, decodeFunctionData, DEPLOYER, encodeDeployData, encodeFunctionData, encodeFunctionResult, getAddress, liar, OTHER, startAnvil,
    toHex,
} from './lib.mjs';

const DAY = 86400, KEPT_MS = 1100;
const CHANGES = { AddDevice: 2, RemoveDevice: 3, SetAllowAnyDevice: 4, SetRequireTcbUpToDate: 5 };
/* The platform's id is 16 zero bytes. */
const DEVICE = `0x${createHash('sha256').update(Buffer.alloc(16)).digest('hex')}`;
const CONFIG = {
    minimumNotice: DAY, notice: DAY, exitWindow: DAY, proposalLifetime: 5 * DAY, pauseLength: 7 * DAY,
    allowAnyDevice: true, requireTcbUpToDate: true, composeHash: `0x${'00'.repeat(32)}`, deviceId: `0x${'00'.repeat(32)}`,
};
const word = (value) => toHex(BigInt(value), { size: 32 });

let anvil, abi, bytecode, info;
before(async () => {
    buildContracts();
    ({ abi, bytecode: { object: bytecode } } = artifact('TimelockAppAuth'));
    anvil = await startAnvil();
    const sim = await startSim();
    info = await sim.ask('/Info');
    await sim.stop();
});

/* dstack makes an app's id the address of its contract, so the contract is put there: its constructor runs at that
 * address, and the code that it returns stays. What changes it is sent; each is a snapshot's to undo. */
async function appAuth(config = {}) {
    const address = getAddress(`0x${info.app_id}`);
    const transact = async (from, data) => {
        const hash = await anvil.ask('eth_sendTransaction', { from, to: address, data, gas: '0x1000000' });
        assert.equal((await anvil.mined(hash)).status, 'success');
    };
    const snapshot = await anvil.ask('evm_snapshot');
    await anvil.ask('anvil_setCode', address, encodeDeployData({ abi, bytecode, args: [DEPLOYER, OTHER, { ...CONFIG, composeHash: `0x${info.compose_hash}`, ...config }] }));
    const code = await anvil.ask('eth_call', { from: DEPLOYER, to: address, gas: '0x1000000' }, 'latest');
    await transact(DEPLOYER, '0x');
    await anvil.ask('anvil_setCode', address, code);
    return {
        address,
        send: (functionName, ...args) => transact(DEPLOYER, encodeFunctionData({ abi, functionName, args })),
        guard: (functionName) => transact(OTHER, encodeFunctionData({ abi, functionName })),
        async later(seconds) {
            await anvil.ask('evm_increaseTime', toHex(seconds));
            await anvil.ask('evm_mine');
        },
        end: () => anvil.ask('evm_revert', snapshot),
    };
}

/* Run with such a contract, and a simulator that asks it. */
async function governed({ config, args = [], rpc = anvil.url }, body) {
    const auth = await appAuth(config);
    const sim = await startSim('--app-auth', auth.address, '--rpc', rpc, ...args);
    try {
        await body(sim, auth);
    } finally {
        await sim.stop();
        await auth.end();
    }
}

const USES = [['/GetKey', { path: 'a' }], ['/Sign', { algorithm: 'secp256k1', data: 'ab' }], ['/prpc/Tappd.DeriveK256Key', { path: 'a' }], ['/prpc/DeriveK256Key', {}],
    ['/prpc/Worker.GetAttestationForAppKey', { algorithm: 'ed25519' }], ['/GetTlsKey', {}], ['/prpc/Tappd.DeriveKey', { path: 'a' }]];
const FREE = ['/Info', '/Version', '/GetQuote', '/Attest', '/prpc/Tappd.Info', '/prpc/Tappd.TdxQuote', '/prpc/Worker.Info'];

async function assertAllowed(sim) {
    for (const [path, fields] of USES) await sim.ask(path, fields);
}

/* No use of a key, and nothing but that sentence. */
async function assertRefused(sim, sentence) {
    for (const [path, fields] of USES) await assert.rejects(sim.ask(path, fields), { message: sentence }, path);
    for (const path of FREE) await sim.ask(path, {});
}

const settled = () => sleep(KEPT_MS);

test('what the contract is asked is what the machine says of itself', async () => {
    const asked = [];
    const node = await liar(anvil.url, (method, answer, { params }) => (asked.push({ method, params }), answer));
    await governed({ rpc: node.url, args: ['--tcb', 'outdated'], config: { requireTcbUpToDate: false } }, async (sim, auth) => {
        await assertAllowed(sim);
        const [{ method, params: [call, block] }] = asked;
        assert.deepEqual([method, getAddress(call.to), block], ['eth_call', auth.address, 'latest']);
        const { functionName, args: [boot] } = decodeFunctionData({ abi, data: call.data });
        assert.equal(functionName, 'isAppAllowed');
        const { mrtd, rtmr0, rtmr1, rtmr2 } = JSON.parse(info.tcb_info);
        const system = [mrtd, rtmr0, rtmr1, rtmr2, createHash('sha256').update(info.key_provider_info).digest('hex')].join('');
        assert.deepEqual(boot, {
            appId: auth.address, composeHash: `0x${info.compose_hash}`, instanceId: getAddress(`0x${info.instance_id}`), deviceId: DEVICE,
            mrAggregated: `0x${info.mr_aggregated}`, mrSystem: `0x${createHash('sha256').update(Buffer.from(system, 'hex')).digest('hex')}`,
            osImageHash: `0x${info.os_image_hash}`, tcbStatus: 'OutOfDate', advisoryIds: ['INTEL-SA-00615'],
        });
    });
});

test('a file that is measured is the code that is asked for', async () => {
    const file = join(ROOT, 'docker/app-compose.json');
    await governed({ args: ['--app-compose', file] }, async (sim, auth) => {
        await assertRefused(sim, 'Boot denied: compose hash is not allowed');
        await auth.send('proposeComposeHash', `0x${(await sim.ask('/Info')).compose_hash}`);
        await settled();
        await assertRefused(sim, 'Boot denied: compose hash is not allowed');
        await auth.later(DAY);
        await settled();
        await assertRefused(sim, 'Boot denied: compose hash is not allowed');
        await auth.send('activateComposeHash', `0x${(await sim.ask('/Info')).compose_hash}`);
        await settled();
        await assertAllowed(sim);
    });
});

test('code that is removed gets no key any more', async () => {
    await governed({}, async (sim, auth) => {
        await auth.send('proposeRemoval', `0x${info.compose_hash}`);
        await auth.later(DAY);
        await assertAllowed(sim);
        await auth.send('removeComposeHash', `0x${info.compose_hash}`);
        await settled();
        await assertRefused(sim, 'Boot denied: compose hash is not allowed');
    });
});

test('a pause stops keys, its end gives them back', async () => {
    await governed({}, async (sim, auth) => {
        await assertAllowed(sim);
        await auth.guard('pause');
        await settled();
        await assertRefused(sim, 'Boot denied: paused by the guardian');
        await auth.send('unpause');
        await settled();
        await assertAllowed(sim);
    });
});

test('the platform\'s status and the device count', async () => {
    await governed({ args: ['--tcb', 'outdated'] }, (sim) => assertRefused(sim, 'Boot denied: TCB is not up to date'));
    await governed({ config: { allowAnyDevice: false } }, (sim) => assertRefused(sim, 'Boot denied: device is not allowed'));
    await governed({ config: { allowAnyDevice: false, deviceId: DEVICE } }, assertAllowed);
});

test('a contract at another address is not the app\'s; no contract is no answer', async () => {
    const hash = await anvil.ask('eth_sendTransaction', { from: DEPLOYER, data: encodeDeployData({ abi, bytecode, args: [DEPLOYER, OTHER, CONFIG] }), gas: '0x1000000' });
    const { contractAddress } = await anvil.mined(hash);
    for (const [address, sentence] of [[contractAddress, 'Boot denied: app id is not this contract'], [OTHER, 'The app\'s contract gives no answer: there is no contract at the address']]) {
        const sim = await startSim('--app-auth', address, '--rpc', anvil.url);
        await assertRefused(sim, sentence);
        await sim.stop();
    }
});

/* A simulator whose node answers like that. */
async function withNode(answer, body) {
    let asked = 0;
    const server = createServer((request, response) => {
        const pieces = [];
        asked++;
        request.on('data', (piece) => pieces.push(piece));
        request.on('end', () => answer(response, JSON.parse(Buffer.concat(pieces)).id));
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    atEnd(() => (server.closeAllConnections(), server.close()));
    const sim = await startSim('--app-auth', `0x${info.app_id}`, '--rpc', `http://user:hush@127.0.0.1:${server.address().port}/secret`);
    try {
        await body(sim, () => asked);
    } finally {
        await sim.stop();
        server.closeAllConnections();
        server.close();
    }
}
const says = (result) => (response, id) => response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
const yes = () => encodeFunctionResult({ abi, functionName: 'isAppAllowed', result: [true, ''] });
const no = (reason) => encodeFunctionResult({ abi, functionName: 'isAppAllowed', result: [false, reason] });

/* The sentence of the refusal, and how long it took. */
async function refusal(sim) {
    const began = Date.now();
    const message = await sim.ask('/GetKey', { path: 'a' }).then(() => 'a key', (err) => err.message);
    return { message, ms: Date.now() - began };
}

test('a node that is down, or silent, is a no within two seconds, and kept from being asked by all', async () => {
    const down = await startSim('--app-auth', `0x${info.app_id}`, '--rpc', `http://127.0.0.1:${await freePort()}`);
    assert.match((await refusal(down)).message, /^The app's contract gives no answer: .*onnect/);
    await down.stop();
    await withNode(() => {}, async (sim, asked) => {
        const all = await Promise.all(Array.from({ length: 20 }, () => refusal(sim)));
        for (const { message, ms } of all) {
            assert.match(message, /^The app's contract gives no answer: .*timed out/i);
            assert.ok(ms < 2000, `${ms}`);
        }
        assert.equal(asked(), 1);
        assert.ok((await sim.ask('/Version', {})).version);
    });
});

test('what is no clear yes is a no, and shows neither a key nor the node\'s URL', async () => {
    const answers = [
        says('0x'), says('0x01'), says(null), says(true), says({}), says('yes'), says(`0x${'ff'.repeat(4096)}`),
        says(word(1)), says(yes().slice(0, -2)), says(yes().slice(0, 66)), says(word(2) + yes().slice(66)),
        says(no('')), says(no('because')), says(no('x'.repeat(100_000))), says(no('\u001b[31mred\u0007')), says(no('€'.repeat(400))),
        says(`0x${'00'.repeat(200_000)}`), says(word(1) + 'ff'.repeat(32)),
        (response) => response.end('garbage'), (response) => response.end(''), (response) => response.end('{'), (response) => response.destroy(),
        (response, id) => response.end(JSON.stringify({ jsonrpc: '2.0', id: id + 1, result: yes() })),
        (response, id) => response.end(JSON.stringify({ jsonrpc: '2.0', id, error: { code: 3, message: 'execution reverted', data: yes() } })),
        (response) => response.writeHead(500).end('oops'),
        (response) => response.writeHead(302, { Location: anvil.url }).end(),
        (response) => response.end(Buffer.alloc(2 << 20, ' ')),
    ];
    const key = (await withoutContract()).key;
    for (const [i, answer] of answers.entries())
        await withNode(answer, async (sim) => {
            const { message } = await refusal(sim);
            assert.match(message, /^(Boot denied|The app's contract gives no answer): ./, `${i}: ${message}`);
            assert.ok(message.length < 320 && !/[\u0000-\u001f\ufffd]/.test(message), `${i}: ${message}`);
            assert.ok(!message.includes(key) && !/hush|secret/.test(message), `${i}: ${message}`);
        });
    await withNode(says(yes()), async (sim) => assert.equal((await sim.ask('/GetKey', { path: 'a' })).key, key));
});

async function withoutContract() {
    const sim = await startSim();
    const answer = await sim.ask('/GetKey', { path: 'a' });
    await sim.stop();
    return answer;
}

test('an answer is kept for a second, no longer', async () => {
    let allowed = true;
    await withNode((response, id) => says(allowed ? yes() : no('over'))(response, id), async (sim, asked) => {
        const end = Date.now() + 2500;
        let uses = 0;
        for (; Date.now() < end; uses++) await sim.ask('/GetKey', { path: 'a' });
        assert.ok(asked() <= 3 && uses > 30, `${asked()} questions for ${uses} uses`);
        allowed = false;
        await settled();
        assert.equal((await refusal(sim)).message, 'Boot denied: over');
    });
});

test('options that say nothing are refused', () => {
    const address = `0x${info.app_id}`;
    for (const [args, sentence] of [
        [['--app-auth', address], /go together/], [['--rpc', anvil.url], /go together/],
        [['--app-auth', '0x12', '--rpc', anvil.url], /--app-auth takes an address/],
        [['--app-auth', '0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266', '--rpc', anvil.url], /--app-auth takes an address/],
        ...['', 'http://', '127.0.0.1:8545', 'ftp://127.0.0.1', 'file:///dev/null', 'http://a b'].map((url) => [['--app-auth', address, '--rpc', url], /--rpc takes an http/]),
    ]) {
        const { status, stderr } = spawnSync(join(BUILD_DIR, 'bin/dstack-sim'), ['--data', join(ROOT, 'bin/sim/gen2'), '--socket', '/dev/null/none', ...args], { encoding: 'utf8' });
        assert.equal(status, 2, args.join(' '));
        assert.match(stderr, sentence);
    }
});

test('a whole stack answers 503 while its app is refused, and signs again once the chain lets it', async () => {
    const auth = await appAuth();
    const stack = await startStack({ DSTACK_SIM_OPTIONS: `--app-auth ${auth.address} --rpc ${anvil.url}/?key=[a-z]*&x=$HOME` });
    try {
        const api = client(stack);
        const { json: user } = await api('POST', '/api/signup', { userId: 'alice', email: 'alice@example.com' });
        const sign = () => api('POST', '/api/users/alice/sign', { message: 'hello' }, { token: user.token });
        const first = await sign();
        assert.equal(first.status, 200, JSON.stringify(first.json));

        await auth.send('propose', CHANGES.SetAllowAnyDevice, word(0));
        await auth.send('propose', CHANGES.AddDevice, DEVICE);
        await auth.later(DAY);
        await auth.send('activate', CHANGES.SetAllowAnyDevice, word(0));
        await settled();
        const refused = await sign();
        assert.deepEqual([refused.status, refused.json.code], [503, 'dstack_unavailable']);
        const health = await api('GET', '/api/health');
        assert.deepEqual([health.status, health.json.checks.dstack], [503, 'failing']);

        await auth.send('activate', CHANGES.AddDevice, DEVICE);
        await settled();
        const again = await sign();
        assert.equal(again.status, 200);
        assert.equal(again.json.signature, first.json.signature);
    } finally {
        await stack.stop();
        await auth.end();
    }
});

// nodes.test.mjs - nodes that are down, slow, huge, or that lie: nothing of theirs is believed or recorded.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { before, test } from 'node:test';
import { freePort } from '../api/lib/stack.mjs';
import { atEnd, buildContracts, DEPLOYER, liar, operator, OTHER, ROOT_A, startAnvil } from './lib.mjs';

let anvil;
before(async () => {
    buildContracts();
    anvil = await startAnvil();
});

const nonce = () => anvil.client.getTransactionCount({ address: DEPLOYER });
const WORDS = ['UserConsent', ROOT_A, '--timeout', '2'];

async function serve(answer) {
    const server = createServer((request, response) => {
        request.resume();
        request.on('end', () => answer(response));
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    atEnd(() => (server.closeAllConnections(), server.close()));
    return `http://127.0.0.1:${server.address().port}`;
}

/* It fails with that sentence, and there is no record that says otherwise. */
async function fails(url, sentence, words = WORDS) {
    const me = operator(url);
    const ran = await me.deploy(words);
    assert.equal(ran.code, 1, ran.said);
    assert.match(ran.stderr, sentence);
    assert.equal(ran.stdout, '');
    if (existsSync(me.file())) assert.equal(me.records().UserConsent.pending, true);
    return ran;
}

test('down', async () => {
    const ran = await fails(`http://user:hush@127.0.0.1:${await freePort()}/v3/api-key`, /127\.0\.0\.1:\d+: .*(refused|connect)/i);
    assert.ok(!/hush|api-key/.test(ran.said), 'what may be secret of the URL is not shown');
});

test('slow', async () => {
    const start = Date.now();
    await fails(await serve(() => {}), /timed out/i);
    assert.ok(Date.now() - start < 15000);
});

test('slow, a byte at a time', async () => {
    const url = await serve((response) => {
        const timer = setInterval(() => response.write(' '), 100);
        response.on('close', () => clearInterval(timer));
    });
    await fails(url, /timed out/i);
});

test('huge', async () => {
    const url = await serve((response) => {
        const piece = Buffer.alloc(1 << 20, ' ');
        const more = () => response.write(piece, () => response.writable && more());
        more();
    });
    await fails(url, /over 8388608 bytes/);
});

test('no node at all', async () => {
    await fails(await serve((response) => response.end('<html>Welcome</html>')), /no Ethereum node/);
    await fails(await serve((response) => response.end()), /no Ethereum node/);
    await fails(await serve((response) => (response.writeHead(502), response.end('<html>'))), /HTTP status 502/);
    await fails(await serve((response) => (response.writeHead(302, { location: anvil.url }), response.end())), /HTTP status 302/);
    await fails(await serve((response) => response.end('{"jsonrpc":"2.0","id":99,"result":"0x7a69"}')), /another request/);
    await fails(await serve((response) => response.end('{"jsonrpc":"2.0","id":1,"result":"0x07a69"}')), /eth_chainId is not of its form/);
    await fails(await serve((response) => response.end('{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"pay \\u001b[2Jfirst"}}')), /refuses: pay  \[2Jfirst \(-32005\)/);
});

/* Change one method's answer; before: nothing may be sent. */
const LIES = {
    'other code from the constructor': ['eth_call', (r) => r.slice(0, 100) + (r[100] === '0' ? '1' : '0') + r.slice(101), /makes other code of it than the compiler, from byte 49/, true],
    'less code from the constructor': ['eth_call', (r) => r.slice(0, -2), /makes other code/, true],
    'no code from the constructor': ['eth_call', () => '0x', /from byte 0/, true],
    'no hex from the constructor': ['eth_call', () => '0xzz', /eth_call is not of its form/, true],
    'gas without end': ['eth_estimateGas', () => '0xffffffffffffffff', /gas is out of bounds/, true],
    'fees without end': ['eth_getBlockByNumber', (r) => ({ ...r, baseFeePerGas: '0xffffffffffffffff' }), /fees are out of bounds/, true],
    'a block without a fee': ['eth_getBlockByNumber', () => null, /eth_getBlockByNumber is not of its form/, true],
    'a nonce that is none': ['eth_getTransactionCount', () => 7, /eth_getTransactionCount is not of its form/, true],
    'another hash': ['eth_sendRawTransaction', () => `0x${'ab'.repeat(32)}`, /another hash than it has/],
    'a receipt of another contract': ['eth_getTransactionReceipt', (r) => r && { ...r, contractAddress: OTHER.toLowerCase() }, /another address than the one that follows/],
    'a receipt of no contract': ['eth_getTransactionReceipt', (r) => r && { ...r, contractAddress: null }, /another address/],
    'a receipt without a status': ['eth_getTransactionReceipt', (r) => r && { ...r, status: undefined }, /eth_getTransactionReceipt is not of its form/],
    'a receipt of a failure': ['eth_getTransactionReceipt', (r) => r && { ...r, status: '0x0' }, /the constructor failed on the chain/],
    'other code on the chain': ['eth_getCode', (r) => (r === '0x' ? r : `${r.slice(0, 6)}ff${r.slice(8)}`), /not the compiler's: it differs at byte 2\. Do not/],
    'no code on the chain': ['eth_getCode', () => '0x', /differs at byte 0/],
};

for (const [name, [method, change, sentence, unsent]] of Object.entries(LIES))
    test(`lies: ${name}`, async () => {
        const node = await liar(anvil.url, (asked, answer) => (asked === method ? { ...answer, result: change(answer.result) } : answer));
        const before = await nonce();
        await fails(node.url, sentence);
        if (unsent) assert.equal(await nonce(), before, 'nothing was sent');
    });

test('one that stumbles while it is waited for is asked again', async () => {
    let asked = 0;
    const node = await liar(anvil.url, (method, answer) =>
        method === 'eth_getTransactionReceipt' && asked++ < 3 ? (response) => response.destroy() : answer);
    const me = operator(node.url);
    const ran = await me.deploy(['UserConsent', ROOT_A]);
    assert.equal(ran.code, 0, ran.said);
    assert.ok(asked > 3);
});

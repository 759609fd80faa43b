// owner.test.mjs - devproof cluster mint, assign, revoke, config: once, and again without effect.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, test } from 'node:test';
import { KEY } from '../contracts/lib.mjs';
import { DEPLOYER, devproof, newHolder, startCluster } from './lib.mjs';

const STRANGER = '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d';
let cluster;
before(async () => {
    cluster = await startCluster();
});

async function run(words, { key = KEY } = {}) {
    const ran = await devproof(['cluster', ...words, '--json'], { env: { CLUSTER_CONTRACT: cluster.address, RPC_URL: cluster.anvil.url, DEPLOYER_KEY: key } });
    return { ...ran, said: ran.stdout + ran.stderr, json: ran.code === 0 && ran.stdout ? JSON.parse(ran.stdout) : null };
}
const blocks = () => cluster.anvil.client.getBlockNumber();

test('a seat is given once', async () => {
    const to = newHolder(), instance = randomBytes(20).toString('hex');
    const { json } = await run(['mint', '--to', to, '--instance', instance]);
    assert.equal(json.minted, true);
    assert.equal(BigInt(json.tokenId), await cluster.read('walletToTokenId', to));
    assert.equal((await cluster.read('instanceOf', json.tokenId)).toLowerCase(), `0x${instance}`);
    const before = await blocks();
    const again = await run(['mint', '--to', to, '--instance', instance]);
    assert.deepEqual([again.json.minted, again.json.tokenId], [false, json.tokenId]);
    assert.equal(await blocks(), before, 'nothing was sent');
});

test('seats are sold at the price that the buyer names, and to nobody while the sale is closed', async () => {
    const to = newHolder();
    assert.match((await run(['mint', '--to', to], { key: STRANGER })).said, /may not give out seats, and they are not on sale/);
    assert.equal((await run(['config', '--price', '1000', '--sale', 'open'])).code, 0);
    assert.match((await run(['mint', '--to', to], { key: STRANGER })).said, /the payment is less than the price/);
    const { json } = await run(['mint', '--to', to, '--price', '1000'], { key: STRANGER });
    assert.equal((await cluster.read('paymentOf', json.tokenId))[0], 1000n);
});

test('settings are shown, changed, and not changed twice', async () => {
    const shown = (await run(['config'])).json;
    assert.equal(shown.owner, DEPLOYER);
    assert.deepEqual([shown.maxNodes, shown.network], [1024, 'both']);
    assert.equal((await run(['config', '--max-nodes', '12', '--network', 'tls'])).code, 0);
    assert.deepEqual([await cluster.read('maxNodes'), await cluster.read('networkMode')], [12, 0]);
    const before = await blocks();
    assert.equal((await run(['config', '--max-nodes', '12', '--network', 'tls'])).code, 0);
    assert.equal(await blocks(), before, 'nothing was sent');
    assert.match((await run(['config', '--max-nodes', '13'], { key: STRANGER })).said, /only the owner may do this/);
});

test('a node is taken out with a reason, that the chain keeps', async () => {
    const { json: { tokenId } } = await run(['mint', '--to', newHolder()]);
    assert.equal((await run(['revoke', String(tokenId)])).code, 2, 'without a reason');
    assert.match((await run(['revoke', String(tokenId), '--reason', 'x'], { key: STRANGER })).said, /only the owner/);
    assert.equal((await run(['revoke', String(tokenId), '--reason', 'key leaked'])).code, 0);
    assert.match((await run(['revoke', String(tokenId), '--reason', 'key leaked'])).said, /there is no such token/);
});

test('the holder names the instance', async () => {
    const instance = randomBytes(20).toString('hex');
    const { json: { tokenId } } = await run(['mint', '--to', DEPLOYER]);
    assert.match((await run(['assign', String(tokenId), instance], { key: STRANGER })).said, /does not hold the token/);
    assert.equal((await run(['assign', String(tokenId), instance])).code, 0);
    assert.equal((await cluster.read('instanceOf', tokenId)).toLowerCase(), `0x${instance}`);
    const before = await blocks();
    assert.equal((await run(['assign', String(tokenId), instance])).code, 0);
    assert.equal(await blocks(), before, 'nothing was sent');
});

test('wrong use is said as such', async () => {
    for (const [words, sentence] of [
        [[], /say what to do/], [['dance'], /say what to do/], [['mint'], /--to/], [['mint', '--to', 'x'], /--to/],
        [['revoke'], /too few words/], [['status', 'x'], /too many words/], [['status', '--to', 'x'], /status takes no --to/],
        [['mint', '--to', DEPLOYER, '--price', '-1'], /--price: a number of wei/], [['assign', 'x', '00'], /x is no token/],
        [['assign', '1', '00'], /00 is no instance id/], [['config', '--network', 'x'], /--network: tls, wireguard or both/],
        [['config', '--sale', 'x'], /--sale: open or closed/], [['status', '--block', 'x'], /--block/], [['wait', '--timeout', '0'], /--timeout/],
    ]) {
        const { code, said } = await run(words);
        assert.equal(code, 2, `${words.join(' ')}: ${said}`);
        assert.match(said, sentence);
    }
    assert.match((await run(['mint', '--to', newHolder()], { key: '' })).said, /say who pays/);
});

// tunnel.test.mjs - tunnels between nodes in network namespaces: who gets through, and when.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { instanceOf, listen, measure, member, openNetwork, pings, PORT, reaches, run, sleep, startNode, startSimulator, startStranger, stream, until, within } from './lib/nodes.mjs';

const APPLICATION = 7000;
const four = (number) => `10.0.1.${number}`;

let network, nodes, platforms, strange;
const six = (number) => nodes[0].peer(2).address6.replace(/::2$/, `::${number}`);
const proofOf = (number) => six(number).replace(':1::', ':2::');
const all = () => nodes.map((node) => member(node));
const listEverywhere = (peers) => nodes.forEach((node) => node.list(peers));

before(async () => {
    network = openNetwork();
    const machines = [1, 2, 3].map((number) => network.machine(number));
    const simulators = [];
    for (const machine of machines) simulators.push(await startSimulator(network, machine.number));
    strange = await startSimulator(network, 4);
    platforms = [...simulators, strange].map(({ platform }) => platform);
    nodes = [];
    for (const [i, machine] of machines.entries()) nodes.push(await startNode(network, machine, simulators[i], platforms));
    for (const node of nodes) {
        assert.equal(node.error(), undefined, JSON.stringify(node.error()));
        node.heard = await listen(network, node.machine, APPLICATION);
    }
});
after(() => network?.close());

const verifiedAll = () => Promise.all(nodes.flatMap((node) => nodes.filter((other) => other !== node).map((other) => node.verified(other.machine.number))));

test('three nodes prove their keys to each other, and applications get through', async () => {
    const begin = Date.now();
    listEverywhere(all());
    await verifiedAll();
    console.log(`# from the list to six proofs: ${Date.now() - begin} ms`);
    const pairs = nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to) => [from, to.machine.number]));
    for (const [from, to] of pairs) {
        assert.ok(from.peer(to).handshake);
        for (const address of [four(to), six(to)]) {
            assert.ok(pings(from.machine, address), `${from.machine.number} pings ${address}`);
            assert.ok(await reaches(from.machine, address, APPLICATION, 'hello'), `${from.machine.number} reaches ${address}`);
        }
    }
});

test('the proof address is for the proof alone, in both directions', async () => {
    const word = 'around';
    assert.equal(await reaches(nodes[0].machine, proofOf(2), APPLICATION, word), false);
    assert.equal(await reaches(nodes[0].machine, six(2), APPLICATION, word, proofOf(1)), false);
    assert.equal(pings(nodes[0].machine, proofOf(2)), false);
    await sleep(100);
    assert.equal(nodes[1].heard.got(word), 0);
});

test('proofs are given to peers alone, and not too often', async () => {
    const askFrom = (node, path, ...options) => Number(run(...within(node.machine, 'curl', '-s', '-g', '-m', '10', '-o', join(network.dir, 'answer'), '-w', '%{http_code}', ...options, `http://[${proofOf(2)}]:51821${path}`)));
    const ask = (...args) => askFrom(nodes[0], ...args);
    const question = `/proof?nonce=${'7a'.repeat(32)}`;
    assert.equal(ask('/'), 404);
    assert.equal(ask('/proof'), 400);
    assert.equal(ask(`${question}0`), 400);
    assert.equal(ask(question.replace('7a', 'zz')), 400);
    assert.equal(ask(question, '-X', 'DELETE'), 405);
    assert.equal(askFrom(nodes[1], question), 403, 'from the machine itself, which is no peer');
    await sleep(1100);
    assert.equal(ask(question), 200);
    assert.deepEqual(Object.keys(JSON.parse(readFileSync(join(network.dir, 'answer')))), ['quote', 'event_log', 'vm_config']);
    assert.equal(ask(question), 429);
});

test('who leaves is cut off at once, and the stream of the others goes on', async () => {
    const kept = stream(network, nodes[0].machine, four(2), APPLICATION);
    const cut = stream(network, nodes[0].machine, four(3), APPLICATION);
    await until('both streams run', () => kept.echoed() > 10 && cut.echoed() > 10);
    listEverywhere(all().slice(0, 2));
    await until('node 1 has one peer', () => nodes[0].count() === 1);
    const [keptThen, cutThen] = [kept.echoed(), cut.echoed()];
    await until('the stream that is kept goes on', () => kept.echoed() > keptThen + 20);
    assert.ok(cut.echoed() <= cutThen + 1, `${cut.echoed()} after ${cutThen}`);
    assert.equal(await reaches(nodes[0].machine, four(3), APPLICATION, 'gone'), false);
    assert.equal(await reaches(nodes[2].machine, four(1), APPLICATION, 'gone'), false);
    const handshakes = run(...within(nodes[0].machine, 'wg', 'show', nodes[0].machine.interface, 'peers')).trim().split('\n');
    assert.deepEqual(handshakes, [nodes[1].publicKey()]);
    listEverywhere(all());
    await verifiedAll();
    const since = kept.echoed();
    await until('and still', () => kept.echoed() > since + 20);
    assert.equal(kept.ended(), false);
    await kept.stop();
    await cut.stop();
});

test('another endpoint has to prove anew, and the others are not touched', async () => {
    const kept = stream(network, nodes[0].machine, four(3), APPLICATION);
    await until('the stream runs', () => kept.echoed() > 10);
    const moved = all();
    moved[1].endpoint = '192.0.2.99:51820';
    nodes[0].list(moved);
    await nodes[0].verified(2, false);
    assert.equal(await reaches(nodes[0].machine, four(2), APPLICATION, 'moved'), false);
    const then = kept.echoed();
    await until('the stream goes on', () => kept.echoed() > then + 20);
    nodes[0].list(all());
    await nodes[0].verified(2);
    assert.ok(await reaches(nodes[0].machine, four(2), APPLICATION, 'back'));
    await kept.stop();
});

test('wireguard-go that dies is noticed, and the tunnel comes back with its key', async () => {
    const [node] = nodes, key = node.publicKey();
    const pid = node.daemon();
    assert.ok(pid > 0);
    process.kill(pid, 'SIGKILL');
    const begin = Date.now();
    const died = await until('it is said', () => node.last('died'));
    console.log(`# its end is noticed after ${Date.now() - begin} ms: ${died.detail}`);
    await until('a new one is there', () => node.daemon() > 0 && node.daemon() !== pid);
    assert.equal(node.publicKey(), key);
    await verifiedAll();
    await until('applications get through', () => reaches(node.machine, four(2), APPLICATION, 'again'));
});

test('a node that starts anew has another key, which it has to prove', async () => {
    const [first, , third] = nodes, old = third.publicKey();
    await third.program.stop();
    assert.throws(() => run('ip', '-n', third.machine.namespace, 'link', 'show', 'dev', third.machine.interface), 'its interface is gone');
    assert.equal(run(...within(third.machine, 'nft', 'list', 'tables')), '', 'and its table');
    assert.equal(await reaches(first.machine, four(3), APPLICATION, 'stopped'), false);
    nodes[2] = await startNode(network, third.machine, third.simulator, platforms);
    nodes[2].heard = third.heard;
    assert.notEqual(nodes[2].publicKey(), old);
    listEverywhere(all());
    await until('the old key is gone', () => !run(...within(first.machine, 'wg', 'show', first.machine.interface, 'peers')).includes(old));
    await verifiedAll();
    await until('applications get through', () => reaches(first.machine, four(3), APPLICATION, 'anew'));
});

/* In all ways in which a packet of an application could go: each is tried, and none may arrive. */
async function assertNothingPasses(stranger, word) {
    const [node] = nodes, { number } = stranger.machine;
    const tries = [
        ...[four(1), six(1), proofOf(1)].map((to) => [stranger.machine, to]),
        ...[proofOf(number), six(number)].map((from) => [stranger.machine, six(1), from]),
        ...[four(number), six(number), proofOf(number)].map((to) => [node.machine, to]),
    ];
    await Promise.all(tries.map(async ([machine, to, from]) => {
        assert.equal(await reaches(machine, to, APPLICATION, word, from), false, `${machine.number} reaches ${to} from ${from}`);
    }));
    await sleep(200);
    assert.equal(node.heard.got(word), 0);
    assert.equal(stranger.heard.got(word), 0);
}

test('who proves nothing, or something else, exchanges no packet with an application', async () => {
    const [node] = nodes;
    const machine = network.machine(4), simulator = strange;
    const net = { four: four(4), six: six(4), proof: proofOf(4) };
    const peers = [{ key: node.publicKey(), endpoint: `192.0.2.1:${PORT}`, proof: proofOf(1), allowed: [`${four(1)}/32`, `${six(1)}/128`, `${proofOf(1)}/128`] }];
    const stranger = await startStranger(network, machine, simulator, net, peers);
    const refused = (pattern) => until(() => JSON.stringify(node.peer(4)), () => node.peer(4)?.verified === false && pattern.test(node.peer(4).detail), 40_000);
    const enter = (fields) => node.list([...all(), member(stranger, fields)]);
    stranger.heard = await listen(network, machine, APPLICATION);

    enter();
    await until('the tunnel itself is there', () => node.peer(4)?.handshake);
    await assertNothingPasses(stranger, 'silent');
    assert.equal(await reaches(machine, proofOf(1), APPLICATION, 'port', proofOf(4), 51821), false, 'from the port of the proof');
    assert.equal(node.heard.got('port'), 0);

    /* It has taken a seat with a key that no TD holds: the quote that it can get is over another. */
    await stranger.prove({ key: nodes[1].publicKey() });
    await refused(/not over this question and this key/);
    await assertNothingPasses(stranger, 'stolen');

    /* A TD vouches for its key, which is another instance than the one that the contract names. */
    await stranger.prove({ instanceId: instanceOf(9) });
    enter({ instanceId: instanceOf(9) });
    await refused(/another instance_id/);
    await assertNothingPasses(stranger, 'instance');

    /* The control: a true proof is all that was missing. */
    await stranger.prove({});
    enter();
    await node.verified(4);
    assert.ok(await reaches(machine, four(1), APPLICATION, 'proven'));
    assert.ok(await reaches(node.machine, six(4), APPLICATION, 'proven'));

    /* The list names another key: the old one is worth nothing any more. */
    enter({ wireguardKey: 'hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=' });
    await node.verified(4, false);
    await assertNothingPasses(stranger, 'replaced');
    node.list(all());
});

test('a proof is worth its time and no longer', async () => {
    const machine = network.machine(5);
    const node = await startNode(network, machine, await startSimulator(network, 5), platforms, { proofMaxAgeS: 4 });
    const with5 = [...all(), member(node)];
    listEverywhere([...with5]);
    node.list(with5);
    await node.verified(2);
    /* While the peer answers, it stays verified beyond the age of its first proof. */
    const seen = node.program.lines.length;
    await sleep(6000);
    const lost = node.program.lines.slice(seen).filter(({ peers }) => peers?.some(({ tokenId, verified }) => tokenId === 2 && !verified));
    assert.deepEqual(lost, []);
    nodes[1].list([]);
    await node.verified(2, false);
    assert.equal(await reaches(machine, four(2), APPLICATION, 'old'), false);
    listEverywhere(all());
    await node.program.stop();
});

test('an app that is not accepted gets no addresses', async () => {
    const machine = network.machine(6);
    const node = await startNode(network, machine, await startSimulator(network, 6), platforms, { composeHash: '00'.repeat(32) });
    listEverywhere([...all(), member(node)]);
    node.list([...all(), member(node)]);
    await until(() => JSON.stringify(node.peer(2)), () => /is not allowed/.test(node.peer(2)?.detail));
    assert.equal(node.peer(2).verified, false);
    assert.equal(await reaches(machine, four(2), APPLICATION, 'refused'), false);
    listEverywhere(all());
    await node.program.stop();
});

test('a range that the machine has already is refused, and named', async () => {
    const machine = network.machine(7), simulator = await startSimulator(network, 7);
    const refused = async (settings, ...says) => {
        const node = await startNode(network, machine, simulator, platforms, settings);
        for (const pattern of says) assert.match(node.error().detail, pattern);
        assert.throws(() => run('ip', '-n', machine.namespace, 'link', 'show', 'dev', machine.interface));
    };
    run('ip', '-n', machine.namespace, 'route', 'add', '10.0.1.0/25', 'via', '192.0.2.1');
    await refused({}, /10\.0\.1\.0\/25, which this machine has on eth0/, /set another range/);
    await refused({ range: '192.0.2.0/24' }, /192\.0\.2\.0\/24, which this machine has on eth0/);
    run('ip', '-n', machine.namespace, 'address', 'add', `${six(200)}/128`, 'dev', 'lo');
    await refused({ range: '10.0.2.0/24' }, new RegExp(`${six(200)}, which this machine has on lo`));
    run('ip', '-n', machine.namespace, 'address', 'delete', `${six(200)}/128`, 'dev', 'lo');
    await refused({ range: '10.0.2.0/29', tokenId: 7 }, /token 7 has no address in a range of \/29/);
    const node = await startNode(network, machine, simulator, platforms, { range: '10.0.2.0/24' });
    assert.equal(node.error(), undefined);
    await node.program.stop();
});

test('a hundred peers change, measured', async () => {
    const machine = network.machine(90);
    console.log(`# 1 peer: ${JSON.stringify(measure(network, machine, 1))}`);
    console.log(`# 100 peers: ${JSON.stringify(measure(network, machine, 100))}`);
    console.log(`# 1000 peers: ${JSON.stringify(measure(network, machine, 1000))}`);
});

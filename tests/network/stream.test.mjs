// stream.test.mjs - nodes behind a gateway that passes TLS on and no UDP: their tunnels go by streams.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startCluster } from '../cluster/lib.mjs';
import { converge, enterDaemon, makeMember, peerOf, shareChain } from './lib/members.mjs';
import { give, listen, openNetwork, pings, PORT, reaches, run, startLines, stream, take, until, within } from './lib/nodes.mjs';

const GATEWAY = new URL('lib/gateway.mjs', import.meta.url).pathname;
const INTRUDER = new URL('lib/intruder.mjs', import.meta.url).pathname;
const APP = '0x5bb4ff9a3837357f19dc176407a5709c62eb6c56';
const ROOT = '0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf';
const APPLICATION = 7000, BULK = 7001;
const BYTES = 4 << 20;
const four = (token) => `10.0.1.${token}`;
const endpointOf = ({ instance }) => `https://${instance}-${PORT}s.gateway.example`;

let network, machine, members, one, two, three, gateway;
const startGateway = async () => {
    gateway = network.keep(startLines(within(machine, process.execPath, GATEWAY, '443', '192.0.2.')));
    await until('the gateway listens', () => gateway.lines.length > 0);
};
/* How many streams a node has been reached by, since the gateway began. */
const passed = (member) => gateway.lines.filter(({ name }) => name?.startsWith(member.instance)).length;

/* Names of the gateway, as a machine's resolver has them; and no UDP to and from other machines. */
function shutIn(member) {
    const folder = join('/etc/netns', member.machine.namespace);
    mkdirSync(folder, { recursive: true });
    network.keep({ stop: async () => rmSync(folder, { recursive: true, force: true }) });
    writeFileSync(join(folder, 'hosts'), members.map(({ instance }) => `${machine.address} ${instance}-${PORT}s.gateway.example\n`).join(''));
    for (const words of ['add table inet noudp', 'add chain inet noudp in { type filter hook input priority 0 ; }', 'add chain inet noudp out { type filter hook output priority 0 ; }',
        'add rule inet noudp in iifname eth0 meta l4proto udp counter drop', 'add rule inet noudp out oifname eth0 meta l4proto udp counter drop'])
        run(...within(member.machine, 'nft', ...words.split(' ')));
}
const droppedBy = (member) => [...run(...within(member.machine, 'nft', 'list', 'table', 'inet', 'noudp')).matchAll(/counter packets (\d+)/g)].map(([, count]) => Number(count));
const endpointsOf = ({ machine: of }) => run(...within(of, 'wg', 'show', of.interface, 'endpoints')).trim().split('\n').map((line) => line.split('\t')[1]);
const socketsOf = ({ machine: of }) => run(...within(of, 'ss', '-uanH')).trim().split('\n').map((line) => line.trim().split(/\s+/)[3]);

before(async () => {
    network = openNetwork();
    const cluster = await startCluster({ change: { peer: { kmsRoot: ROOT, appIds: [APP], leaseDuration: 3600 } } });
    const chain = await shareChain(network, cluster.anvil.port);
    machine = network.machine(100);
    members = [];
    for (const number of [1, 2, 3]) members.push(await makeMember(network, chain, cluster, number));
    [one, two, three] = members;
    members.forEach(shutIn);
    await startGateway();
});
after(() => network?.close());

test('two nodes behind a gateway prove their keys, and applications get through', async () => {
    const begin = Date.now();
    for (const member of [one, two]) await enterDaemon(member, members, [], { byGateway: true });
    await converge([one, two], 60_000);
    console.log(`# from the start of two daemons to two proofs by streams: ${Date.now() - begin} ms`);
    assert.equal(peerOf(one.daemon.now(), two).endpoint, endpointOf(two));
    assert.ok(endpointsOf(one).every((at) => at.startsWith('127.0.0.1:')));
    for (const member of [one, two]) {
        await listen(network, member.machine, APPLICATION);
        await take(network, member.machine, BULK);
    }
    for (const [from, to] of [[one, two], [two, one]]) {
        assert.ok(pings(from.machine, four(to.token)));
        assert.ok(await reaches(from.machine, four(to.token), APPLICATION, 'hello'));
        const { given, taken, ms } = await give(from.machine, four(to.token), BULK, BYTES);
        assert.equal(taken, given);
        console.log(`# ${BYTES} bytes from ${from.token} to ${to.token}: ${ms} ms`);
    }
    /* That UDP would not have got there is so by the counters, once it is tried. */
    assert.equal(await reaches(one.machine, two.machine.address, APPLICATION, 'by the wire'), true);
    assert.ok(droppedBy(one)[1] > 0);
    assert.ok(passed(one) + passed(two) > 0);
});

test('a node with an endpoint that takes UDP joins in, though nobody reaches it there', async () => {
    await enterDaemon(three, members);
    await converge(members, 60_000);
    await listen(network, three.machine, APPLICATION);
    assert.equal(peerOf(one.daemon.now(), three).endpoint, `${three.machine.address}:${PORT}`);
    for (const from of members)
        for (const to of members.filter((member) => member !== from))
            assert.ok(await reaches(from.machine, four(to.token), APPLICATION, 'mixed'), `${from.token} reaches ${to.token}`);
    assert.equal(passed(three), 0);
    assert.ok(droppedBy(one)[1] > 0);
});

test('strangers at the port of streams end no peer\'s', async () => {
    const kept = stream(network, one.machine, four(two.token), APPLICATION);
    const intrude = (what) => network.keep(startLines(within(three.machine, process.execPath, INTRUDER, what, two.machine.address, String(PORT))));
    const over = async (what) => {
        const intruder = intrude(what);
        await intruder.exit;
        return intruder.lines[0].over;
    };
    await until('the stream runs', () => kept.echoed() > 10);
    assert.equal(await over('rubbish'), true);
    assert.equal(await over('zero'), true, 'a length of zero ends it');
    assert.equal(await over('oversize'), true, 'a frame that is too long ends it');
    assert.deepEqual(await Promise.all(['half', 'nobody'].map(over)), [true, false], 'half a handshake has its time, datagrams of nobody have more');
    const many = intrude('many');
    await until(() => `all but 64 are ended: ${JSON.stringify(many.lines.at(-1))}`, () => many.lines.at(-1)?.gone >= 1000 - 64);
    assert.equal(many.lines.at(-1).there, 1000);
    const then = kept.echoed();
    await until('the stream goes on', () => kept.echoed() > then + 20);
    assert.ok(await reaches(two.machine, four(one.token), APPLICATION, 'still'));
    await many.stop();
    assert.equal(kept.ended(), false);
    await kept.stop();
});

test('a gateway that goes and comes back takes a connection away for as long', async () => {
    const kept = stream(network, one.machine, four(two.token), APPLICATION);
    await until('the stream runs', () => kept.echoed() > 10);
    await gateway.stop();
    const then = kept.echoed();
    assert.equal(pings(one.machine, four(two.token)), false);
    assert.equal(pings(two.machine, four(one.token)), false);
    assert.ok(kept.echoed() <= then + 1);
    await until('nobody is sent to where a stream was', () => [one, two].every((member) => endpointsOf(member).every((at) => !at.startsWith('127.') || socketsOf(member).includes(at))));
    await startGateway();
    const begin = Date.now();
    await until('the stream goes on', () => kept.echoed() > then + 20, 40_000);
    console.log(`# from the gateway's return until a connection goes on: ${Date.now() - begin} ms`);
    for (const [from, to] of [[one, two], [two, one], [one, three], [three, one]])
        await until(`${from.token} reaches ${to.token}`, () => reaches(from.machine, four(to.token), APPLICATION, 'back'), 40_000);
    assert.equal(kept.ended(), false);
    await kept.stop();
});

test('a node that starts anew has another key; and where UDP gets through, it is UDP', async () => {
    for (const member of [two, three]) run(...within(member.machine, 'nft', 'delete', 'table', 'inet', 'noudp'));
    const key = peerOf(one.daemon.now(), two).wireguardKey;
    await two.daemon.end('SIGKILL');
    await enterDaemon(two, members, [], { byGateway: true });
    await two.daemon.until((file) => file.self.registration === 'registered' && peerOf(file, two));
    await converge(members, 60_000);
    assert.notEqual(peerOf(one.daemon.now(), two).wireguardKey, key);
    assert.ok(await reaches(one.machine, four(two.token), APPLICATION, 'anew'));
    assert.ok(await reaches(two.machine, four(three.token), APPLICATION, 'anew'));
    assert.ok(endpointsOf(three).includes(`${two.machine.address}:${PORT}`));
    assert.ok(endpointsOf(two).includes(`${three.machine.address}:${PORT}`));
    assert.equal(await one.daemon.end(), 0);
    assert.ok(!run(...within(one.machine, 'ss', '-tlnH')).includes(`:${PORT}`), 'nothing listens any more');
});

// kafka.test.mjs - the Kafka hook's files, against the rules that Kafka applies and golden files.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dir, document, hook, HOSTILE, peer, peersFile, ROOT, UNUSABLE } from './lib.mjs';
import { complaints, parse } from './kafka_rules.mjs';

const base = join(dir, 'server.properties');
writeFileSync(base, 'log.dirs=/var/lib/kafka\nmin.insync.replicas=2\nnode.id=77\n');

const file = (self) => join(dir, `node-${self}.properties`);
const text = (self) => readFileSync(file(self), 'utf8');
const golden = (name) => readFileSync(join(ROOT, 'tests/integrations/golden', name), 'utf8');
const listed = (tokens, self, more) => tokens.map((token) => peer(token, { self: token === self, ...more?.[token] }));
const hookOf = (self, content, env = {}) =>
    hook('kafka', peersFile(`of-${self}`, content), { KAFKA_FILE: file(self), KAFKA_BASE: base, KAFKA_CONTROLLERS: '1,2,3', ...env });
const list = (tokens, self, more) => document('wireguard', listed(tokens, self, more));

test('a controller and a broker get what Kafka takes', async () => {
    for (const [self, name] of [[2, 'kafka-controller.properties'], [7, 'kafka-broker.properties']]) {
        const { code, stderr } = await hookOf(self, list([1, 2, 3, 7], self));
        assert.equal(code, 0, stderr);
        assert.match(stderr, /has changed/);
        assert.equal(text(self), golden(name));
        assert.deepEqual(complaints(text(self)), []);
    }
    const six = await hookOf(3, list([1, 2, 3], 3, Object.fromEntries([1, 2, 3].map((t) => [t, { address: null, address6: `fd00::${t}` }]))));
    assert.equal(six.code, 0, six.stderr);
    assert.deepEqual(complaints(text(3)), []);
    assert.equal(parse(text(3))['advertised.listeners'], 'PLAINTEXT://[fd00::3]:9092');
    assert.match(parse(text(3))['controller.quorum.voters'], /^1@\[fd00::1\]:9093,2@/);
});

test('the id of the cluster is Kafka\'s kind of id, one for all nodes', () => {
    const id = readFileSync(`${file(2)}.cluster-id`, 'utf8');
    assert.match(id, /^[A-Za-z0-9][A-Za-z0-9_-]{21}\n$/);
    assert.equal(Buffer.from(id.trim(), 'base64url').length, 16);
    assert.equal(readFileSync(`${file(7)}.cluster-id`, 'utf8'), id);
});

test('brokers come and go without a change to others; a controller that leaves keeps its place', async () => {
    for (const tokens of [[1, 2, 3], [1, 2, 3, 8, 9], [1, 2], [2]]) {
        const { code, stderr } = await hookOf(2, list(tokens, 2));
        assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, String(tokens));
        assert.equal(text(2), golden('kafka-controller.properties'));
    }
});

test('a seat\'s address is learned from the list before anything is written', async () => {
    const early = await hookOf(9, list([1, 3, 9], 9));
    assert.equal(early.code, 1);
    assert.match(early.stderr, /nobody has been in it: 2\n/);
    assert.ok(!existsSync(file(9)));
    assert.equal((await hookOf(9, list([1, 2, 3, 9], 9))).code, 0);
    assert.equal((await hookOf(9, list([1, 3, 9], 9, { 1: { address: '10.0.2.1' } }))).code, 0);
    assert.equal(parse(text(9))['controller.quorum.voters'], '1@10.0.2.1:9093,2@10.0.1.2:9093,3@10.0.1.3:9093');
});

test('what is not proven is no controller', async () => {
    const { code, stderr } = await hookOf(11, list([1, 2, 3, 11], 11, { 2: { verified: false } }));
    assert.equal(code, 1);
    assert.match(stderr, /nobody has been in it: 2/);
});

test('a base that ends in the middle of a line does not swallow the first of ours', async () => {
    const torn = join(dir, 'torn.properties');
    writeFileSync(torn, 'log.dirs=/var/lib/kafka\nnum.partitions=3\\');
    assert.equal((await hookOf(12, list([1, 2, 3, 12], 12), { KAFKA_BASE: torn })).code, 0);
    assert.deepEqual(complaints(text(12)), []);
    assert.equal(parse(text(12))['num.partitions'], '3');
});

test('a file that cannot be acted on, hostile texts, bad settings: nothing is written', async () => {
    const before = text(2);
    for (const [why, content] of Object.entries(UNUSABLE('wireguard', listed([1, 2], 2)))) {
        const { code, stderr } = await hookOf(2, content);
        assert.equal(code, 2, why);
        assert.match(stderr, /^kafka hook: [\x20-\x7e]+\n$/, why);
    }
    const bad = HOSTILE.map((one, i) => peer(20 + i, { address: `10.0.1.9${one}`, endpoint: one }));
    const { code, stderr } = await hookOf(2, document('wireguard', [...listed([1, 2, 3], 2), ...bad]));
    assert.equal(code, 0, stderr);
    assert.equal(stderr.split('\n').length - 1, bad.length);
    for (const [name, value] of [['KAFKA_CONTROLLERS', ''], ['KAFKA_CONTROLLERS', '1,2\nx=y'], ['KAFKA_CONTROLLERS', '1,,2'], ['KAFKA_CONTROLLERS', '9999999999'],
        ['KAFKA_FILE', '/tmp/a b'], ['KAFKA_BASE', join(dir, 'none')]])
        assert.equal((await hookOf(2, list([1, 2, 3], 2), { [name]: value })).code, 2, `${name}=${value}`);
    assert.equal((await hookOf(2, document('tls', []))).code, 2);
    assert.match((await hookOf(2, list([1, 3]))).stderr, /not in the list/);
    assert.equal((await hookOf(4294967297, list([1, 2, 3, 4294967297], 4294967297))).code, 2);
    assert.equal(text(2), before);
});

/* Each rule of the checker, broken once: [file, from, to, what it must say]. */
const BROKEN = [
    ['controller', /^node\.id=2$/m, 'node.id=4', 'a controller is not among the voters'],
    ['controller', /^node\.id=2$/m, 'node.id=-2', 'node.id is unknown or has a bad value'],
    ['controller', /^node\.id/gm, '#', 'node.id is missing'],
    ['controller', /^inter\.broker/m, 'interbroker', 'interbroker.listener.name is unknown or has a bad value'],
    ['controller', /3@10/, '1@10', 'controller.quorum.voters has an id twice'],
    ['controller', /3@10\.0\.1\.3/, '3@0.0.0.0', 'a voter is at 0.0.0.0'],
    ['controller', /3@10\.0\.1\.3:9093/, '3@10.0.1.3', 'controller.quorum.voters is unknown or has a bad value'],
    ['controller', /2@10\.0\.1\.2:9093/, '2@10.0.1.2:9099', 'the voters have another port than the controller'],
    ['controller', /broker,controller/, 'broker,controller,broker', 'process.roles names a role twice'],
    ['controller', /broker,controller/, 'broker', 'a mere broker is among the voters'],
    ['controller', /broker,controller/, 'zookeeper', 'process.roles is unknown or has a bad value'],
    ['controller', /,CONTROLLER:\/\/.*/, '', 'a controller has no listener for controllers'],
    ['controller', /(CONTROLLER:\/\/[^:]*):9093/, '$1:9092', 'listeners has a port twice'],
    ['controller', /CONTROLLER:\/\//, 'PLAINTEXT://', 'listeners has a name twice'],
    ['controller', /CONTROLLER:PLAINTEXT,/, '', 'a listener is not in listener.security.protocol.map'],
    ['controller', /CONTROLLER:PLAINTEXT,/, 'CONTROLLER:WIREGUARD,', 'listener.security.protocol.map is unknown or has a bad value'],
    ['controller', /^advertised.listeners=.*$/m, 'advertised.listeners=CONTROLLER://10.0.1.2:9093', 'a broker advertises a listener of controllers'],
    ['controller', /name=PLAINTEXT/, 'name=CONTROLLER', 'inter.broker.listener.name is not advertised'],
    ['broker', /^advertised.listeners=.*$/m, 'advertised.listeners=PLAINTEXT://0.0.0.0:9092', 'advertised.listeners has 0.0.0.0'],
    ['broker', /^advertised.listeners=.*$/m, 'advertised.listeners=OTHER://10.0.1.7:9092', 'advertised.listeners has a name that listeners has not'],
    ['broker', /^listeners=.*$/m, 'listeners=PLAINTEXT://10.0.1.7:9092,CONTROLLER://10.0.1.7:9093', 'a mere broker listens for controllers'],
    ['broker', /^(listeners=.*):9092$/m, '$1:90920', 'a port is out of range'],
    ['broker', /^node\.id=7$/m, 'node.id=3', 'a mere broker is among the voters'],
];
for (const [which, from, to, sentence] of BROKEN)
    test(`the checker says: ${sentence}`, () => {
        const broken = golden(`kafka-${which}.properties`).replace(from, to);
        assert.notEqual(broken, golden(`kafka-${which}.properties`));
        assert.ok(complaints(broken).includes(sentence), complaints(broken).join('; '));
    });

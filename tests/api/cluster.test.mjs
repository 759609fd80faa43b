// cluster.test.mjs - GET /api/cluster/peers: the daemon's file, as a client sees it.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { assertProblem, client, request } from './lib/http.mjs';
import { peer, peersDocument, removePeers, wireguardPeer, writePeers } from './lib/peers.mjs';
import { startStack } from './lib/stack.mjs';

const PATH = '/api/cluster/peers';
const FILE_MAX = 1024 * 1024;

let stack, api;
before(async () => {
    stack = await startStack();
    api = client(stack);
});
after(() => stack?.stop());
afterEach(() => removePeers(stack.dataDir));

const get = () => api('GET', PATH);
const write = (content) => writePeers(stack.dataDir, content);

test('without the file this service is in no cluster', async () => {
    assertProblem(await get(), 404, 'no_cluster');
});

test('the file is answered as it stands, with its age', async () => {
    for (const document of [peersDocument(), peersDocument({ mode: 'wireguard', peers: [wireguardPeer(2, { self: true }), wireguardPeer(7, { verified: false })] }),
        peersDocument({ peers: [] })]) {
        write(document);
        const answer = await get();
        assert.equal(answer.status, 200, answer.body.toString());
        assert.equal(answer.header('cache-control'), 'no-store');
        const { ageMs, ...rest } = answer.json;
        assert.deepEqual(rest, document);
        assert.ok(ageMs >= 2000 && ageMs < 20_000, String(ageMs));
    }
});

test('a new file is answered at once', async () => {
    for (let tokenId = 1; tokenId <= 5; tokenId++) {
        write(peersDocument({ peers: [peer(tokenId)] }));
        assert.equal((await get()).json.peers[0].tokenId, tokenId);
    }
});

test('a list that could not be read anew comes with its age and the error', async () => {
    const error = { code: 'node', detail: 'https://one.example does not answer.' };
    write(peersDocument({ readAtMs: Date.now() - 600_000, error }));
    const { status, json } = await get();
    assert.equal(status, 200);
    assert.ok(json.ageMs >= 600_000);
    assert.deepEqual(json.error, error);
    assert.equal(json.peers.length, 3);
});

test('a list that never was one has no age', async () => {
    write(peersDocument({ chainId: null, readAtMs: null, block: null, digest: null, peers: [], error: { code: 'nocluster', detail: 'There is no cluster.' } }));
    assert.equal((await get()).json.ageMs, null);
});

test('a daemon that is gone is an error, and its last list stays', async () => {
    write(peersDocument({ readAtMs: Date.now() - 100_000, writtenAtMs: Date.now() - 95_000 }));
    const { status, json } = await get();
    assert.equal(status, 200);
    assert.equal(json.error.code, 'daemon');
    assert.match(json.error.detail, /has written nothing for 9[5-9] seconds/);
    assert.equal(json.peers.length, 3);
});

test('what is no such document is refused, never taken for an empty list', async () => {
    const broken = {
        'an empty file': '', 'half of it': JSON.stringify(peersDocument()).slice(0, 300), 'HTML': '<html></html>', 'an array': '[]', 'null': 'null',
        'another schema': { ...peersDocument(), schema: 'devproof.peers/2' }, 'no peers': { ...peersDocument(), peers: undefined },
        'a member twice': '{"schema":"devproof.peers/1","schema":"devproof.peers/1"}', 'invalid UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('latin1'),
        'peers that are text': { ...peersDocument(), peers: 'none' }, 'a depth of 100': `{"a":${'['.repeat(100)}${']'.repeat(100)}}`,
    };
    for (const [name, content] of Object.entries(broken)) {
        write(content);
        const answer = await get();
        assertProblem(answer, 503, 'peers_unreadable');
        assert.match(answer.json.detail, /cannot be read: .+\. Who is in the cluster is not known\./, name);
    }
});

test('1024 members fit, and a file over its limit is refused', async () => {
    const many = peersDocument({ mode: 'wireguard', peers: Array.from({ length: 1024 }, (_, i) => wireguardPeer(i + 1, { endpoint: `${'x'.repeat(120)}:51820` })) });
    write(many);
    assert.equal((await get()).json.peers.length, 1024);
    const text = JSON.stringify(peersDocument());
    write(text.padEnd(FILE_MAX));
    assert.equal((await get()).status, 200);
    write(text.padEnd(FILE_MAX + 1));
    const answer = await get();
    assertProblem(answer, 503, 'peers_unreadable');
    assert.match(answer.json.detail, /larger than 1048576 bytes/);
});

test('what is no file is refused', async () => {
    const path = join(stack.dataDir, 'cluster/peers.json');
    mkdirSync(path);
    assertProblem(await get(), 503, 'peers_unreadable');
    rmSync(path, { recursive: true });
});

test('the program reads nothing outside its folder', async () => {
    /* A document that would be answered if the sandbox let it be read. */
    writePeers(join(stack.dataDir, 'elsewhere'), peersDocument());
    symlinkSync('../elsewhere/cluster/peers.json', join(stack.dataDir, 'cluster/peers.json'));
    assertProblem(await get(), 503, 'peers_unreadable');
});

test('it is there to be read only', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        const answer = await api(method, PATH, method === 'DELETE' ? undefined : {});
        assertProblem(answer, 405, 'method_not_allowed');
        assert.match(answer.header('allow'), /GET/);
    }
    assert.equal((await request(stack.port, 'HEAD', PATH)).status, 404);
    write(peersDocument());
    assert.equal((await request(stack.port, 'HEAD', PATH)).status, 200);
});

test('nothing else of its folder is served', async () => {
    write(peersDocument());
    for (const path of ['cluster/peers.json', 'cluster/', 'api/cluster', 'api/cluster/', 'api/cluster/peers/', 'api/cluster/peers.json', 'api/cluster/../cluster/peers.json'])
        assert.equal((await fetch(stack.url + path)).status, 404, path);
});

// python.test.mjs - the Python SDK: as its README has it, its callbacks, its faults, and its structs against the header.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { BUILD_DIR, ROOT } from '../api/lib/stack.mjs';
import { enter, start, startCluster, startNode } from './lib.mjs';

const PYTHON = '/usr/bin/python3';
const ENV = { LD_LIBRARY_PATH: join(BUILD_DIR, 'lib/.libs'), PYTHONPATH: join(ROOT, 'python'), PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' };
const dir = mkdtempSync(join(tmpdir(), 'dp-python-'));
after(() => rmSync(dir, { recursive: true }));

let cluster;
before(async () => {
    cluster = await startCluster();
});

const HEAD = 'import asyncio, json\nfrom dstack_p2p import DStackP2PSDK, P2PError\nasync def main():\n';
let files = 0;
/* The body of an async function. */
function python(node, body, env = {}) {
    const path = join(dir, `${files++}.py`);
    writeFileSync(path, `${HEAD}${body.trimEnd().split('\n').map((line) => `    ${line}\n`).join('')}asyncio.run(main())\n`);
    return start(PYTHON, [path], { ...ENV, ...node.env, ...env });
}

test('three lines are enough', async () => {
    const node = await startNode(cluster);
    const run = python(node, `
sdk = DStackP2PSDK("${cluster.address}", "tls", block="latest")
print(await sdk.register())
print(json.dumps(await sdk.get_peers()))
await sdk.close()`);
    assert.equal(await run.line(), 'True');
    assert.ok(JSON.parse(await run.line()).includes(`https://${node.instance}-443s.gateway.example`));
    assert.equal(await run.gone, 0, run.said());
    await node.stop();
});

test('a watch tells of each change, to plain and to async callbacks, and ends when it is cancelled', async () => {
    const a = await startNode(cluster);
    for (const callback of ['def told(peers): print(len(peers), peers.error)', 'async def told(peers):\n    await asyncio.sleep(0)\n    print(len(peers), peers.error)']) {
        const run = python(a, `
${callback}
async with DStackP2PSDK(block="latest") as sdk:
    watch = asyncio.create_task(sdk.monitor_peers(told, interval=0.5))
    await asyncio.to_thread(input)
    watch.cancel()
    try:
        await watch
    except asyncio.CancelledError:
        print("cancelled")`);
        const before = Number((await run.line()).split(' ')[0]);
        const b = await startNode(cluster);
        await enter(b);
        await run.line((line) => line === `${before + 1} None`);
        await b.stop();
        run.child.stdin.write('\n');
        await run.line((line) => line === 'cancelled');
        assert.equal(await run.gone, 0, run.said());
    }
    await a.stop();
});

test('a list is handed out again for as long as it may be, and read anew after that', async () => {
    const a = await startNode(cluster), b = await startNode(cluster);
    const run = python(a, `
async with DStackP2PSDK(block="latest", reuse_ms=4000) as sdk:
    first = await sdk.get_peers()
    print("first")
    await asyncio.to_thread(input)
    again = await sdk.get_peers()
    print(len(again) - len(first), again.block == first.block, 0 < again.age < 4, again.error)
    await asyncio.sleep(4 - again.age)
    new = await sdk.get_peers()
    print(len(new) - len(first), new.block > first.block, new.age < 1, new.error)`);
    await run.line((line) => line === 'first');
    await enter(b);
    run.child.stdin.write('\n');
    assert.equal(await run.line(), '0 True True None');
    assert.equal(await run.line(), '1 True True None');
    assert.equal(await run.gone, 0, run.said());
    await Promise.all([a.stop(), b.stop()]);
});

test('what a callback raises ends the watch, and is raised', async () => {
    const node = await startNode(cluster);
    const run = python(node, `
def told(peers): raise ValueError("enough")
async with DStackP2PSDK(block="latest") as sdk:
    try:
        await sdk.monitor_peers(told)
    except ValueError as error:
        print(error)`);
    assert.equal(await run.line(), 'enough');
    assert.equal(await run.gone, 0, run.said());
    await node.stop();
});

test('a refusal is False with its reason; a fault raises, or leaves the last good list', async () => {
    const stranger = await startNode(cluster, { seat: false });
    const refused = python(stranger, 'sdk = DStackP2PSDK()\nprint(await sdk.register(), sdk.message)');
    assert.match(await refused.line(), /^False no token of the cluster names this instance/);
    const down = python(stranger, `
sdk = DStackP2PSDK()
try:
    await sdk.get_peers()
except P2PError as error:
    print(error.code, error)`, { RPC_URL: 'http://127.0.0.1:1' });
    assert.match(await down.line(), /^4 127\.0\.0\.1:1/);

    const own = await startCluster();
    const node = await startNode(own);
    await enter(node);
    const kept = python(node, `
sdk = DStackP2PSDK(block="latest", subscribe_url="")
print(len(await sdk.get_peers()))
await asyncio.to_thread(input)
peers = await sdk.get_peers()
print(len(peers), peers.error.code, peers.age > 0)`);
    assert.equal(await kept.line(), '1');
    await own.anvil.stop();
    kept.child.stdin.write('\n');
    assert.equal(await kept.line(), '1 4 True');
    const wrong = python(node, 'try:\n    DStackP2PSDK("x")\nexcept P2PError as error:\n    print(error)\ntry:\n    DStackP2PSDK(mode="x")\nexcept ValueError as error:\n    print(error)\ntry:\n    DStackP2PSDK(colour="x")\nexcept TypeError as error:\n    print(error)');
    assert.match(await wrong.line(), /CLUSTER_CONTRACT/);
    assert.match(await wrong.line(), /mode: one of tls, wireguard/);
    assert.match(await wrong.line(), /no such setting: colour/);
    await Promise.all([stranger.stop(), node.stop()]);
});

test('the lease is prolonged while the program runs', async () => {
    const own = await startCluster({ change: { peer: { kmsRoot: '0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf', appIds: ['0x5bb4ff9a3837357f19dc176407a5709c62eb6c56'], leaseDuration: 60 } } });
    const node = await startNode(own);
    const run = python(node, 'sdk = DStackP2PSDK()\nprint(await sdk.register())\nawait asyncio.to_thread(input)\nawait sdk.close()');
    assert.equal(await run.line(), 'True');
    const { leaseUntil } = await own.read('peerOf', node.token);
    await own.later(45);
    for (let i = 0; (await own.read('peerOf', node.token)).leaseUntil <= leaseUntil; i++) {
        assert.ok(i < 100, 'never prolonged');
        await new Promise((done) => setTimeout(done, 200));
    }
    run.child.stdin.write('\n');
    assert.equal(await run.gone, 0, run.said());
    await node.stop();
});

test('the structs are the header\'s, member by member', () => {
    const asked = execFileSync(PYTHON, ['-c', `
import ctypes, json
from dstack_p2p import _library as c
names = {"Options": "dstack_p2p_options", "Peer": "dstack_p2p_peer", "Peers": "dstack_p2p_peers", "Receipt": "dstack_p2p_receipt", "Self": "dstack_p2p_self"}
out = []
for name, struct in names.items():
    kind = getattr(c, name)
    out.append([struct, None, ctypes.sizeof(kind), 0])
    for field, _ in kind._fields_:
        at = getattr(kind, field)
        out.append([struct, field, at.size, at.offset])
print(json.dumps(out))`], { encoding: 'utf8', env: { ...process.env, ...ENV } });
    const rows = JSON.parse(asked);
    const lines = rows.map(([struct, field]) => (field === null
        ? `printf("%zu 0\\n", sizeof(struct ${struct}));`
        : `printf("%zu %zu\\n", sizeof(((struct ${struct} *)0)->${field}), offsetof(struct ${struct}, ${field}));`));
    writeFileSync(join(dir, 'layout.c'), `#include <stdio.h>\n#include "dstack_p2p.h"\nint main(void) {\n${lines.join('\n')}\nreturn 0; }\n`);
    execFileSync('cc', ['-I', join(ROOT, 'lib'), '-o', join(dir, 'layout'), join(dir, 'layout.c')]);
    const told = execFileSync(join(dir, 'layout'), { encoding: 'utf8' }).trim().split('\n');
    assert.equal(rows.length, 42);
    assert.deepEqual(told, rows.map(([, , size, offset]) => `${size} ${offset}`));
});

test('pip installs it, and it is found then', () => {
    const target = join(dir, 'site'), sources = join(dir, 'python');
    cpSync(join(ROOT, 'python'), sources, { recursive: true });
    execFileSync(PYTHON, ['-m', 'pip', 'install', '--quiet', '--no-index', '--no-deps', '--no-build-isolation', '--disable-pip-version-check', '--root-user-action=ignore', '--target', target, sources], { stdio: ['ignore', 'ignore', 'inherit'] });
    const said = execFileSync(PYTHON, ['-c', 'import dstack_p2p, importlib.metadata as m; print(dstack_p2p.__file__, m.version("dstack-p2p"), dstack_p2p.DStackP2PSDK.__name__)'],
        { encoding: 'utf8', cwd: dir, env: { ...process.env, ...ENV, PYTHONPATH: target } });
    assert.equal(said.trim(), `${join(target, 'dstack_p2p/__init__.py')} 0.1.0 DStackP2PSDK`);
    assert.ok(existsSync(join(target, 'dstack_p2p/py.typed')));
});

test('a program in C needs the header and the library alone', () => {
    writeFileSync(join(dir, 'plain.c'), '#include <dstack_p2p.h>\n#include <stdio.h>\nint main(void) { puts(dstack_p2p_error_text(DSTACK_P2P_ELIE)); return 0; }\n');
    execFileSync('cc', ['-std=c99', '-pedantic', '-Wall', '-Werror', '-I', join(ROOT, 'lib'), '-o', join(dir, 'plain'), join(dir, 'plain.c'), '-L', ENV.LD_LIBRARY_PATH, '-ldevproof']);
    assert.match(execFileSync(join(dir, 'plain'), { encoding: 'utf8', env: { ...process.env, ...ENV } }), /says what is not true/);
    const names = execFileSync('nm', ['-D', '--defined-only', '--format=posix', join(ENV.LD_LIBRARY_PATH, 'libdevproof.so')], { encoding: 'utf8' }).trim().split('\n').map((line) => line.split(' ')[0]);
    assert.ok(names.length > 10);
    assert.deepEqual(names.filter((name) => !name.startsWith('dstack_')), []);
});

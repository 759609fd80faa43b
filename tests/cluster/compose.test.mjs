// compose.test.mjs - docker-compose.cluster.yml without Docker: what its services run, run in its order.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { ROOT, sleep } from '../api/lib/stack.mjs';
import { dir } from '../contracts/lib.mjs';
import { DEVPROOF, start, startCluster, startNode } from './lib.mjs';

const PATH = join(ROOT, 'docker/docker-compose.cluster.yml');
let cluster, services;
before(async () => {
    cluster = await startCluster();
    const yaml = execFileSync('docker-compose', ['-f', PATH, 'config'], { encoding: 'utf8' });
    ({ services } = JSON.parse(execFileSync('/usr/bin/python3', ['-c', 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)'], { input: yaml })));
});

test('join ends once the node is a peer, and then the application finds the list', async () => {
    const node = await startNode(cluster);
    const data = mkdtempSync(join(dir, 'data-'));
    const mount = (service) => services[service].volumes.find((volume) => volume.startsWith('peers:')).split(':')[1];
    /* As the file says, with the folders and the program of this machine, and what whoever deploys has to write into it. */
    const words = (service, what) => services[service][what].map((word) => word.replaceAll(`${mount('peers')}/`, `${data}/`).replaceAll('/run/cluster/', `${data}/`));
    const environment = (service) => {
        const env = { ...services[service].environment };
        for (const name of Object.keys(env)) env[name] = node.env[name];
        assert.ok(!Object.values(env).includes(undefined));
        return { ...env, DSTACK_SIMULATOR_ENDPOINT: node.env.DSTACK_SIMULATOR_ENDPOINT };
    };
    const run = (service) => {
        const [program, ...rest] = words(service, 'entrypoint');
        assert.equal(program, '/usr/bin/devproof');
        return start(DEVPROOF, rest, environment(service));
    };
    assert.equal(mount('application'), '/run/cluster');

    const joining = run('join');
    await sleep(2500);
    assert.equal(joining.child.exitCode, null, 'it is no peer yet');
    const peers = run('peers');
    const entered = Date.now();
    while (await cluster.read('peerCount') === 0n) {
        assert.ok(Date.now() < entered + 30_000, peers.said());
        await sleep(50);
    }
    assert.equal(joining.child.exitCode, null, 'its block is not finalized yet');
    await cluster.mine(70);
    assert.equal(await joining.gone, 0, joining.said());
    const [shell, flag, script] = words('application', 'command');
    assert.deepEqual([shell, flag], ['sh', '-c']);
    const list = JSON.parse(execFileSync('sh', ['-c', script.replace('exec sleep infinity', 'true')]));
    assert.equal(list.schema, 'devproof.peers/1');
    const healthy = services.peers.healthcheck.test.slice(1).map((word) => word.replaceAll('$$', '$').replaceAll('/data/', `${data}/`));
    execFileSync(healthy[0], healthy.slice(1));
    execFileSync('touch', ['-d', '-2 minutes', join(data, 'old.json')]);
    assert.throws(() => execFileSync(healthy[0], [healthy[1], healthy[2].replace('peers.json', 'old.json')], { stdio: 'ignore' }));
    assert.ok(readFileSync(join(data, 'peers.json')).length > 0);
    assert.equal(await peers.end(), 0);
    await node.stop();
});

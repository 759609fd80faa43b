// balancer.mjs - nginx/balancer.conf.in before some nodes, as an operator would start it.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort, ROOT, sleep, temporaryDir } from '../api/lib/stack.mjs';

function listens(port) {
    return new Promise((done) => {
        const client = connect(port, '127.0.0.1');
        client.once('connect', () => done(true) || client.destroy());
        client.once('error', () => done(false));
    });
}

export async function startBalancer(ports) {
    const dir = temporaryDir();
    const port = await freePort();
    const conf = readFileSync(join(ROOT, 'nginx/balancer.conf.in'), 'utf8')
        .replaceAll('@RUN_DIR@', dir)
        .replaceAll('@LISTEN@', `127.0.0.1:${port}`)
        .replaceAll('@NODES@', ports.map((node) => `server 127.0.0.1:${node} max_fails=1 fail_timeout=2s;`).join('\n'));
    mkdirSync(join(dir, 'tmp'));
    writeFileSync(join(dir, 'nginx.conf'), process.getuid() === 0 ? `user root;\n${conf}` : conf);
    const child = spawn('nginx', ['-e', 'stderr', '-p', `${dir}/`, '-c', join(dir, 'nginx.conf')], {
        env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
        stdio: ['ignore', 'ignore', 'pipe'],
    });
    let output = '';
    child.stderr.on('data', (data) => (output += data));
    const exit = new Promise((done) => child.once('exit', done));
    for (let tries = 0; !(await listens(port)); tries++) {
        if (tries > 250 || child.exitCode !== null) throw new Error(`the balancer does not listen:\n${output}`);
        await sleep(20);
    }
    return {
        port,
        url: `http://127.0.0.1:${port}/`,
        output: () => output,
        async stop() {
            child.kill('SIGTERM');
            await exit;
            rmSync(dir, { recursive: true, force: true });
        },
    };
}

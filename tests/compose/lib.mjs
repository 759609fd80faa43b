// lib.mjs - run devproof and docker-compose on files of a folder of our own.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after } from 'node:test';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const BUILD_DIR = process.env.BUILD_DIR ?? join(ROOT, 'build');
export const DEVPROOF = join(BUILD_DIR, 'bin/devproof/devproof');
export const { getComposeHash } = createRequire(join(ROOT, 'tests/api/'))('@phala/dstack-sdk');

export const dir = mkdtempSync(join(tmpdir(), 'dp-compose-'));
after(() => rmSync(dir, { recursive: true, force: true }));

export function file(name, content) {
    const path = join(dir, name);
    writeFileSync(path, content);
    return path;
}

function run(program, args, options) {
    const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
    if (error) throw error;
    return { code: status, stdout, stderr, said: stdout + stderr };
}

/* devproof compose ARGS; input goes to its standard input. */
export const compose = (args, input = '') => run(DEVPROOF, ['compose', ...args], { input, timeout: 20_000 });

/* Debian's docker-compose: is this a compose file? It asks no daemon. */
export const dockerCompose = (path, args = ['config', '-q'], env = {}) =>
    run('docker-compose', ['-f', path, ...args], { env: { ...process.env, ...env }, cwd: dir });

export const DIGEST = 'sha256:' + 'ab12'.repeat(16);

/* A service that nothing is against; text follows it, indented by four. */
export const service = (text = '', image = `web@${DIGEST}`) => `services:
  web:
    image: ${image}
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    deploy: {resources: {limits: {cpus: "1", memory: 64M}}}
${text.replace(/^(?=.)/gm, '    ')}
`;

// stack.mjs - starts what the suites judge: ./up with a data directory and a port of its own.
import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { killFamily } from './proc.mjs';

export const ROOT = resolve(fileURLToPath(import.meta.url), '../../../..');
export const BUILD_DIR = process.env.BUILD_DIR ?? join(ROOT, 'build');

/* The first start of all builds the programs, so the limit is that of a slow compiler. */
const READY_MS = 180_000;
const STOP_MS = 20_000;

const running = new Set();
process.on('exit', () => {
    for (const child of running) child.kill('SIGTERM');
});
for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => process.exit(1));

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/* What the promise comes to, or 'late' after ms. */
export async function within(promise, ms) {
    let timer;
    const late = new Promise((done) => (timer = setTimeout(done, ms, 'late')));
    try {
        return await Promise.race([promise, late]);
    } finally {
        clearTimeout(timer);
    }
}

export function temporaryDir() {
    return mkdtempSync(join(tmpdir(), 'dp-api-'));
}

export function freePort() {
    return new Promise((done, fail) => {
        const server = createServer();
        server.once('error', fail);
        server.listen(0, '127.0.0.1', () => {
            const { port } = server.address();
            server.close(() => done(port));
        });
    });
}

function exitOf(child) {
    return new Promise((done) => {
        if (child.exitCode !== null || child.signalCode !== null) return done(child.exitCode);
        child.once('exit', (code) => done(code));
    });
}

function environment(settings) {
    const env = { ...process.env, BUILD_DIR, ...settings };
    /* What the caller's shell happens to export is no part of a test. */
    for (const name of ['PORT', 'DATA_DIR', 'AUTH', 'ADMIN_TOKEN', 'EXPOSE_INFO', 'SIGN_SCHEME',
        'KEY_NAMESPACE', 'DSTACK_SIMULATOR_ENDPOINT', 'DATABASE_URL', 'WORKERS', 'LOG_LEVEL',
        'RATE_LIMIT', 'RUN_DIR', 'LOG_DIR', 'LOG_SIZE', 'LOG_KEEP', 'ROUTES_DIR', 'TLS_PORT', 'TLS_PUBLIC_PORT',
        'DSTACK_SIM_OPTIONS', 'CLUSTER_CONTRACT', 'CLUSTER_OPTIONS', 'CLUSTER_RELAY', 'TLS_NAME', 'TLS_CERT', 'TLS_KEY', 'TLS_VALID_SECONDS', 'NODE_TEST_CONTEXT'])
        if (!(name in settings) || settings[name] === undefined) delete env[name];
    return env;
}

/* Run ./up with these settings; its output gathers in .output, .exit is its exit code to come. */
export function spawnUp(settings, [command, ...args] = [join(ROOT, 'up')]) {
    const child = spawn(command, args, {
        cwd: ROOT,
        env: environment(settings),
        stdio: ['ignore', 'pipe', 'pipe'],
    });
    const up = { child, pid: child.pid, stdout: '', output: '' };
    child.stdout.on('data', (data) => {
        up.stdout += data;
        up.output += data;
    });
    child.stderr.on('data', (data) => (up.output += data));
    running.add(child);
    up.exit = new Promise((done, fail) => {
        child.once('error', fail);
        child.once('close', (code, signal) => {
            running.delete(child);
            done(code ?? signal);
        });
    });
    up.exit.catch(() => {});
    return up;
}

async function ready(up, port) {
    const line = new RegExp(`^.*ready.*http://127\\.0\\.0\\.1:${port}/.*$`, 'im');
    let ended;
    up.exit.then((code) => (ended = `exit ${code}`), (err) => (ended = err.message));
    for (const end = Date.now() + READY_MS; Date.now() < end; await sleep(20)) {
        if (line.test(up.stdout)) return;
        if (ended !== undefined) throw new Error(`./up ended before it was ready (${ended}):\n${up.output}`);
    }
    up.child.kill('SIGTERM');
    throw new Error(`./up was not ready in time:\n${up.output}`);
}

/* What a stack logged so far, oldest first. */
export function logLines(logDir) {
    if (!existsSync(logDir)) return [];
    return readdirSync(logDir).filter((file) => /^(@.*|current)$/.test(file)).sort()
        .flatMap((file) => readFileSync(join(logDir, file), 'utf8').split('\n').filter(Boolean));
}

/* Below tests/with-postgres each data directory has a schema there instead of a file inside it. */
function databaseUrl(dataDir) {
    const { POSTGRES_SOCKET: host, POSTGRES_PORT: port } = process.env;
    if (!host) return `sqlite:${dataDir}/devproof.db`;
    const schema = `api_${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`;
    execFileSync('psql', ['-qX', '-h', host, '-p', port, '-U', 'postgres', '-d', 'devproof', '-c',
        `SET client_min_messages = warning; CREATE SCHEMA IF NOT EXISTS ${schema} AUTHORIZATION devproof`]);
    return `postgresql://devproof@/devproof?host=${host}&port=${port}&options=-csearch_path%3D${schema}`;
}

/* What a build with sanitizers wrote into the logs: a fault there fails the suite, as nobody reads them. */
function sanitizerReports(logDir) {
    return logLines(logDir).filter((line) => /Sanitizer|runtime error:/.test(line));
}

/* Start a stack and wait until it says that it is ready. Settings are environment variables. */
export async function startStack(settings = {}) {
    const dataDir = settings.DATA_DIR ?? temporaryDir();
    const database = settings.DATABASE_URL ?? databaseUrl(dataDir);
    const port = Number(settings.PORT ?? (await freePort()));
    const adminToken = 'ADMIN_TOKEN' in settings ? settings.ADMIN_TOKEN : randomBytes(32).toString('hex');
    const began = Date.now();
    const up = spawnUp({
        RATE_LIMIT: '0',
        ...settings,
        DATABASE_URL: database,
        PORT: String(port),
        DATA_DIR: dataDir,
        ADMIN_TOKEN: adminToken,
    });
    await ready(up, port);

    async function stop(signal = 'SIGTERM') {
        if (running.has(up.child)) {
            up.child.kill(signal);
            if ((await within(up.exit, STOP_MS)) === 'late') {
                killFamily(up.pid, dataDir);
                throw new Error(`./up did not end within ${STOP_MS} ms of ${signal}`);
            }
        }
        const complaints = sanitizerReports(join(dataDir, 'log'));
        if (!settings.DATA_DIR) rmSync(dataDir, { recursive: true, force: true });
        if (complaints.length) throw new Error(`a sanitizer complained:\n${complaints.join('\n')}`);
        return up.exit;
    }

    return {
        url: `http://127.0.0.1:${port}/`,
        port,
        adminToken,
        dataDir,
        databaseUrl: database,
        logDir: join(dataDir, 'log'),
        runDir: join(dataDir, 'run'),
        pid: up.pid,
        startMs: Date.now() - began,
        exit: () => up.exit,
        output: () => up.output,
        stdout: () => up.stdout,
        stop,
    };
}

function connects(socket) {
    return new Promise((done) => {
        const client = connect(socket);
        client.once('connect', () => done(true) || client.destroy());
        client.once('error', () => done(false));
    });
}

/* dstack-sim alone, on a socket of its own. */
export async function startSim(...args) {
    const binary = join(BUILD_DIR, 'bin/dstack-sim');
    if (!existsSync(binary)) await (await startStack()).stop();
    const dir = temporaryDir();
    const socket = join(dir, 'dstack.sock');
    const child = spawn(binary, ['--data', join(ROOT, 'bin/sim/gen2'), '--socket', socket, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (output += data));
    child.once('error', (err) => (output += err.message));
    running.add(child);
    const exit = exitOf(child).then((code) => running.delete(child) && code);
    for (let tries = 0; !(await connects(socket)); tries++) {
        if (tries > 250) {
            child.kill('SIGTERM');
            throw new Error(`dstack-sim does not listen:\n${output}`);
        }
        await sleep(20);
    }
    return {
        socket,
        pid: child.pid,
        output: () => output,
        async stop() {
            child.kill('SIGTERM');
            const code = await exit;
            rmSync(dir, { recursive: true, force: true });
            return code;
        },
    };
}

// servers.mjs - a real Redis and a real PostgreSQL of a machine, listening in its tunnel, and clients of them on another.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chownSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { run, until, within } from './nodes.mjs';

const NOTHING_TO_KEEP = ['--save', '', '--appendonly', 'no', '--repl-diskless-sync-delay', '0'];
const AS_POSTGRES = ['setpriv', '--reuid', 'postgres', '--regid', 'postgres', '--init-groups'];
const finish = promisify(execFile);

/* A program of a machine; its output, or an error with what it said. */
export const command = async (machine, ...argv) => {
    const [program, ...words] = within(machine, ...argv);
    return (await finish(program, words, { timeout: 20_000 })).stdout.trim();
};

function serve(network, machine, argv, signal = 'SIGTERM') {
    const [program, ...words] = within(machine, ...argv);
    const child = spawn(program, words, { stdio: 'ignore' });
    const exit = once(child, 'exit');
    return network.keep({ stop: async () => (child.kill(signal), exit) });
}

const answers = (machine, ...argv) => command(machine, ...argv).catch(() => false);

export const redis = (machine, address, ...words) => command(machine, 'timeout', '3', 'redis-cli', '-e', '-h', address, ...words);

export async function startRedis(network, machine, addresses, ...words) {
    serve(network, machine, ['redis-server', '--bind', ...addresses, '--protected-mode', 'no', '--dir', network.dir, ...NOTHING_TO_KEEP, ...words]);
    await until('Redis answers', () => answers(machine, 'redis-cli', '-h', addresses[0], 'PING'));
}

export const sql = (machine, address, text) => command(machine, 'psql', '-qXAt', '-v', 'ON_ERROR_STOP=1', '-h', address, '-U', 'postgres', '-c', text);

/* PostgreSQL refuses root, and keeps its folder to itself. */
export async function startPostgres(network, machine, addresses, ranges) {
    const version = readdirSync('/usr/lib/postgresql').sort().at(-1), bin = join('/usr/lib/postgresql', version, 'bin');
    const home = join(network.dir, 'postgres'), data = join(home, 'data');
    mkdirSync(home);
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(run('id', flag, 'postgres')));
    chownSync(home, uid, gid);
    await command(machine, 'chmod', '755', network.dir);
    await command(machine, ...AS_POSTGRES, join(bin, 'initdb'), '-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync');
    appendFileSync(join(data, 'pg_hba.conf'), ranges.map((range) => `host all all ${range} trust\n`).join(''));
    /* SIGINT ends it without waiting for clients. */
    serve(network, machine, [...AS_POSTGRES, join(bin, 'postgres'), '-D', data, '-k', home, '-c', `listen_addresses=${addresses.join(',')}`, '-c', 'fsync=off'], 'SIGINT');
    await until('PostgreSQL answers', () => answers(machine, 'psql', '-h', addresses[0], '-U', 'postgres', '-c', 'SELECT 1'));
}

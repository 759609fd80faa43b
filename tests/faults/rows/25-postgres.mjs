// 25-postgres.mjs - PostgreSQL restarts, is killed, is away for a while, or hangs.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgres } from '../../api/lib/postgres.mjs';

const UNAVAILABLE = /: 503 database_unavailable$/;

let server;

const control = (verb) => execFileSync('sh', ['-c', `${server.env.POSTGRES_CTL} ${verb}`], { stdio: ['ignore', 'ignore', 'inherit'] });
const postmaster = () => Number(readFileSync(join(server.env.POSTGRES_DATA, 'postmaster.pid'), 'latin1').split('\n')[0]);

/* A server for all of these rows, a schema for each. */
async function settings() {
    server ??= await startPostgres();
    return { DATABASE_URL: server.schema() };
}

export const rows = [
    { name: 'PostgreSQL restarted', settings, may: [UNAVAILABLE], break: async () => control('restart -m fast') },
    {
        name: 'PostgreSQL killed (postmaster, SIGKILL), started again after 2 s',
        settings,
        may: [UNAVAILABLE],
        break: async () => process.kill(postmaster(), 'SIGKILL'),
        holds: 2000,
        mend: async () => control('start'),
    },
    {
        name: 'PostgreSQL away for 10 s',
        settings,
        may: [UNAVAILABLE],
        break: async () => control('stop -m immediate'),
        holds: 10_000,
        mend: async () => control('start'),
    },
    {
        name: 'PostgreSQL hangs for 6 s (SIGSTOP to all its backends)',
        settings,
        may: [UNAVAILABLE],
        break: async (_, context) => {
            context.pids = server.sql("SELECT pid FROM pg_stat_activity WHERE usename = 'devproof'").split('\n').map(Number);
            for (const pid of context.pids) process.kill(pid, 'SIGSTOP');
        },
        holds: 6000,
        mend: async (_, { pids }) => pids.forEach((pid) => {
            try {
                process.kill(pid, 'SIGCONT');
            } catch {
                /* it ended meanwhile */
            }
        }),
    },
    { name: 'the connections to PostgreSQL are cut', settings, break: async () => server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'devproof'") },
];

export async function end() {
    await server?.stop();
}

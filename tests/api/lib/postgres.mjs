// postgres.mjs - a PostgreSQL of one's own, by tests/with-postgres.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { ROOT } from './stack.mjs';

/* Start one; .schema() makes an empty schema and gives a DATABASE_URL for it. */
export async function startPostgres() {
    const child = spawn(join(ROOT, 'tests/with-postgres'), ['sh', '-c', 'env | grep ^POSTGRES_; echo READY; exec cat'],
        { stdio: ['pipe', 'pipe', 'inherit'] });
    const env = {};
    for await (const line of createInterface({ input: child.stdout })) {
        if (line === 'READY') break;
        const at = line.indexOf('=');
        env[line.slice(0, at)] = line.slice(at + 1);
    }
    if (!env.POSTGRES_SOCKET) throw new Error('PostgreSQL did not start');
    let count = 0;
    const sql = (text) => execFileSync('psql', ['-qXAt', '-v', 'ON_ERROR_STOP=1', '-h', env.POSTGRES_SOCKET,
        '-p', env.POSTGRES_PORT, '-U', 'postgres', '-d', 'devproof', '-c', text], { encoding: 'utf8' }).trim();
    return {
        env,
        sql,
        schema() {
            const name = `s${++count}`;
            sql(`CREATE SCHEMA ${name} AUTHORIZATION devproof`);
            return `postgresql://devproof@/devproof?host=${env.POSTGRES_SOCKET}&port=${env.POSTGRES_PORT}`
                + `&options=-csearch_path%3D${name}`;
        },
        async stop() {
            child.stdin.end();
            if (child.exitCode === null) await once(child, 'exit');
        },
    };
}

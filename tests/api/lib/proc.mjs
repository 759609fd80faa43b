// proc.mjs - the processes of one stack, read from /proc.
import { readdirSync, readFileSync } from 'node:fs';

function text(path) {
    try {
        return readFileSync(path, 'latin1');
    } catch {
        return ''; /* gone meanwhile, or not ours to read */
    }
}

function all() {
    return readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map((name) => {
            const stat = text(`/proc/${name}/stat`);
            const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
            return {
                pid: Number(name),
                ppid: Number(ppid),
                state,
                comm: text(`/proc/${name}/comm`).trim(),
                argv: text(`/proc/${name}/cmdline`).split('\0'),
            };
        })
        .filter(({ state }) => state && state !== 'Z');
}

/* Every process that descends from pid, or has dataDir in its arguments or its environment. */
export function family(pid, dataDir) {
    const everyone = all();
    const found = new Map();
    const add = (process) => {
        if (found.has(process.pid)) return;
        found.set(process.pid, process);
        everyone.filter(({ ppid }) => ppid === process.pid).forEach(add);
    };
    for (const process of everyone)
        if (process.pid === pid || mentions(process, dataDir)) add(process);
    return [...found.values()];
}

function mentions({ pid, argv }, dataDir) {
    return argv.some((arg) => arg.includes(dataDir)) || text(`/proc/${pid}/environ`).includes(dataDir);
}

/* Kill each with SIGKILL; one that has ended by itself is no fault. */
export function kill(pids) {
    for (const pid of pids)
        try {
            process.kill(pid, 'SIGKILL');
        } catch (err) {
            if (err.code !== 'ESRCH') throw err;
        }
}

/* Kill a stack with all that it started, also what is being started at that moment. */
export function killFamily(pid, dataDir) {
    for (let left; (left = family(pid, dataDir)).length; )
        kill(left.map((one) => one.pid));
}

/* What is left of a stack once it has ended. */
export function leftovers(dataDir) {
    return all().filter((process) => process.pid !== globalThis.process.pid && mentions(process, dataDir));
}

/* The FastCGI workers: the programs under cgi-bin/ themselves, not what supervises them. */
export function workers(stack) {
    return family(stack.pid, stack.dataDir)
        .map((process) => ({ ...process, program: /cgi-bin\/([\w.-]+)$/.exec(process.argv[0])?.[1] }))
        .filter(({ program }) => program);
}

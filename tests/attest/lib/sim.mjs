// sim.mjs - a dstack-sim, what it wrote for verifiers, and what verifiers say of its quotes.
import { spawn, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askAgent } from '../../api/lib/agent.mjs';
import { DEVPROOF, ROOT, official } from './cases.mjs';

const SIM = join(DEVPROOF, '../../dstack-sim');

export async function startSim(...args) {
    const dir = mkdtempSync(join(tmpdir(), 'dp-sim-'));
    const at = (name) => join(dir, name);
    const child = spawn(SIM, ['--data', join(ROOT, 'bin/sim/gen2'), '--socket', at('sock'), '--root', at('root'), '--collateral', at('collateral'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(child, 'exit');
    await Promise.race([once(child.stdout, 'data'), exit.then(([code]) => { throw new Error(`dstack-sim ends with ${code}`); })]);
    return {
        at,
        root: new X509Certificate(readFileSync(at('root'))).raw,
        collateral: JSON.parse(readFileSync(at('collateral'))),
        ask: (path, fields) => askAgent(at('sock'), path, fields),
        async stop() {
            child.kill('SIGTERM');
            await exit;
            rmSync(dir, { recursive: true });
        },
    };
}

/* What both verifiers say of a quote, with what this simulator wrote: [ours, the official one's]. */
export function judge(sim, quote) {
    writeFileSync(sim.at('quote'), quote);
    const { stdout } = spawnSync(DEVPROOF, ['quote', 'verify', sim.at('quote'), '--collateral', sim.at('collateral'), '--root', sim.at('root'), '--json'], { encoding: 'utf8' });
    const { valid, status, advisoryIds, error } = JSON.parse(stdout);
    const time = Math.floor(Date.now() / 1000);
    return [
        valid ? ['valid', status, ...advisoryIds].join(' ') : `refused: ${error}`,
        official({ quote, collateral: sim.collateral, root: sim.root, time }),
    ];
}

/* `devproof eventlog replay` of an answer of GetQuote. */
export function replay(sim, answer) {
    writeFileSync(sim.at('answer'), JSON.stringify(answer));
    const { stdout } = spawnSync(DEVPROOF, ['eventlog', 'replay', sim.at('answer'), '--json'], { encoding: 'utf8' });
    return JSON.parse(stdout);
}

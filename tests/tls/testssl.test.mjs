// testssl.test.mjs - testssl.sh finds nothing of weight, but for what comes with a private CA.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SIM_CA, startTls } from './lib.mjs';

/* Findings by their id, and why they stand. */
const STANDS = {
    cert_revocation: 'HIGH: a private CA publishes neither CRL nor OCSP; its certificates last 90 days',
    engine_problem: 'WARN: of the openssl command here, which knows no GOST ciphers to try',
    sessionresumption_ticket: 'WARN: there are no tickets to resume a session with',
};
const WEIGHT = ['MEDIUM', 'HIGH', 'CRITICAL', 'WARN', 'FATAL'];
const TIME_LIMIT_MS = 30 * 60_000; // it starts tens of thousands of processes: two minutes and a half of two cores

/* All but the simulation of clients. The halves run at once: protocols, ciphers, forward secrecy, server and
 * headers; known holes. */
const HALVES = [['-p', '-s', '-f', '-P', '-S', '-h'], ['-U']];

let stack;
before(async () => (stack = await startTls()));
after(() => stack.stop());

/* What it found, and what it said. */
function look(half, ca) {
    const file = join(stack.dataDir, `findings${half[0]}.json`);
    const words = ['--quiet', '--color', '0', '--warnings', 'off', '--ip', 'one', '--add-ca', ca, '--jsonfile', file, ...half,
        `https://localhost:${stack.tlsPort}`];
    return new Promise((done, fail) => {
        const child = execFile('testssl', words, { maxBuffer: 1 << 24 }, (err, stdout, stderr) => {
            const said = `${err ?? ''}${stdout}${stderr}`;
            try {
                done({ findings: JSON.parse(readFileSync(file, 'utf8')), said });
            } catch (bad) {
                fail(new Error(`${bad.message}:\n${said}`));
            }
        });
        child.stdin.end();
    });
}

test('testssl.sh', { timeout: TIME_LIMIT_MS }, async (t) => {
    const ca = join(stack.dataDir, 'ca.pem');
    writeFileSync(ca, SIM_CA);
    const halves = await Promise.all(HALVES.map((half) => look(half, ca)));
    const findings = halves.flatMap((half) => half.findings);
    const said = halves.map((half) => half.said).join('');
    const by = (id) => findings.find((one) => one.id === id) ?? assert.fail(`it did not look at ${id}:\n${said}`);
    assert.ok(findings.length >= 80, `${findings.length} findings:\n${said}`);
    for (const id of ['SSLv2', 'SSLv3', 'TLS1', 'TLS1_1']) assert.match(by(id).finding, /^not offered/, id);
    for (const id of ['TLS1_2', 'TLS1_3']) assert.match(by(id).finding, /^offered/, id);
    assert.equal(by('cert_chain_of_trust').severity, 'OK', by('cert_chain_of_trust').finding);
    for (const id of ['heartbleed', 'ROBOT', 'BREACH', 'SWEET32', 'LUCKY13', 'HSTS_time']) by(id);
    const heavy = findings.filter(({ id, severity }) => WEIGHT.includes(severity) && !(id in STANDS));
    assert.deepEqual(heavy.map(({ id, severity, finding }) => `${id} ${severity}: ${finding}`), []);
    assert.ok(findings.some(({ id, severity }) => id === 'cert_revocation' && severity === 'HIGH'), 'a finding of weight is told apart');
    t.diagnostic(`${findings.length} findings, of weight only: ${findings.filter(({ id }) => id in STANDS).map(({ id }) => id).join(', ')}`);
});

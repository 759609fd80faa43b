// lib.mjs - stacks that serve HTTPS, certificates to try on them, and who connects.
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { BUILD_DIR, freePort, ROOT, startStack } from '../api/lib/stack.mjs';
import { vectors } from '../api/lib/derive.mjs';

/* The CA that dstack-sim certifies with. */
export const SIM_CA = vectors('simulator/gen2/appkeys.json').ca_cert;

/* Not in /tmp, which may be in memory: what must not be on a disk is looked for on one. */
export const diskDir = () => mkdtempSync('/var/tmp/dp-tls-');

export async function startTls(settings = {}) {
    const dataDir = settings.DATA_DIR ?? diskDir();
    const tlsPort = Number(settings.TLS_PORT ?? (await freePort()));
    const stack = await startStack({ TLS_NAME: 'localhost,127.0.0.1', ...settings, DATA_DIR: dataDir, TLS_PORT: String(tlsPort) });
    const stop = async (signal) => {
        const code = await stack.stop(signal);
        if (!settings.DATA_DIR) rmSync(dataDir, { recursive: true, force: true });
        return code;
    };
    return { ...stack, tlsPort, settings: { ...settings, DATA_DIR: dataDir }, stop };
}

/* devproof tls ... as an operator of that stack runs it. */
function environment(stack) {
    const { DATA_DIR, RUN_DIR = '', TLS_NAME = 'localhost,127.0.0.1', TLS_CERT = '', TLS_KEY = '', TLS_VALID_SECONDS = '' } = stack.settings;
    const socket = join(RUN_DIR || join(DATA_DIR, 'run'), 'dstack.sock');
    return { ...process.env, DATA_DIR, RUN_DIR, TLS_NAME, TLS_CERT, TLS_KEY, TLS_VALID_SECONDS, DSTACK_SIMULATOR_ENDPOINT: stack.settings.DSTACK_SIMULATOR_ENDPOINT ?? socket };
}

const DEVPROOF = join(BUILD_DIR, 'bin/devproof/devproof');

export function tls(stack, words) {
    const { status, stdout, stderr } = spawnSync(DEVPROOF, ['tls', ...words], { encoding: 'utf8', env: environment(stack) });
    return { status, stdout, stderr };
}

/* The same while other things go on. */
export function tlsMeanwhile(stack, words) {
    return new Promise((done) => execFile(DEVPROOF, ['tls', ...words], { env: environment(stack) },
        (err, stdout, stderr) => done({ status: err ? err.code : 0, stdout, stderr })));
}

export const shown = (stack) => JSON.parse(tls(stack, ['show', '--json']).stdout);

/* The certificate that a new connection gets. */
export function served(stack, options = {}) {
    return new Promise((done, fail) => {
        const socket = connect({ host: '127.0.0.1', port: stack.tlsPort, servername: 'localhost', rejectUnauthorized: false, ...options }, () => {
            const certificate = socket.getPeerX509Certificate?.() ?? socket.getPeerCertificate(true);
            done({ certificate, protocol: socket.getProtocol(), cipher: socket.getCipher().name });
            socket.destroy();
        });
        socket.on('error', fail);
    });
}

const used = new WeakSet();

/* One request; https where the stack's CA is given. */
export function ask(port, path, { ca, method = 'GET', headers = {}, body, agent, host = '127.0.0.1' } = {}) {
    return new Promise((done, fail) => {
        const send = ca ? overHttps : overHttp;
        const req = send({ host, port, path, method, headers, ca, agent, servername: ca ? 'localhost' : undefined }, (res) => {
            const parts = [];
            res.on('data', (part) => parts.push(part));
            res.on('end', () => done({ status: res.statusCode, headers: res.headers, body: Buffer.concat(parts).toString() }));
            res.on('error', fail);
        });
        /* The agent's own word, reusedSocket, leaves out requests that waited for a connection. */
        let reused = false;
        req.on('socket', (socket) => {
            reused = used.has(socket);
            used.add(socket);
        });
        req.on('error', (err) => fail(Object.assign(err, { reused })));
        req.end(body);
    });
}

const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });

/* A certificate authority with an intermediate, made by openssl; all in one folder. */
export function makeCa() {
    const dir = diskDir();
    const at = (name) => join(dir, name);
    const key = (name) => openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', at(`${name}.key`));
    const extensions = (name, text) => writeFileSync(at(`${name}.ext`), text);
    for (const name of ['root', 'between']) key(name);
    openssl('req', '-new', '-x509', '-key', at('root.key'), '-subj', '/CN=Test Root', '-days', '3650', '-out', at('root.pem'),
        '-addext', 'keyUsage=critical,keyCertSign');
    openssl('req', '-new', '-key', at('between.key'), '-subj', '/CN=Test Between', '-out', at('between.csr'));
    extensions('between', 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n');
    openssl('x509', '-req', '-in', at('between.csr'), '-CA', at('root.pem'), '-CAkey', at('root.key'), '-days', '3650',
        '-extfile', at('between.ext'), '-out', at('between.pem'));

    /* A chain for a request, as a file; dates as openssl ca writes them, YYYYMMDDHHMMSSZ. */
    function sign(csr, name, { names = 'DNS:localhost,IP:127.0.0.1', ends, usage = 'serverAuth' } = {}) {
        writeFileSync(at(`${name}.csr`), csr);
        extensions(name, `subjectAltName=${names}\nextendedKeyUsage=${usage}\nbasicConstraints=critical,CA:FALSE\n`);
        writeFileSync(at('ca.cnf'), `[ca]\ndefault_ca=d\n[d]\ndatabase=${at('index')}\nnew_certs_dir=${dir}\nrand_serial=yes\n` +
            'default_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=optional\n');
        writeFileSync(at('index'), '');
        openssl('ca', '-batch', '-notext', '-config', at('ca.cnf'), '-cert', at('between.pem'), '-keyfile', at('between.key'),
            '-in', at(`${name}.csr`), '-out', at(`${name}.leaf`), '-extfile', at(`${name}.ext`), '-subj', '/CN=localhost',
            ...(ends ? ['-startdate', '20200101000000Z', '-enddate', ends] : ['-days', '30']));
        writeFileSync(at(`${name}.pem`), Buffer.concat([openssl('x509', '-in', at(`${name}.leaf`)), openssl('x509', '-in', at('between.pem'))]));
        return at(`${name}.pem`);
    }

    /* A key that nobody's agent has, and its request. */
    function request(name) {
        key(name);
        return openssl('req', '-new', '-key', at(`${name}.key`), '-subj', '/CN=localhost');
    }

    return { dir, at, sign, request, root: at('root.pem'), remove: () => rmSync(dir, { recursive: true, force: true }) };
}

export { BUILD_DIR, freePort, ROOT };

// nginx.test.mjs - the nginx hook on a real nginx: who is in the list gets requests, and nobody else.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as httpServer, request } from 'node:http';
import { createServer as httpsServer } from 'node:https';
import { createServer as netServer } from 'node:net';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { describe, test } from 'node:test';
import { atEnd, dir, document, freePort, hook, HOSTILE, must, peer, peersFile, serve, sleep, UNUSABLE, until } from './lib.mjs';

/* An nginx as an operator has it, with the include; .env is what its hook is told. */
async function startNginx(name, env) {
    const home = join(dir, name);
    mkdirSync(join(home, 'tmp'), { recursive: true });
    const port = await freePort();
    const path = (file) => join(home, file);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path ${path('tmp')};`).join('\n');
    writeFileSync(path('peers.conf'), 'upstream devproof_peers { server 127.0.0.1:1 down; }\n');
    writeFileSync(path('nginx.conf'), `${process.getuid() === 0 ? 'user root;' : ''}
        daemon off; pid ${path('pid')}; error_log stderr; worker_processes 2; events {}
        http { access_log off; ${temporary} include ${path('peers.conf')};
               server { listen 127.0.0.1:${port}; location / { proxy_pass http://devproof_peers; } } }`);
    const nginx = {
        port, path, text: () => readFileSync(path('peers.conf'), 'utf8'),
        env: { NGINX_PEERS_CONF: path('peers.conf'), NGINX_CONF: path('nginx.conf'), NGINX_PID: path('pid'), ...env },
        async start() {
            nginx.server = serve(['/usr/sbin/nginx', '-e', 'stderr', '-c', path('nginx.conf')]);
            await until(5000, () => existsSync(path('pid')) && readFileSync(path('pid'), 'utf8').trim(), () => nginx.server.output);
        },
        hook: (content, more) => hook('nginx', peersFile(name, content), { ...nginx.env, ...more }),
    };
    return nginx;
}

/* A connection for each request: one that nginx closes while it idles is the client's to open again. */
const ask = (port, method = 'GET') => new Promise((done) => {
    const req = request({ host: '127.0.0.1', port, method, agent: false, path: '/' }, (res) => {
        let body = '';
        res.on('data', (data) => (body += data));
        res.on('end', () => done({ status: res.statusCode, body }));
        res.on('error', (err) => done({ status: 0, body: err.message }));
    });
    req.on('error', (err) => done({ status: 0, body: err.message }));
    req.end();
});

/* Who answers twenty requests, with failures by their status. Each worker counts the peers for itself. */
async function who(port) {
    const seen = new Set();
    for (let i = 0; i < 20; i++) {
        const { status, body } = await ask(port);
        seen.add(status === 200 ? body : `status ${status}`);
    }
    return [...seen].sort();
}

/* Ask all the time while work() goes on; the answers, each with its time. */
async function meanwhile(port, work) {
    const answers = [];
    let on = true;
    const client = async () => {
        while (on) answers.push({ ...(await ask(port)), at: Date.now() });
    };
    const clients = [client(), client(), client(), client()];
    try {
        await work();
    } finally {
        on = false;
        await Promise.all(clients);
    }
    return answers;
}

const listening = (server, ...where) => new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(...where, () => done(server.address().port));
    atEnd(() => server.close());
});

describe('wireguard mode', () => {
    const address = (token) => `127.77.1.${token}`;
    const at = (token, more) => peer(token, { address: address(token), self: token === 1, ...more });
    let nginx;

    test('requests reach the peers, this node only where it is asked for', async () => {
        const port = await freePort();
        for (const token of [1, 2, 3, 4])
            await listening(httpServer((req, res) => res.end(String(token))), port, address(token));
        nginx = await startNginx('plain', { NGINX_PEERS_PORT: String(port) });
        await nginx.start();
        assert.deepEqual(await nginx.hook(document('wireguard', [at(1), at(2), at(3)])), { code: 0, stdout: '', stderr: '' });
        assert.deepEqual(await who(nginx.port), ['2', '3']);
        assert.equal((await nginx.hook(document('wireguard', [at(1), at(2), at(3)]), { NGINX_PEERS_SELF: 'yes' })).code, 0);
        assert.deepEqual(await who(nginx.port), ['1', '2', '3']);
    });

    test('who has not proven its tunnel key gets nothing', async () => {
        assert.equal((await nginx.hook(document('wireguard', [at(1), at(2), at(3, { verified: false }), at(4, { verified: null })]))).code, 0);
        assert.deepEqual(await who(nginx.port), ['2', '4']);
    });

    test('one comes, one leaves: no request fails, none goes to who has left', async () => {
        let left;
        const got = await meanwhile(nginx.port, async () => {
            for (const list of [[at(2), at(3), at(4)], [at(2), at(4)], [at(2), at(3), at(4)], [at(2), at(3)]]) {
                await sleep(200);
                assert.equal((await nginx.hook(document('wireguard', list))).code, 0);
                left = Date.now();
            }
            await sleep(500);
        });
        assert.deepEqual(got.filter(({ status }) => status !== 200), []);
        assert.ok(got.length > 200, `${got.length} requests`);
        assert.ok(got.some(({ body }) => body === '4'));
        /* The old workers end what they have; 100 ms is a long request here. */
        assert.deepEqual(got.filter(({ body, at }) => body === '4' && at > left + 100), []);
    });

    test('a list that changed nothing reloads nothing', async () => {
        const children = () => readFileSync(`/proc/${nginx.server.child.pid}/task/${nginx.server.child.pid}/children`, 'utf8');
        await until(5000, () => children().trim().split(' ').length === 2, children); /* the old ones have ended */
        const before = children();
        assert.equal((await nginx.hook(document('wireguard', [at(3), at(2)]))).code, 0);
        await sleep(300);
        assert.equal(children(), before);
    });

    test('a file that cannot be acted on changes nothing, and is said to be one', async () => {
        const before = nginx.text();
        for (const [why, content] of Object.entries(UNUSABLE('wireguard', [at(4)]))) {
            const { code, stderr } = await nginx.hook(content);
            assert.equal(code, 2, why);
            assert.match(stderr, /^nginx hook: [\x20-\x7e]+\n$/, why);
            assert.equal(nginx.text(), before, why);
        }
        assert.match((await nginx.hook(UNUSABLE('wireguard', [at(4)])['an error'])).stderr, /rpc\.example does not answer/);
        const { code, stderr } = await hook('nginx', join(dir, 'none'), nginx.env);
        assert.equal(code, 2);
        assert.match(stderr, /no peers file/);
    });

    test('the old file stays where nginx cannot do with the new one', async () => {
        const before = nginx.text();
        /* Alone the new file is right; the whole configuration has no upstream by the old name then. */
        const { code, stderr } = await nginx.hook(document('wireguard', [at(2), at(4)]), { NGINX_UPSTREAM: 'another' });
        assert.equal(code, 1);
        assert.match(stderr, /devproof_peers/);
        assert.equal(nginx.text(), before);
        assert.deepEqual(await who(nginx.port), ['2', '3']);
    });

    test('a setting with more than a setting in it is refused', async () => {
        for (const [name, value] of [['NGINX_PEERS_PORT', '80; x'], ['NGINX_PEERS_PORT', '0'], ['NGINX_UPSTREAM', 'a {'], ['NGINX_PEERS_CONF', '/tmp/a b'], ['NGINX_PEERS_PORT', '']])
            assert.equal((await nginx.hook(document('wireguard', [at(2)]), { [name]: value })).code, 2, `${name}=${value}`);
    });

    test('a peer whose address is something else is left out, the others are not', async () => {
        const bad = ['10.0.1.4/24', '10.0.1', '010.0.1.4', '10.0.1.4 down', 'localhost', '', 7, ...HOSTILE.map((text) => `10.0.1.4${text}`), ...HOSTILE];
        const { code, stderr } = await nginx.hook(document('wireguard', [at(2), ...bad.map((text, i) => peer(10 + i, { address: text }))]));
        assert.equal(code, 0, stderr);
        assert.equal(stderr.split('\n').length - 1, bad.length);
        assert.deepEqual(nginx.text().match(/ {4}server .*/g), [`    server ${address(2)}:${nginx.env.NGINX_PEERS_PORT};`]);
        assert.equal((await nginx.hook(document('wireguard', [peer(9, { address: null, address6: 'fd00::9' })]))).code, 0);
        assert.match(nginx.text(), /server \[fd00::9\]:/);
    });

    test('a run while nginx is down is made up for', async () => {
        await nginx.server.stop();
        const missed = await nginx.hook(document('wireguard', [at(3)]));
        assert.equal(missed.code, 1);
        assert.match(missed.stderr, /nginx does not run/);
        await nginx.start();
        assert.equal((await nginx.hook(document('wireguard', [at(3)]))).code, 0);
        assert.deepEqual(await who(nginx.port), ['3']);
        assert.equal((await nginx.hook(document('wireguard', []))).code, 0);
        assert.deepEqual(await who(nginx.port), ['status 502']);
    });

    test('a process that is not nginx gets no signal from a stale pid file', async () => {
        const other = serve(['sleep', '60']);
        writeFileSync(nginx.path('stale'), `${other.child.pid}\n`);
        const { code, stderr } = await nginx.hook(document('wireguard', [at(2)]), { NGINX_PID: nginx.path('stale') });
        assert.equal(code, 1);
        assert.match(stderr, /is not nginx/);
        assert.equal(other.child.exitCode ?? other.child.signalCode, null);
        await other.stop();
    });
});

/* A name server that knows one zone: everything in it is 127.0.0.1. */
async function startNames(zone) {
    const server = createSocket('udp4');
    server.on('message', (query, from) => {
        let end = 12;
        const labels = [];
        for (; query[end]; end += 1 + query[end]) labels.push(query.subarray(end + 1, end + 1 + query[end]).toString());
        end += 5;
        const known = labels.join('.').endsWith(zone);
        const wantsA = query.readUInt16BE(end - 4) === 1;
        const head = Buffer.from(query.subarray(0, 12));
        head.writeUInt16BE(known ? 0x8180 : 0x8183, 2);
        head.writeUInt16BE(known && wantsA ? 1 : 0, 6);
        head.fill(0, 8);
        const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 127, 0, 0, 1]);
        server.send(Buffer.concat([head, query.subarray(12, end), ...(known && wantsA ? [answer] : [])]), from.port, from.address);
    });
    atEnd(() => server.close());
    await new Promise((done) => server.bind(0, '127.0.0.1', done));
    return `127.0.0.1:${server.address().port}`;
}

describe('tls mode', () => {
    const name = (token) => `${token.toString().padStart(8, 'a')}-8080.gw.test`;
    const path = (file) => join(dir, 'tls', file);
    let nginx, port;
    /* Each peer answers with the name that it was called by, in TLS and in HTTP. */
    const answers = (...tokens) => tokens.map((token) => `${name(token)} ${name(token)}:${port}`);
    const at = (token, more) => peer(token, { network: 'tls-gateway', endpoint: `https://${name(token)}:${port}`, wireguardKey: null, address: null, self: token === 1, verified: null, ...more });

    async function certify(file, ca, names) {
        await must(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', `/CN=${file}`,
            '-keyout', path(`${file}.key`), '-out', path(`${file}.pem`), ...(names ? ['-addext', `subjectAltName=${names}`, '-addext', 'basicConstraints=critical,CA:FALSE'] : []),
            ...(ca ? ['-CA', path(`${ca}.pem`), '-CAkey', path(`${ca}.key`)] : [])]);
        return { key: readFileSync(path(`${file}.key`)), cert: readFileSync(path(`${file}.pem`)) };
    }

    test('each peer is reached by its own name, though all are at one address', async () => {
        mkdirSync(path('.'), { recursive: true });
        await certify('ca');
        await certify('other');
        const good = createSecureContext(await certify('good', 'ca', 'DNS:*.gw.test'));
        /* As the gateway does it, SNI alone says which peer is meant. Token 4 has the other CA's certificate, 5 one for another name. */
        const contexts = {
            [name(4)]: createSecureContext(await certify('untrusted', 'other', 'DNS:*.gw.test')),
            [name(5)]: createSecureContext(await certify('misnamed', 'ca', 'DNS:elsewhere.test')),
        };
        port = await listening(httpsServer({ SNICallback: (host, done) => done(null, contexts[host] ?? good) },
            (req, res) => res.end(`${req.socket.servername} ${req.headers.host}`)), 0, '127.0.0.1');
        nginx = await startNginx('gateway', { NGINX_PEERS_CA: path('ca.pem'), NGINX_PEERS_SOCKETS: path('sockets'), NGINX_RESOLVER: await startNames('.gw.test') });
        await nginx.start();
        assert.deepEqual(await nginx.hook(document('tls', [at(1), at(2), at(3)])), { code: 0, stdout: '', stderr: '' });
        assert.deepEqual(await who(nginx.port), answers(2, 3));
    });

    test('another CA, another name, no such name, nobody there: that peer gets nothing, no request fails', async () => {
        const nobody = await freePort();
        assert.equal((await nginx.hook(document('tls', [at(2), at(4), at(5), at(6, { endpoint: 'https://no.such.name' }), at(7, { endpoint: `https://${name(7)}:${nobody}` })]))).code, 0);
        assert.deepEqual(await who(nginx.port), answers(2));
        for (const said of [/certificate verify error/, /does not match/, /no\.such\.name could not be resolved/])
            await until(5000, () => said.test(nginx.server.output), () => nginx.server.output);
    });

    test('one comes, one leaves: no request fails, none goes to who has left', async () => {
        let left;
        const got = await meanwhile(nginx.port, async () => {
            for (const list of [[at(2), at(3), at(8)], [at(2), at(8)], [at(2), at(3), at(8)], [at(2), at(3)]]) {
                await sleep(300);
                assert.equal((await nginx.hook(document('tls', list))).code, 0);
                left = Date.now();
            }
            await sleep(500);
        });
        assert.deepEqual(got.filter(({ status }) => status !== 200), []);
        assert.ok(got.some(({ body }) => body.startsWith(name(8))));
        assert.deepEqual(got.filter(({ body, at }) => body.startsWith(name(8)) && at > left + 200), []);
        assert.ok(!existsSync(path('sockets/8.sock')));
    });

    test('an endpoint that is no https://name[:port] is left out and written nowhere', async () => {
        const bad = ['http://a.gw.test', 'https://a', 'https://127.0.0.1', 'https://[::1]', 'https://a.gw.test:0', 'https://a.gw.test:70000', 'https://u@a.gw.test',
            'https://-a.gw.test', 'https://a_.gw.test', 'https://a..test', 'https://a.gw.test/x', `https://${'a'.repeat(64)}.test`, 'a.gw.test:443', null, 7, {},
            ...HOSTILE.flatMap((text) => [text, `https://a.gw.test${text}`, `https://a.gw.test:443${text}`, `https://${text}.gw.test`, `${text}https://a.gw.test`])];
        const { code, stderr } = await nginx.hook(document('tls', [at(2), ...bad.map((endpoint, i) => at(10 + i, { endpoint }))]));
        assert.equal(code, 0, stderr);
        assert.equal(stderr.split('\n').length - 1, bad.length);
        assert.deepEqual(nginx.text().match(/ {4}server .*/g), [`    server unix:${path('sockets/2.sock')};`]);
        assert.equal(nginx.text().match(/^server/gm).length, 1);
        assert.deepEqual(await who(nginx.port), answers(2));
    });

    test('an nginx that was killed starts again', async () => {
        const killed = nginx.server;
        const workers = readFileSync(`/proc/${killed.child.pid}/task/${killed.child.pid}/children`, 'utf8').trim().split(' ').map(Number);
        await Promise.all([killed.stop('SIGKILL'), ...workers.map((pid) => process.kill(pid, 'SIGKILL'))]);
        assert.ok(existsSync(path('sockets/2.sock')));
        assert.equal((await nginx.hook(document('tls', [at(2), at(3)]))).code, 1); /* nginx is down */
        assert.ok(!existsSync(path('sockets/2.sock')));
        await nginx.start();
        assert.equal((await nginx.hook(document('tls', [at(2), at(3)]))).code, 0);
        assert.deepEqual(await who(nginx.port), answers(2, 3));
    });

    test('a reload that nginx did not take is told, and made up for', async () => {
        /* Somebody else sits where nginx shall listen for token 8. */
        const squatter = netServer(() => {});
        await listening(squatter, path('sockets/8.sock'));
        const { code, stderr } = await nginx.hook(document('tls', [at(2), at(8)]));
        assert.equal(code, 1);
        assert.match(stderr, /did not reload/);
        assert.deepEqual(await who(nginx.port), answers(2, 3));
        await new Promise((done) => squatter.close(done));
        assert.equal((await nginx.hook(document('tls', [at(2), at(8)]))).code, 0);
        assert.deepEqual(await who(nginx.port), answers(2, 8));
    });
});

// fake-agent.mjs - a guest agent on a Unix socket that can be told to misbehave.
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { GEN2, getKey, vectors } from './derive.mjs';

const { info, tcb_info } = vectors('simulator/gen2/info.json');
const INFO = {
    ...info,
    app_cert: '',
    tcb_info: JSON.stringify({ ...tcb_info, event_log: [] }),
    cloud_vendor: '',
    cloud_product: '',
};

/* The right answer to a method, or null where this agent does not know the method. */
export function properly(method, fields) {
    switch (method) {
    case 'GetKey':
        return getKey(fields.path ?? '', fields.purpose ?? '', GEN2);
    case 'Info':
        return INFO;
    case 'Version':
        return { version: '0.6.0', rev: '' };
    default:
        return null;
    }
}

export function answerJson(res, value, status = 200) {
    const body = Buffer.from(JSON.stringify(value));
    res.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': body.length });
    res.end(body);
}

function answerProperly(res, method, fields) {
    const value = properly(method, fields);
    if (value) answerJson(res, value);
    else answerJson(res, { error: `Service not found: ${method}` }, 400);
}

/* agent.fault = (res, method, fields) => true, if it has dealt with the request in its own way. */
export function fakeAgent(socket) {
    const agent = { fault: null, calls: [], start, stop };
    let server = null;
    const open = new Set();

    function handle(req, res) {
        const chunks = [];
        req.on('data', (data) => chunks.push(data));
        req.on('end', () => {
            const url = new URL(req.url, 'http://agent');
            const method = url.pathname.slice(1);
            let fields = Object.fromEntries(url.searchParams);
            try {
                const text = Buffer.concat(chunks).toString();
                if (text) fields = { ...fields, ...JSON.parse(text) };
            } catch {
                return answerJson(res, { error: 'not JSON' }, 400);
            }
            agent.calls.push({ method, fields });
            if (!agent.fault?.(res, method, fields)) answerProperly(res, method, fields);
        });
        req.on('error', () => {});
        res.on('error', () => {});
    }

    function start() {
        rmSync(socket, { force: true });
        server = createServer({ keepAliveTimeout: 10_000 }, handle);
        server.on('connection', (connection) => {
            open.add(connection);
            connection.on('error', () => {});
            connection.on('close', () => open.delete(connection));
        });
        return new Promise((done, fail) => {
            server.once('error', fail);
            server.listen(socket, () => done(agent));
        });
    }

    function stop() {
        if (!server) return Promise.resolve();
        for (const connection of open) connection.destroy();
        return new Promise((done) => {
            server.close(() => {
                rmSync(socket, { force: true });
                server = null;
                done();
            });
        });
    }

    return agent;
}

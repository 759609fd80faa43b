// hash.test.mjs - compose hashes, judged by the official SDK.
import assert from 'node:assert/strict';
import { createHash, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import vm from 'node:vm';
import { compose, file, getComposeHash, ROOT } from './lib.mjs';

const vectors = JSON.parse(readFileSync(join(ROOT, 'tests/vectors/compose-hash.json'), 'utf8'));
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

function hashes(text) {
    const ran = compose(['hash', '-', '--json'], text);
    assert.equal(ran.code, 0, ran.said);
    return JSON.parse(ran.stdout);
}

test('rows of the SDK with a JSON text', () => {
    const rows = vectors.sdk.filter(({ input }) => input !== undefined);
    assert.ok(rows.length >= 50);
    for (const { name, input, normalize, hash } of rows) {
        const ran = compose(['hash', '-', normalize ? '--normalized' : '--canonical'], input);
        assert.deepEqual([ran.code, ran.stdout], [0, `${hash}\n`], name + ran.said);
        assert.equal(getComposeHash(JSON.parse(input), normalize), hash, name);
    }
});

test('rows with NaN, an infinity or undefined: no file can hold them, but one can hold what the SDK hashes', () => {
    const rows = vectors.sdk.filter(({ input }) => input === undefined);
    assert.equal(rows.length, 5);
    for (const { name, input_expression, normalize, canonical, hash } of rows) {
        const value = vm.runInThisContext(`(${input_expression})`);
        assert.equal(getComposeHash(value, normalize), hash, name);
        assert.equal(compose(['hash', '-', '--canonical'], canonical).stdout, `${hash}\n`, name);
        const refused = compose(['hash', '-', '--canonical'], input_expression);
        assert.equal(refused.code, 1);
        assert.match(refused.stderr, /It is not valid JSON: .* at byte \d+/);
    }
});

test('raw bytes are what dstack measures', () => {
    for (const { name, file: path, text, compose_hash, default_app_id, sdk_hash } of vectors.raw_bytes) {
        const bytes = path ? readFileSync(join(ROOT, 'tests/vectors', path)) : Buffer.from(text);
        const answer = hashes(bytes);
        assert.equal(answer.composeHash, compose_hash, name);
        assert.equal(answer.defaultAppId, default_app_id, name);
        assert.equal(answer.canonicalHash, sdk_hash, name);
        assert.equal(compose(['hash', file('raw', bytes)]).stdout, `${compose_hash}\n`, name);
    }
});

/* --- random documents --- */

const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
const count = Number(process.env.COUNT ?? 300);

function mulberry(state) {
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
}

function generator(next) {
    const below = (n) => Math.floor(next() * n);
    const pick = (list) => list[below(list.length)];
    const bits = new DataView(new ArrayBuffer(8));

    /* Text of a JSON number, spelt in any way. */
    function number() {
        switch (below(8)) {
            case 0: return String(below(1000) - 500);
            case 1: return pick(['0', '-0', '-0.0', '1.0', '1e2', '1E+2', '1e21', '1e20', '123456789012345678901234567890', '1e400', '-1e400', '1e-400', '5e-324', '9007199254740993', '18446744073709551616']);
            case 2: return `${below(10)}.${below(1e9)}`;
            case 3: return `${pick(['', '-'])}${below(10)}e${below(60) - 30}`;
            case 4: return `${pick(['', '-'])}${2 ** (below(2098) - 1074)}`;
            case 5: return `${below(2 ** 31)}${below(2 ** 31)}.${below(2 ** 31)}`;
            default:
                bits.setUint32(0, below(2 ** 32));
                bits.setUint32(4, below(2 ** 32));
                return Number.isFinite(bits.getFloat64(0)) ? String(bits.getFloat64(0)) : '7';
        }
    }
    const unit = () => pick([0x61 + below(26), 0x30 + below(10), below(0x80), below(0x3000), 0xd800 + below(0x800), below(0x10000)]);
    const escaped = (code) => `\\u${pick([(s) => s, (s) => s.toUpperCase()])(code.toString(16).padStart(4, '0'))}`;
    function string() {
        let out = '';
        for (let i = below(6); i > 0; i--) {
            const code = unit();
            if (code < 0x20 || code === 0x22 || code === 0x5c || (code >= 0xd800 && code < 0xe000) || below(4) === 0) out += escaped(code);
            else out += String.fromCharCode(code);
            if (below(12) === 0) out += pick(['\\n', '\\t', '\\/', '\\\\', '\\"', '😀', '<b>&', '\u2028']);
        }
        return `"${out}"`;
    }
    const key = () => pick([() => string(), () => `"${below(12)}"`, () => pick(['"a"', '"b"', '"B"', '"0"', '"01"', '"4294967294"', '"4294967295"', '"-1"', '"1.5"', '""']),
        () => pick(['"constructor"', '"__proto__"', '"toString"', '"toJSON"', '"hasOwnProperty"', '"length"'])])();
    const space = () => pick(['', '', '', ' ', '\n', '\t', '\r\n  ']);
    const list = (open, close, item) => {
        let out = open + space();
        const length = below(5);
        for (let i = 0; i < length; i++) out += (i ? ',' : '') + space() + item() + space();
        return out + close;
    };
    function value(depth) {
        switch (below(depth > 0 ? 9 : 6)) {
            case 0: return number();
            case 1: return number();
            case 2: return string();
            case 3: return string();
            case 4: return pick(['true', 'false']);
            case 5: return 'null';
            case 6: return list('[', ']', () => value(depth - 1));
            default: return list('{', '}', () => `${key()}${space()}:${space()}${value(depth - 1)}`);
        }
    }
    /* The fields that normalizing looks at, each with values that matter. */
    function fields() {
        const out = [];
        if (below(3)) out.push(`"runner":${pick(['"bash"', '"docker-compose"', '"podman"', 'null', '7', '"BASH"'])}`);
        if (below(2)) out.push(`"docker_compose_file":${string()}`);
        if (below(2)) out.push(`"bash_script":${string()}`);
        if (below(2)) out.push(`"pre_launch_script":${pick(['""', 'null', 'false', 'true', '0', '-0.0', '1e-400', '0.5', '[]', '{}', string()])}`);
        for (let i = below(6); i > 0; i--) out.push(`${key()}:${value(4)}`);
        return out.map((text) => [next(), text]).sort(([a], [b]) => a - b).map(([, text]) => text);
    }
    return { document: () => `${space()}{${fields().join(',')}}${space()}`, number };
}

test(`${count} random documents, SEED=${seed}`, () => {
    const { document } = generator(mulberry(seed));
    for (let i = 0; i < count; i++) {
        const text = document();
        const answer = hashes(text);
        const told = `SEED=${seed}, document ${i}: ${JSON.stringify(text)}`;
        assert.equal(answer.canonicalHash, getComposeHash(JSON.parse(text)), told);
        assert.equal(answer.normalizedHash, getComposeHash(JSON.parse(text), true), told);
        assert.equal(answer.composeHash, sha256(Buffer.from(text)), told);
    }
});

test('20,000 random numbers and every power of two', () => {
    const { number } = generator(mulberry(seed));
    const numbers = Array.from({ length: 20_000 }, number);
    for (let exponent = -1074; exponent < 1024; exponent++) numbers.push(String(2 ** exponent));
    for (let from = 0; from < numbers.length; from += 4000) {
        const text = `{"n":[${numbers.slice(from, from + 4000).join(',')}]}`;
        assert.equal(hashes(text).canonicalHash, getComposeHash(JSON.parse(text)), `SEED=${seed}, from number ${from}`);
    }
});

test('nesting: 200 levels are hashed, 300 are refused in a sentence', () => {
    const nested = (depth) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    assert.equal(hashes(nested(200)).canonicalHash, getComposeHash(JSON.parse(nested(200))));
    const ran = compose(['hash', '-', '--canonical'], nested(300));
    assert.equal(ran.code, 1);
    assert.match(ran.stderr, /too deep a nesting/);
});

test('bad input ends with one sentence', () => {
    const big = `{"a":"${'x'.repeat(256 * 1024)}"}`;
    for (const [args, input, code, sentence] of [
        [['hash', '-'], big, 1, /has 262\d+ bytes; dstack refuses/],
        [['hash', '-', '--canonical'], '[]', 1, /It is not a JSON object/],
        [['hash', '-', '--canonical'], '', 1, /It is not valid JSON/],
        [['hash', '/nowhere/file'], '', 1, /No such file/],
        [['hash', '/'], '', 1, /reading or writing failed/],
        [['hash'], '', 2, /--help/],
        [['hash', 'a', 'b'], '', 2, /--help/],
        [['nonsense', 'a'], '', 2, /--help/],
        [['hash', '-', '--explain', '-'], '{}', 2, /only one of the files/],
        [['hash', '-', '--no-such-option'], '{}', 2, /no-such-option/],
    ]) {
        const ran = compose(args, input);
        assert.equal(ran.code, code, args.join(' ') + ran.said);
        assert.match(ran.stderr, sentence);
        assert.equal(ran.stderr.trim().split('\n').length, 1, ran.stderr);
    }
    /* An empty file has a hash, too: that of nothing. */
    assert.equal(compose(['hash', '-'], '').stdout, `${sha256('')}\n`);
});

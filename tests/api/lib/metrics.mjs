// metrics.mjs - reads Prometheus text (version 0.0.4), strictly.
import assert from 'node:assert/strict';

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`);
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/;

function labelsOf(text) {
    const labels = {};
    for (let rest = text; rest; ) {
        const match = LABEL.exec(rest);
        assert.ok(match, `labels: ${text}`);
        labels[match[1]] = match[2];
        rest = rest.slice(match[0].length);
    }
    return labels;
}

export function parseMetrics(text) {
    const samples = [];
    const types = {};
    const helps = {};
    assert.ok(text.endsWith('\n'), 'the last line ends with a newline');
    for (const line of text.slice(0, -1).split('\n')) {
        const comment = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`).exec(line);
        if (comment) {
            const into = comment[1] === 'HELP' ? helps : types;
            assert.ok(!(comment[2] in into), `twice: ${line}`);
            into[comment[2]] = comment[3];
            continue;
        }
        const match = SAMPLE.exec(line);
        assert.ok(match, `not a sample: ${line}`);
        const value = match[3] === '+Inf' ? Infinity : Number(match[3]);
        assert.ok(!Number.isNaN(value), `not a number: ${line}`);
        samples.push({ name: match[1], labels: labelsOf(match[2] ?? ''), value });
    }

    const matching = (name, labels) =>
        samples.filter((one) => one.name === name &&
            Object.entries(labels).every(([key, want]) =>
                want instanceof RegExp ? want.test(one.labels[key] ?? '') : one.labels[key] === want));

    return {
        samples,
        types,
        helps,
        matching,
        sum: (name, labels = {}) => matching(name, labels).reduce((sum, { value }) => sum + value, 0),
    };
}

/* Each series of a histogram: buckets that only grow, ending in +Inf equal to its count. */
export function assertHistogram(metrics, name) {
    assert.equal(metrics.types[name], 'histogram');
    const series = new Map();
    for (const { labels: { le, ...rest }, value } of metrics.matching(`${name}_bucket`, {})) {
        const key = JSON.stringify(rest);
        if (!series.has(key)) series.set(key, { rest, buckets: [] });
        series.get(key).buckets.push([le === '+Inf' ? Infinity : Number(le), value]);
    }
    for (const { rest, buckets } of series.values()) {
        for (let i = 1; i < buckets.length; i++) {
            assert.ok(buckets[i][0] > buckets[i - 1][0], `${name}: le does not grow`);
            assert.ok(buckets[i][1] >= buckets[i - 1][1], `${name}: buckets are not cumulative`);
        }
        const [le, total] = buckets.at(-1);
        assert.equal(le, Infinity, `${name}: no +Inf bucket`);
        assert.equal(metrics.sum(`${name}_count`, rest), total, `${name}: count is not the +Inf bucket`);
        assert.equal(metrics.matching(`${name}_sum`, rest).length, 1, `${name}: no sum`);
    }
    return series.size;
}

// watch.test.mjs - alerts and dashboard: promtool judges them, and a running service has what they ask for.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseMetrics } from '../api/lib/metrics.mjs';
import { freePort, ROOT, sleep, startStack, temporaryDir } from '../api/lib/stack.mjs';

const OPS = join(ROOT, 'ops');
const alerts = readFileSync(join(OPS, 'alerts.yml'), 'utf8');
const dashboard = JSON.parse(readFileSync(join(OPS, 'dashboard.json'), 'utf8'));
const dir = temporaryDir();
after(() => rmSync(dir, { recursive: true, force: true }));

function promtool(...args) {
    const ran = spawnSync('promtool', args, { encoding: 'utf8' });
    assert.equal(ran.error, undefined);
    assert.equal(ran.status, 0, ran.stdout + ran.stderr);
    return ran.stdout;
}

const namesOf = (text, key) => [...text.matchAll(new RegExp(`\\b${key}: (\\w+)`, 'g'))].map(([, name]) => name);

/* Every expression of a panel, with Grafana's variables as it would fill them in. */
const panels = dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [`panel ${title}`,
    expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.+')]));

/* [alert, expression] of each rule: the rest of its line, or the block that is indented under it. */
const rules = [...alerts.matchAll(/- alert: (\w+)\n +expr: (?:\|\n((?: {10}.*\n)+)|(.+)\n)/g)]
    .map(([, name, block, line]) => [name, line ?? block]);

test('promtool takes the rules and the scrape configuration', () => {
    assert.match(promtool('check', 'rules', join(OPS, 'alerts.yml')), /SUCCESS/);
    assert.match(promtool('check', 'config', join(OPS, 'prometheus.yml')), /SUCCESS: 1 rule files found/);
});

test('each alert fires on its fault and on nothing else', () => {
    assert.match(promtool('test', 'rules', join(ROOT, 'tests/ops/alerts.yml')), /SUCCESS/);
    const cases = readFileSync(join(ROOT, 'tests/ops/alerts.yml'), 'utf8');
    for (const name of namesOf(alerts, 'alert')) {
        assert.match(cases, new RegExp(`alertname: ${name}, eval_time: \\S+, exp_alerts: \\[\\]`), `${name} is never held to be silent`);
        assert.match(cases, new RegExp(`alertname: ${name}\\n +eval_time: \\S+\\n +exp_alerts:( &\\w+)?\\n +- exp_labels`), `${name} is never made to fire`);
    }
});

test('each alert says what happened and what to do, and its runbook is there', () => {
    const anchors = new Set([...readFileSync(join(ROOT, 'docs/operations.md'), 'utf8').matchAll(/^#+ (.+)$/gm)]
        .map(([, title]) => title.toLowerCase().replace(/[^\w\- ]/g, '').replaceAll(' ', '-')));
    for (const rule of alerts.split(/- alert: /).slice(1)) {
        assert.match(rule, /\n +severity: (critical|warning)\n/);
        assert.match(rule, /\n +summary: "[^"]+[^\n]*\."\n/);
        assert.match(rule, /\n +action: "[^\n]+[.?]"\n/);
        const anchor = /\n +runbook: docs\/operations\.md#(\S+)/.exec(rule)?.[1];
        assert.ok(anchors.has(anchor), `docs/operations.md has no #${anchor}`);
    }
});

test('every panel is one that Grafana can draw', () => {
    assert.ok(dashboard.schemaVersion >= 36 && dashboard.title && dashboard.uid);
    const variables = Object.fromEntries(dashboard.templating.list.map((one) => [one.name, one]));
    assert.equal(variables.datasource.type, 'datasource');
    assert.equal(variables.datasource.query, 'prometheus');
    const ids = dashboard.panels.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    const taken = new Set();
    for (const { title, description, type, gridPos: { x, y, w, h }, datasource, targets } of dashboard.panels) {
        assert.ok(title && description && ['stat', 'timeseries'].includes(type) && targets.length, title);
        for (const { uid } of [datasource, ...targets.map((target) => target.datasource)])
            assert.equal(uid, '${datasource}', `${title}: of whatever data source is chosen`);
        assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length);
        assert.ok(x >= 0 && x + w <= 24, `${title} is wider than the page`);
        for (let i = 0; i < w * h; i++) {
            const cell = `${x + (i % w)},${y + Math.floor(i / w)}`;
            assert.ok(!taken.has(cell), `${title} covers another panel`);
            taken.add(cell);
        }
        for (const { expr } of targets)
            for (const [, variable] of expr.matchAll(/\$\{?(\w+)/g))
                assert.ok(variable in variables || variable === '__rate_interval', `${title}: $${variable}`);
    }
    const file = join(dir, 'panels.yml');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules: panels.map(([, expr], i) => ({ record: `panel:${i}`, expr })) }] }));
    assert.match(promtool('check', 'rules', file), new RegExp(`SUCCESS: ${panels.length} rules found`));
});

/* What is left of an expression after its selectors must be words of PromQL: nothing is overlooked. */
const WORDS = new Set(('sum by without on ignoring rate increase resets histogram_quantile and or unless offset bool ' +
    'group_left group_right min max avg count topk').split(' '));

function selectorsOf(expr) {
    const found = [];
    const rest = expr.replace(/([a-zA-Z_:][\w:]*)\{((?:[^}"]|"[^"]*")*)\}/g, (_, name, inside) => {
        const matchers = [...inside.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)].map(([, label, how, value]) => ({ label, how, value }));
        assert.equal(matchers.length, inside.split(/,(?=\w+[=!])/).length, expr);
        found.push({ name, matchers });
        return ' ';
    }).replace(/\b(by|on|ignoring|without) \([\w, ]*\)/g, ' ').replace(/\[\w+\]|\b\d[\w.]*/g, ' ');
    for (const [word] of rest.matchAll(/[a-zA-Z_:][\w:]*/g)) assert.ok(WORDS.has(word), `${word} in ${expr} has no {...}`);
    return found;
}

/* A series of the scrape fits a matcher; job, instance and, for what has not happened, status are the scraper's. */
function fits({ labels }, { label, how, value }) {
    const text = labels[label] ?? '';
    const equal = how.includes('~') ? new RegExp(`^(?:${value})$`).test(text) : text === value;
    return how.startsWith('!') ? !equal : equal;
}

test('a running service has every metric, label and value that they ask for', async () => {
    const stack = await startStack();
    let text;
    try {
        const post = (path, body) => fetch(`${stack.url}api/${path}`, { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
        const { token } = await (await post('signup', { email: 'a@example.com', userId: 'alice' })).json();
        await fetch(`${stack.url}api/users/alice/sign`, { method: 'POST', body: '{"message":"m"}', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` } });
        await post('verify', {});
        await (await fetch(`${stack.url}metrics`)).text();
        text = await (await fetch(`${stack.url}metrics`)).text();
    } finally {
        await stack.stop();
    }
    const metrics = parseMetrics(text);
    assert.equal(rules.length, namesOf(alerts, 'alert').length);
    let asked = 0;
    for (const [where, expr] of [...rules, ...panels])
        for (const { name, matchers } of selectorsOf(expr)) {
            if (name === 'up') continue; // Prometheus makes this one
            asked++;
            const series = metrics.samples.filter((sample) => sample.name === name);
            assert.notEqual(series.length, 0, `${where}: there is no metric ${name}`);
            for (const matcher of matchers.filter(({ label }) => !['job', 'instance'].includes(label))) {
                assert.ok(series.some(({ labels }) => matcher.label in labels), `${where}: ${name} has no label ${matcher.label}`);
                /* A sound service has no status 5xx; that the label is there is enough. */
                if (matcher.label === 'status' && matcher.value === '5..') continue;
                const values = /^[\w|]+$/.test(matcher.value) ? matcher.value.split('|') : [matcher.value];
                for (const value of values)
                    assert.ok(series.some((one) => fits(one, { ...matcher, value })), `${where}: no ${name} has ${matcher.label}${matcher.how}"${value}"`);
            }
        }
    assert.ok(asked > 25, `only ${asked} selectors were found`);
});

test('Prometheus itself scrapes the service and evaluates every rule without an error', async () => {
    const stack = await startStack();
    const config = join(dir, 'prometheus.yml');
    writeFileSync(config, readFileSync(join(OPS, 'prometheus.yml'), 'utf8').replaceAll('15s', '1s')
        .replace('127.0.0.1:3000', `127.0.0.1:${stack.port}`).replace('alerts.yml', join(OPS, 'alerts.yml')));
    const url = `127.0.0.1:${await freePort()}`;
    const prometheus = spawn('prometheus', [`--config.file=${config}`, `--storage.tsdb.path=${join(dir, 'tsdb')}`, `--web.listen-address=${url}`], { stdio: 'ignore' });
    const ended = new Promise((done) => prometheus.once('exit', done));
    try {
        const ask = async (path) => (await (await fetch(`http://${url}/api/v1/${path}`)).json()).data;
        let found = [], targets = [];
        for (let tries = 0; tries < 100 && !(found.length && targets.length && [...found, ...targets].every(({ health }) => ['ok', 'up'].includes(health))); tries++) {
            await sleep(200);
            found = (await ask('rules').catch(() => ({ groups: [] }))).groups.flatMap((group) => group.rules);
            targets = (await ask('targets').catch(() => ({ activeTargets: [] }))).activeTargets;
        }
        assert.deepEqual(targets.map(({ health }) => health), ['up'], JSON.stringify(targets));
        assert.equal(found.length, rules.length);
        for (const { name, health, lastError, alerts: firing } of found) {
            assert.equal(health, 'ok', `${name}: ${lastError}`);
            assert.deepEqual(firing, [], `${name} fires on a sound service`);
        }
    } finally {
        prometheus.kill('SIGTERM');
        await ended;
        await stack.stop();
    }
});

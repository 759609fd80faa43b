// pages.test.mjs - files that nginx serves beside the pages themselves.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startStack, temporaryDir } from './lib/stack.mjs';

const dataDir = temporaryDir();
let stack;
before(async () => {
    stack = await startStack({ DATA_DIR: dataDir });
});
after(async () => {
    await stack?.stop();
    rmSync(dataDir, { recursive: true, force: true });
});

test('the operator\'s report is a file of the data folder: 404 without it, and never kept unasked', async () => {
    const get = () => fetch(`${stack.url}trust/report.json`);
    const none = await get();
    assert.equal(none.status, 404);
    assert.equal((await none.json()).code, 'not_found');
    mkdirSync(join(dataDir, 'trust'));
    for (const text of ['{"a":1}', '{"a":2}']) {
        writeFileSync(join(dataDir, 'trust/report.json'), text);
        const answer = await get();
        assert.equal(answer.status, 200);
        assert.equal(await answer.text(), text);
        assert.match(answer.headers.get('content-type'), /^application\/json/);
        assert.equal(answer.headers.get('cache-control'), 'no-cache');
        assert.match(answer.headers.get('content-security-policy'), /default-src 'none'/);
        assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    }
});

test('nothing else of the data folder is served', async () => {
    for (const path of ['trust/', 'trust/report.json/', 'trust/../devproof.db', 'trust/%2e%2e/devproof.db', 'trust/report.json/../../devproof.db', 'devproof.db'])
        assert.equal((await fetch(stack.url + path)).status, 404, path);
});

test('/trust is a page', async () => {
    const answer = await fetch(`${stack.url}trust`);
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /Can the people who run this cheat me\?/);
});

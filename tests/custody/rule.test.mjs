// rule.test.mjs - tools/check-custody passes this build, and finds each fault that is planted.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { BUILD_DIR, ROOT } from '../api/lib/stack.mjs';

let dir, source, build;
before(() => {
    dir = mkdtempSync(join(tmpdir(), 'dp-rule-'));
    source = join(dir, 'source');
    build = join(dir, 'build');
});
after(() => rmSync(dir, { recursive: true, force: true }));

/* A copy of sources and objects, to plant something in. */
function copy() {
    rmSync(source, { recursive: true, force: true });
    rmSync(build, { recursive: true, force: true });
    for (const part of ['lib', 'cgi-bin']) cpSync(join(ROOT, part), join(source, part), { recursive: true });
    const object = (path) => basename(path) === '.libs' || !/\.[^/]*$/.test(basename(path)) || path.endsWith('.o');
    for (const part of ['lib', 'cgi-bin', 'bin/devproof'])
        cpSync(join(BUILD_DIR, part), join(build, part), { recursive: true, filter: object });
}

function check(sourceDir = source, buildDir = build) {
    const { status, stdout, stderr } = spawnSync(join(ROOT, 'tools/check-custody'), [buildDir, sourceDir], { encoding: 'utf8' });
    return { status, said: stdout + stderr };
}

/* Add code to a source, and compile it to the object that the build has of it. */
function plant(path, code, head = '') {
    const file = join(source, path);
    writeFileSync(file, readFileSync(file, 'utf8').replace('\n\n', `\n\n${head}`));
    appendFileSync(file, code);
    const name = basename(path, '.c');
    const object = join(build, dirname(path), path.startsWith('lib/') ? `.libs/${name}.o` : `${name}.o`);
    mkdirSync(dirname(object), { recursive: true });
    execFileSync('cc', ['-std=gnu11', '-D_GNU_SOURCE', '-O2', `-I${join(source, 'lib')}`, '-c', file, '-o', object]);
}

test('this build keeps the rules', () => {
    const { status, said } = check(ROOT, BUILD_DIR);
    assert.equal(status, 0, said);
    copy();
    assert.equal(check().status, 0, 'and so does a copy of it');
});

const PLANTS = {
    'a log line in wallet.c': ['lib/dstack/wallet.c', [
        /wallet\.c holds keys and calls dp_log$/m,
        /wallet\.c holds keys and includes .*base\/log\.h$/m,
    ], 'void planted(const struct dp_guest_key *k) { dp_log(DP_LOG_INFO, "x", "%p", (const void *)k->key); }\n', '#include "base/log.h"\n'],
    'printf in secp.c': ['lib/crypto/secp.c', [/secp\.c holds keys and calls printf$/m],
        'void planted(const uint8_t *k) { printf("%02x", k[0]); }\n', '#include <stdio.h>\n'],
    'fopen and fwrite in guest.c': ['lib/dstack/guest.c', [/calls fopen$/m, /calls fwrite$/m],
        'void planted(const uint8_t *k) { FILE *f = fopen("/tmp/k", "w"); fwrite(k, 32, 1, f); }\n', '#include <stdio.h>\n'],
    'a sent TLS key in tls_key.c': ['lib/dstack/tls_key.c', [/tls_key\.c holds keys and calls send$/m],
        'void planted(const struct dp_tls_key *k) { send(1, k->pem, 32, 0); }\n', '#include <sys/socket.h>\n'],
    'puts in account.c': ['lib/ethereum/account.c', [/account\.c holds keys and calls puts$/m],
        'void planted(const struct dp_account *a) { puts((const char *)a->key); }\n', '#include <stdio.h>\n'],
    'write in keycache.c': ['lib/dstack/keycache.c', [/keycache\.c holds keys and calls write$/m],
        'void planted(const uint8_t *k) { (void)!write(2, k, 32); }\n', '#include <unistd.h>\n'],
    'send in unix_http.c, which may only sendmsg': ['lib/net/unix_http.c', [/unix_http\.c holds keys and calls send$/m],
        'void planted(const char *k) { (void)!send(0, k, 32, 0); }\n'],
    'a program that asks for a key itself': ['cgi-bin/sign.c', [/sign\.o holds no keys and refers to dp_guest_get_key$/m],
        'int planted(struct dp_exchange *x, struct dp_guest_key *k) { return (int)dp_guest_get_key(x->service->guest, k, "p", "q"); }\n'],
    'a part of lib/ that signs by itself': ['lib/web/route.c', [/lib\/web\/\.libs\/route\.o holds no keys and refers to dp_secp_sign$/m],
        'int planted(uint8_t *s, const uint8_t *k) { return (int)dp_secp_sign(s, k, k); }\n', '#include "crypto/secp.h"\n'],
    'a program that signs by itself': ['cgi-bin/verify.c', [/verify\.o holds no keys and refers to dp_secp_sign$/m],
        'int planted(uint8_t *s, const uint8_t *k) { return (int)dp_secp_sign(s, k, k); }\n', '#include "crypto/secp.h"\n'],
};

for (const [name, [path, said, ...code]] of Object.entries(PLANTS))
    test(`finds ${name}`, () => {
        copy();
        plant(path, ...code);
        const answer = check();
        assert.equal(answer.status, 1, answer.said);
        for (const line of said) assert.match(answer.said, line);
    });

test('finds a source of the table that was not built', () => {
    copy();
    rmSync(join(build, 'lib/dstack/.libs/wallet.o'));
    const { status, said } = check();
    assert.equal(status, 1, said);
    assert.match(said, /wallet\.c is in the table, and was not built$/m);
});

test('finds a source that holds keys and is not in the table', () => {
    copy();
    writeFileSync(join(source, 'lib/base/more.c'), '/* more.c - another place. Holds keys. */\n');
    const { status, said } = check();
    assert.equal(status, 1, said);
    assert.match(said, /more\.c says that it holds keys, and is not in the table$/m);
});

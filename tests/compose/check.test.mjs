// check.test.mjs - the production check: one row a rule, each with the field that makes the difference.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compose, DIGEST, service } from './lib.mjs';

/* A published test key. */
const KEY = '4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318';

function check(text) {
    const ran = compose(['check', '-', '--json'], text);
    assert.ok(ran.code === 0 || ran.code === 1, ran.said);
    assert.equal(ran.stderr, '', ran.said);
    const answer = JSON.parse(ran.stdout);
    assert.equal(ran.code === 0, answer.ok);
    assert.equal(answer.ok, answer.findings.length === 0);
    return answer.findings;
}

/* What may stand in a service, each line alone. */
const allowed = [
    '', 'environment: {A: b, TOKEN_TTL: "3600", PUBLIC_KEY: 02ab, KEY_NAMESPACE: wallet/ethereum, PASSWORD_FILE: /run/x}',
    'environment: ["A=b", "AUTH=token", "EMPTY_TOKEN="]', 'environment: {ADMIN_TOKEN: "${ADMIN_TOKEN}"}', 'environment: ["ADMIN_TOKEN=$ADMIN_TOKEN"]',
    'environment: {ADMIN_TOKEN: "${ADMIN_TOKEN:-}", SECRET: "${SECRET:?is missing}"}', 'environment: {ADMIN_TOKEN: }',
    `environment: {CONTRACT: "0x${'ab'.repeat(20)}", IMAGE_DIGEST: "${DIGEST}"}`, 'environment: {RPC_URL: "https://user@rpc.example/path:x@y"}',
    'environment: {DATABASE_URL: "postgresql://me:${PASSWORD}@db/x"}', 'volumes: ["data:/data", "/var/run/dstack.sock:/var/run/dstack.sock", "/data"]',
    'volumes: [{type: volume, source: data, target: /data}, {type: tmpfs, target: /x}]', 'privileged: false', 'network_mode: none', 'cap_add: [NET_BIND_SERVICE]',
    'logging: {driver: json-file, options: {max-size: 1m}}', 'ports: ["22:3000", "3000-3010:3000-3010", "3000:3000", "8443:8443/tcp", {target: 80}]', 'command: [sh, -c, "echo $$HOME"]',
    'x-note: anything', 'user: "10001:10001"', 'secrets: [a]', 'labels: {a: b}', 'healthcheck: {test: [CMD, devproof, health]}',
];

/* A line in a service, where it is found, its risk, and a part of the sentence. */
const refused = [
    ['build: .', 'build', 'unfixed', 'built in the CVM'],
    ['env_file: .env', 'env_file', 'unfixed', 'not in the hash'],
    ['extends: {file: a.yml, service: b}', 'extends', 'unfixed', 'outside of the hash'],
    ['develop: {watch: []}', 'develop', 'unfixed', ''],
    ['pull_policy: build', 'pull_policy', 'unfixed', ''],
    ['nonsense: 1', 'nonsense', 'unfixed', 'nonsense is no field of a service'],
    ['Image: a', 'Image', 'unfixed', 'no field'],
    ['command: ["run", "${WHAT}"]', 'command', 'unfixed', '${WHAT} is put in from outside'],
    ['user: $WHO', 'user', 'unfixed', '${WHO}'],
    ['volumes: ["./conf:/conf"]', 'volumes', 'unfixed', 'lies beside this file'],
    ['volumes: [{type: bind, source: ~/conf, target: /conf}]', 'volumes', 'unfixed', 'lies beside this file'],
    ['environment: {ADMIN_TOKEN: hunter2hunter2hunter2}', 'environment.ADMIN_TOKEN', 'secret', 'ADMIN_TOKEN holds a secret'],
    ['environment: ["POSTGRES_PASSWORD=x"]', 'environment', 'secret', 'POSTGRES_PASSWORD holds'],
    ['environment: {JWT_SECRET: "${JWT_SECRET:-swordfish}"}', 'environment.JWT_SECRET', 'secret', ''],
    ['environment: {API_KEY: abc}', 'environment.API_KEY', 'secret', ''],
    [`environment: {WHATEVER: "0x${KEY}"}`, 'environment.WHATEVER', 'secret', '64 hex digits'],
    ['environment: {DATABASE_URL: "postgresql://me:swordfish@db/x"}', 'environment.DATABASE_URL', 'secret', 'a URL with a password'],
    ['environment: {X: "-----BEGIN EC PRIVATE KEY-----"}', 'environment.X', 'secret', 'a private key'],
    [`environment: {X: ghp_${'a1'.repeat(18)}}`, 'environment.X', 'secret', 'an access token'],
    ['command: [serve, --admin-token=swordfish]', 'command', 'secret', ''],
    ['command: "sh -c \'PASSWORD=swordfish serve\'"', 'command', 'secret', ''],
    [`labels: ["key=${KEY}"]`, 'labels', 'secret', ''],
    ['privileged: true', 'privileged', 'host', 'root of the whole CVM'],
    ['privileged: yes', 'privileged', 'host', ''],
    ['privileged: "true"', 'privileged', 'host', ''],
    ['network_mode: host', 'network_mode', 'host', "the machine's own"],
    ['pid: host', 'pid', 'host', ''], ['ipc: host', 'ipc', 'host', ''], ['uts: host', 'uts', 'host', ''], ['userns_mode: host', 'userns_mode', 'host', ''],
    ['cgroup: host', 'cgroup', 'host', ''],
    ['volumes: ["/var/run/docker.sock:/var/run/docker.sock"]', 'volumes', 'host', "container engine's socket"],
    ['volumes: [{type: bind, source: /run/containerd/containerd.sock, target: /x}]', 'volumes', 'host', "container engine's socket"],
    ['volumes: ["/:/host"]', 'volumes', 'host', 'a path of the machine'],
    ['volumes: ["/etc:/etc:ro"]', 'volumes', 'host', ''],
    ['volumes: [{type: npipe, source: a, target: /b}]', 'volumes', 'host', ''],
    ['volumes_from: [other]', 'volumes_from', 'host', ''],
    ['devices: ["/dev/mem:/dev/mem"]', 'devices', 'host', ''],
    ['cap_add: [SYS_ADMIN]', 'cap_add', 'host', 'SYS_ADMIN'],
    ['cap_add: [cap_net_raw]', 'cap_add', 'host', ''],
    ['cap_add: [ALL]', 'cap_add', 'host', ''],
    ['runtime: kata', 'runtime', 'host', ''],
    ['cgroup_parent: x', 'cgroup_parent', 'host', ''],
    ['post_start: [{command: id, privileged: true}]', 'post_start', 'host', ''],
    ['use_api_socket: true', 'use_api_socket', 'host', ''],
    ['environment: {AUTH: open}', 'environment.AUTH', 'debug', 'anyone signs as anyone'],
    ['environment: ["AUTH=open"]', 'environment', 'debug', ''],
    ['environment: {AUTH: "${AUTH}"}', 'environment.AUTH', 'debug', ''],
    ['environment: {AUTH: }', 'environment.AUTH', 'debug', ''],
    ['environment: {DSTACK_SIMULATOR_ENDPOINT: /x}', 'environment.DSTACK_SIMULATOR_ENDPOINT', 'debug', 'simulator'],
    ['entrypoint: [/usr/bin/dstack-sim]', 'entrypoint', 'debug', 'published'],
    ['command: dstack-sim --socket /x', 'command', 'debug', 'published'],
    ['pid: "service:other"', 'pid', 'debug', 'look into another'],
    ['network_mode: container:abc', 'network_mode', 'debug', ''],
    ['cap_add: [SYS_PTRACE]', 'cap_add', 'debug', ''],
    ['ports: ["2222:22"]', 'ports', 'debug', 'SSH'],
    ['ports: ["127.0.0.1:22:22/tcp"]', 'ports', 'debug', ''],
    ['ports: ["20-30:20-30"]', 'ports', 'debug', ''],
    ['expose: ["2222"]', 'expose', 'debug', ''],
    ['ports: [{target: 2222, published: 1}]', 'ports', 'debug', ''],
    ['command: [/usr/sbin/sshd, -D]', '', 'debug', 'SSH server'],
    ['container_name: debug-ssh', '', 'debug', 'SSH server'],
    ['environment: {SSH_PUBLIC_KEY: a}', 'environment.SSH_PUBLIC_KEY', 'debug', ''],
    ['user: root', '', 'loose', 'runs as root'],
    ['user: "0:0"', '', 'loose', 'runs as root'],
    ['logging: {driver: syslog}', 'logging.driver', 'loose', 'another machine'],
];

test(`${allowed.length} fields that nothing is against`, () => {
    for (const line of allowed) assert.deepEqual(check(service(line)), [], line);
});

test(`${refused.length} fields that are refused, each for its reason`, () => {
    for (const [line, where, risk, part] of refused) {
        const findings = check(service(line));
        const at = ['services.web', where].filter(Boolean).join('.');
        assert.ok(findings.some((one) => one.where === at && one.risk === risk && one.text.includes(part)), `${line}\n${JSON.stringify(findings, null, 1)}`);
        for (const { text, line: number } of findings) {
            assert.match(text, /^[A-Z$0-9/~.a-z].*[.]$/s, text);
            assert.ok(number > 1, text);
        }
    }
});

test('images: only a digest fixes one', () => {
    for (const image of [`web@${DIGEST}`, `registry.example:5000/a/web:1.2@${DIGEST}`]) assert.deepEqual(check(service('', image)), [], image);
    for (const [image, risk] of [['web', 'unfixed'], ['web:latest', 'unfixed'], ['web:1.2.3', 'unfixed'], [`web@${DIGEST.slice(0, -1)}`, 'unfixed'], [`web@${DIGEST}0`, 'unfixed'],
        [`web@${DIGEST.toUpperCase()}`, 'unfixed'], [`web@${DIGEST.replace('sha256', 'sha512')}`, 'unfixed'], [`web@sha256:${'0'.repeat(64)}`, 'loose'],
        ['"${IMAGE}"', 'unfixed'], [`"\${IMAGE:-web}@${DIGEST}"`, 'unfixed'], [`"$IMAGE@${DIGEST}"`, 'unfixed'], ['""', 'unfixed'], ['[a]', 'unfixed'],
        [`dstack-simulator@${DIGEST}`, 'debug']])
        assert.ok(check(service('', image)).some((one) => one.where === 'services.web.image' && one.risk === risk), image);
    const none = check(service().replace(/^.*image:.*\n/m, ''));
    assert.ok(none.some(({ text }) => text.startsWith('It has no image')), JSON.stringify(none));
});

test('a service is as tight as it can be', () => {
    for (const [line, part] of [[/ *read_only.*\n/, 'read_only'], [/ *cap_drop.*\n/, 'cap_drop'], [/ *security_opt.*\n/, 'gain privileges'], [/, memory: 64M/, 'memory'], [/cpus: "1", /, 'processors'],
        [/no-new-privileges:true/, 'no-new-privileges']]) {
        const findings = check(service().replace(line, line.source.includes('priv') && !line.source.includes('security') ? 'seccomp:unconfined' : ''));
        assert.ok(findings.some(({ text, risk }) => (risk === 'loose' || risk === 'host') && text.includes(part)), `${line} ${JSON.stringify(findings)}`);
    }
});

test('the top level', () => {
    for (const [text, where, risk] of [
        ['include: [other.yml]', 'include', 'unfixed'], ['nonsense: 1', 'nonsense', 'unfixed'], ['Services: {}', 'Services', 'unfixed'],
        ['volumes: {a: {external: true}}', 'volumes.a.external', 'unfixed'], ['secrets: {a: {file: ./a}}', 'secrets.a.file', 'unfixed'],
        ['configs: {a: {environment: A}}', 'configs.a.environment', 'unfixed'], [`configs: {a: {content: "${KEY}"}}`, 'configs.a.content', 'secret'],
        ['volumes: {a: {driver_opts: {type: none, o: bind, device: /}}}', 'volumes.a.driver_opts', 'host'], ['volumes: {a: {driver: sshfs}}', 'volumes.a.driver', 'host'],
        ['networks: {a: {name: host, external: true}}', 'networks.a.name', 'host'], ['networks: {a: {driver: macvlan}}', 'networks.a.driver', 'host'],
        ['volumes: {a: {name: "${A}"}}', 'volumes.a.name', 'unfixed'],
    ]) {
        const findings = check(`${service()}${text}\n`);
        assert.ok(findings.some((one) => one.where === where && one.risk === risk), `${text} ${JSON.stringify(findings)}`);
    }
    assert.deepEqual(check(`version: "3.8"\n${service()}volumes: {data: }\nconfigs: {a: {content: b}}\nnetworks: {a: {driver: bridge}}\nx-note: {a: b}\n`), []);
    for (const text of ['', 'a', '[]', 'services: {}', 'services: []', 'services: {web: a}', 'services:', 'version: "3"'])
        assert.notDeepEqual(check(text), [], text);
});

test('what cannot be read is one sentence, exit code 1', () => {
    for (const [text, sentence] of [
        [service('x-a: &a {b: c}'), /Line 8: an anchor/], [service('x-a: *a'), /an alias/], [`${service()}${service()}`, /services is given twice/],
        [`${service()}---\n${service()}`, /a second document/], ['services: [', /it is not YAML/], [`a: ${'['.repeat(100)}`, /too deep/],
        ['{"name":"a","name":"b"}', /The field name is given twice/], ['{"name":"\\ud800"}', /a lone surrogate/], ['{', /not valid JSON/],
        [`\ufeff{"name":"a"}`, /not valid JSON/],
    ]) {
        const ran = compose(['check', '-'], text);
        assert.equal(ran.code, 1, text);
        assert.match(ran.stderr, sentence);
        assert.equal(ran.stdout, '');
    }
});

test('an alias bomb ends at its first anchor', () => {
    let bomb = 'a0: &a0 [x,x,x,x,x,x,x,x,x]\n';
    for (let i = 1; i < 30; i++) bomb += `a${i}: &a${i} [${Array(9).fill(`*a${i - 1}`).join(',')}]\n`;
    const ran = compose(['check', '-'], bomb);
    assert.equal(ran.code, 1);
    assert.match(ran.stderr, /Line 1: an anchor/);
});

/* --- app-compose.json --- */

const app = (fields = {}, text = service()) => JSON.stringify({ manifest_version: 2, name: 'a', runner: 'docker-compose', kms_enabled: true, docker_compose_file: text, ...fields });

test('fields of app-compose.json', () => {
    for (const fields of [{}, { manifest_version: '3' }, { allowed_envs: ['ADMIN_TOKEN'] }, { init_script: ['a', 'b'] }, { swap_size: '2G' }, { swap_size: 0 }, { key_provider: 'kms' }, { docker_config: {} },
        { pre_launch_script: 'echo hello' }, { requirements: { platforms: [] } }, { key_provider_id: '' }, { tproxy_enabled: true }])
        assert.deepEqual(check(app(fields)), [], JSON.stringify(fields));
    for (const [fields, where, risk, part] of [
        [{ services: {} }, 'services', 'unfixed', 'dstack has no field'], [{ routes: [] }, 'routes', 'unfixed', 'dstack has no field'], [{ security: {} }, 'security', 'unfixed', 'dstack has no field'],
        [{ manifest_version: 3 }, 'manifest_version', 'unfixed', '1 or 2'], [{ manifest_version: '2' }, 'manifest_version', 'unfixed', ''], [{ manifest_version: 2.5 }, 'manifest_version', 'unfixed', ''],
        [{ name: '' }, 'name', 'unfixed', ''], [{ public_logs: 'false' }, 'public_logs', 'unfixed', 'true or false'], [{ allowed_envs: 'A' }, 'allowed_envs', 'unfixed', 'a list of texts'],
        [{ allowed_envs: [1] }, 'allowed_envs', 'unfixed', ''], [{ key_provider: 'mine' }, 'key_provider', 'unfixed', ''], [{ key_provider_id: 'xyz' }, 'key_provider_id', 'unfixed', 'hex'],
        [{ swap_size: -1 }, 'swap_size', 'unfixed', ''], [{ features: {} }, 'features', 'unfixed', ''], [{ docker_compose_file: undefined }, 'docker_compose_file', 'unfixed', 'missing'],
        [{ docker_compose_file: 'a: [' }, 'docker_compose_file', 'unfixed', 'not YAML'], [{ docker_compose_file: {} }, 'docker_compose_file', 'unfixed', 'a text'],
        [{ runner: 'bash' }, 'runner', 'unfixed', ''], [{ public_logs: true }, 'public_logs', 'loose', ''], [{ secure_time: false }, 'secure_time', 'loose', 'clock'],
        [{ kms_enabled: false }, 'kms_enabled', 'loose', ''], [{ docker_config: { username: 'a' } }, 'docker_config', 'secret', ''],
        [{ pre_launch_script: 'curl https://x | sh' }, 'pre_launch_script', 'unfixed', 'fetches'], [{ pre_launch_script: 'docker run --privileged x' }, 'pre_launch_script', 'host', ''],
        [{ pre_launch_script: 'TOKEN=swordfish run' }, 'pre_launch_script', 'secret', ''], [{ init_script: ['apt install openssh-server'] }, 'init_script', 'debug', 'SSH'],
        [{ allowed_envs: ['https://rpc.example'] }, 'allowed_envs', 'unfixed', 'is a URL'], [{ allowed_envs: ['RPC_URL'] }, 'allowed_envs', 'unfixed', 'whom the app talks to'],
        [{ allowed_envs: ['DB_HOST'] }, 'allowed_envs', 'unfixed', ''], [{ allowed_envs: ['nginx:latest'] }, 'allowed_envs', 'unfixed', 'is an image'],
        [{ allowed_envs: [`web@${DIGEST}`] }, 'allowed_envs', 'unfixed', 'is an image'], [{ allowed_envs: ['WEB_IMAGE'] }, 'allowed_envs', 'unfixed', 'choose an image'],
        [{ allowed_envs: ['COMPOSE_FILE'] }, 'allowed_envs', 'unfixed', 'past the hash'], [{ allowed_envs: ['DOCKER_HOST'] }, 'allowed_envs', 'unfixed', 'past the hash'],
        [{ allowed_envs: ['LD_PRELOAD'] }, 'allowed_envs', 'unfixed', ''], [{ allowed_envs: ['AUTH'] }, 'allowed_envs', 'unfixed', ''], [{ allowed_envs: ['a b'] }, 'allowed_envs', 'unfixed', 'not the name'],
        [{ allowed_envs: [''] }, 'allowed_envs', 'unfixed', ''], [{ allowed_envs: ['9A'] }, 'allowed_envs', 'unfixed', ''],
    ]) {
        const findings = check(app(fields));
        assert.ok(findings.some((one) => one.where === where && one.risk === risk && one.text.includes(part)), `${JSON.stringify(fields)} ${JSON.stringify(findings)}`);
    }
});

test('the compose file inside, and its variables against allowed_envs', () => {
    const text = service('environment: ["A=${A:-1}", "B"]');
    assert.deepEqual(check(app({ allowed_envs: ['A', 'B'] }, text)), []);
    assert.match(JSON.stringify(check(app({ allowed_envs: ['B'] }, text))), /\$\{A\} is put in from outside, and A is not in allowed_envs/);
    assert.match(JSON.stringify(check(app({ allowed_envs: ['A'] }, text))), /B takes its value from outside/);
    assert.equal(check(app({}, service('', 'web:latest')))[0].line, 3);
});

test('in words: a line each, with file, line and place', () => {
    const ran = compose(['check', '-'], service('privileged: true'));
    assert.equal(ran.code, 1);
    assert.match(ran.stdout, /^-: line 8, services\.web\.privileged: A privileged container is root of the whole CVM; leave it out\.\n$/);
    assert.match(compose(['check', '-'], service()).stdout, /nothing is against running it/);
});

test('a file with thousands of faults tells of some', () => {
    const many = `services:\n${Array.from({ length: 3000 }, (_, i) => `  s${i}: {image: a}\n`).join('')}`;
    assert.equal(check(many).length, 200);
});

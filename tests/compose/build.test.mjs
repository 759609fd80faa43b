// build.test.mjs - app-compose.json made of a compose file.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compose, dir, file, getComposeHash, service } from './lib.mjs';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const text = service('environment: ["ADMIN_TOKEN=${ADMIN_TOKEN:-}"]');
const path = file('compose.yml', text);

function build(args, input = path) {
    const ran = compose(['build', input, '--name', 'a', ...args]);
    assert.equal(ran.code, 0, ran.said);
    return ran.stdout;
}

function refused(args, sentence, input = path, code = 1) {
    const output = join(dir, 'never.json');
    const ran = compose(['build', input, '-o', output, ...args]);
    assert.equal(ran.code, code, ran.said);
    assert.match(ran.stderr, sentence);
    assert.equal(ran.stdout, '');
    assert.ok(!existsSync(output) && !existsSync(`${output}.new`), 'nothing is written');
}

test('the compose file, byte for byte, in the fields that dstack reads', () => {
    const made = build(['--allowed-env', 'ADMIN_TOKEN']);
    assert.deepEqual(JSON.parse(made), {
        allowed_envs: ['ADMIN_TOKEN'], docker_compose_file: text, gateway_enabled: true, key_provider_id: '', kms_enabled: true, local_key_provider_enabled: false,
        manifest_version: 2, name: 'a', no_instance_id: false, public_logs: false, public_sysinfo: false, public_tcbinfo: true, runner: 'docker-compose', secure_time: true,
    });
    const odd = service("labels: [\"tab\\t é 😀 <&> \\u2028\"]\n# a comment with ' and \" and \\ \n").replace(/\n/g, '\r\n');
    assert.equal(JSON.parse(build([], file('odd.yml', odd))).docker_compose_file, odd);
});

test('what dstack measures of it is what the SDK computes', () => {
    const made = build(['--allowed-env', 'ADMIN_TOKEN', '--set', 'swap_size=1024']);
    assert.equal(sha256(made), getComposeHash(JSON.parse(made)));
    assert.equal(sha256(made), getComposeHash(JSON.parse(made), true));
});

test('the same bytes each time, to a file as to standard output', () => {
    const output = join(dir, 'out.json');
    const ran = compose(['build', path, '--name', 'a', '--allowed-env', 'ADMIN_TOKEN', '-o', output, '--json']);
    assert.equal(ran.code, 0, ran.said);
    const bytes = readFileSync(output);
    assert.equal(bytes.toString(), build(['--allowed-env', 'ADMIN_TOKEN']));
    assert.deepEqual(JSON.parse(ran.stdout), { file: output, composeHash: sha256(bytes), defaultAppId: sha256(bytes).slice(0, 40) });
    assert.equal(compose(['check', output]).code, 0);
});

test('scripts, a template, and any field of dstack', () => {
    const script = file('pre.sh', '#!/bin/sh\necho "hello"\n');
    const template = file('template.json', '{"public_sysinfo":true,"requirements":{"b":1.0,"a":"é"},"name":"from the template"}');
    const made = JSON.parse(compose(['build', path, '--allowed-env', 'ADMIN_TOKEN', '--pre-launch-script', script, '--init-script', script, '--template', template, '--set', 'manifest_version="3"', '--set', 'storage_fs=zfs', '--set', 'swap_size=2G',
        '--set', 'features=["kms"]']).stdout);
    assert.equal(made.pre_launch_script, '#!/bin/sh\necho "hello"\n');
    assert.equal(made.init_script, made.pre_launch_script);
    assert.deepEqual([made.name, made.public_sysinfo, made.manifest_version, made.storage_fs, made.swap_size, made.features], ['from the template', true, '3', 'zfs', '2G', ['kms']]);
    assert.deepEqual(made.requirements, { a: 'é', b: 1 });
    const named = file('named.yml', `name: by-itself\n${service()}`);
    assert.equal(JSON.parse(compose(['build', named]).stdout).name, 'by-itself');
});

test('options that are refused', () => {
    const name = ['--name', 'a', '--allowed-env', 'ADMIN_TOKEN'];
    refused(['--allowed-env', 'ADMIN_TOKEN'], /no name/);
    refused([...name, '--set', 'nonsense=1'], /dstack has no field nonsense/);
    refused([...name, '--set', 'public_logs=maybe'], /The value of public_logs is not JSON/);
    refused([...name, '--set', 'public_logs="true"'], /public_logs must be true or false/);
    refused([...name, '--set', 'public_logs'], /is not FIELD=VALUE/);
    refused([...name, '--set', 'docker_compose_file=x'], /comes from the compose file/);
    refused([...name, '--set', 'name=b'], /name is given twice/);
    refused([...name, '--set', 'runner=bash', '--set', 'runner=bash'], /runner is given twice/);
    refused([...name, '--template', file('t1.json', '{"services":{}}')], /dstack has no field services/);
    refused([...name, '--template', file('t2.json', '[]')], /not a JSON object/);
    refused([...name, '--template', file('t3.json', '{"name":"a","name":"b"}')], /given twice/);
    refused([...name, '--template', '/nowhere'], /No such file/);
    refused([...name, '--pre-launch-script', '/nowhere'], /No such file/, path, 2);
    refused(['--name', 'a', '--allowed-env', 'RPC_URL', '--allowed-env', 'ADMIN_TOKEN'], /RPC_URL would let the operator choose whom/);
    refused(['--name', 'a', '--allowed-env', 'docker.io/library/nginx:1', '--allowed-env', 'ADMIN_TOKEN'], /is an image/);
    refused(['--name', 'a', '--allowed-env', 'https://x.example', '--allowed-env', 'ADMIN_TOKEN'], /is a URL/);
    refused(['--name', 'a'], /ADMIN_TOKEN is not in allowed_envs/);
    refused([...name, '--set', 'runner=bash'], /Only docker-compose can be checked/);
});

test('compose files that are refused', () => {
    const of = (line, image) => file('bad.yml', service(line, image));
    for (const [line, sentence, image] of [
        ['', /name it by its digest/, 'web:latest'], ['build: .', /built in the CVM/], ['nonsense: 1', /no field of a service/], ['environment: {TOKEN: abc}', /everybody may read/],
        ['privileged: true', /root of the whole CVM/], ['network_mode: host', /the machine's own/], ['volumes: ["/var/run/docker.sock:/s"]', /engine's socket/],
        ['command: [sshd]', /SSH server/], ['', /put in from outside/, '"${IMAGE}"'], ['x-a: &a b', /anchor/],
    ])
        refused(['--name', 'a'], sentence, of(line, image));
    refused(['--name', 'a'], /nonsense is no field of a compose file/, file('bad.yml', `${service()}nonsense: 1\n`));
    refused(['--name', 'a'], /No such file/, '/nowhere');
    refused(['--name', 'a'], /has \d+ bytes/, file('big.yml', `${service()}# ${'x'.repeat(256 * 1024)}\n`));
    /* Short enough itself, but not once it is inside of JSON. */
    refused(['--name', 'a'], /would have more than 262144 bytes/, file('big.yml', `${service()}# ${'"'.repeat(200 * 1024)}\n`));
});

test('what is only loose is built, and refused by the check', () => {
    const loose = file('loose.yml', service().replace(/ *read_only.*\n/, ''));
    const made = build([], loose);
    assert.equal(compose(['check', '-'], made).code, 1);
});

test('an output that cannot be written', () => {
    const ran = compose(['build', path, '--name', 'a', '--allowed-env', 'ADMIN_TOKEN', '-o', '/nowhere/out.json']);
    assert.equal(ran.code, 1);
    assert.match(ran.stderr, /nowhere\/out\.json: No such file/);
});

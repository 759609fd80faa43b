// 30-clients.mjs - strangers who are slow, or who send far too much.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { sleep } from '../../api/lib/stack.mjs';
import { find } from '../lib/row.mjs';

const resident = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
const BIG = 64 << 20;

/* Send 64 MB, with or without their length. Comes to the status line. */
function sendBig(port, chunked) {
    return new Promise((done) => {
        const socket = connect(port, '127.0.0.1');
        let got = '', sent = 0;
        const part = Buffer.alloc(1 << 16, 0x20);
        const piece = chunked ? Buffer.concat([Buffer.from('10000\r\n'), part, Buffer.from('\r\n')]) : part;
        const more = () => {
            while (sent < BIG && socket.writable) {
                sent += part.length;
                if (!socket.write(piece)) return void socket.once('drain', more);
            }
        };
        socket.on('data', (data) => (got += data));
        socket.on('error', () => {});
        socket.on('close', () => done(got.split('\r\n')[0]));
        socket.write(`POST /api/signup HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${BIG}`}\r\n\r\n`);
        more();
        setTimeout(() => socket.destroy(), 15_000).unref();
    });
}

export const rows = [
    {
        name: '10,000 slow connections (slowhttptest)',
        /* Five, as one alone does not get there on a busy machine before nginx ends the first ones. */
        async break(stack, context) {
            context.said = Array(5).fill('');
            context.ended = Promise.all(context.said.map((_, i) => new Promise((done) => {
                const slow = spawn('slowhttptest', ['-c', '2000', '-H', '-i', '5', '-r', '1000', '-l', '12', '-x', '24', '-p', '3', '-u', stack.url], { stdio: ['ignore', 'pipe', 'inherit'] });
                slow.on('error', (error) => (context.said[i] = error.message));
                slow.stdout.on('data', (data) => (context.said[i] += data));
                slow.on('close', done);
            })));
        },
        async mend(stack, context) {
            await context.ended;
            const most = context.said.map((text) => Math.max(0, ...[...text.replace(/\x1b\[[\d;]*m/g, '').matchAll(/connected:\s+(\d+)/g)].map(([, count]) => Number(count))));
            const held = most.reduce((a, b) => a + b, 0);
            assert.ok(held >= 2500, `slowhttptest held only ${held} connections: is it installed? ${context.said[0].slice(-300)}`);
            context.notes.push(`${held} slow ones held at once`);
        },
    },
    {
        name: '64 MB bodies, 16 at once',
        async break(stack, context) {
            const pids = [...find(stack, 'nginx worker'), ...find(stack, 'worker signup')];
            const before = pids.map(resident);
            const answers = await Promise.all(Array.from({ length: 16 }, (_, i) => sendBig(stack.port, i % 2 === 1)));
            for (const line of answers) assert.equal(line, 'HTTP/1.1 413 Request Entity Too Large');
            await sleep(200);
            const grown = Math.max(...pids.map((pid, i) => resident(pid) - before[i]));
            assert.ok(grown < 16 * 1024, `a process grew by ${grown} KiB`);
            context.notes.push(`16 of 16: 413; memory grew by ${Math.max(0, grown)} KiB`);
        },
    },
];

// members.mjs - nodes that join a cluster by the daemon, each in a namespace of its own, with a chain that they all reach.
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { startDaemon, startNode } from '../../cluster/lib.mjs';
import { instanceOf, PORT, startLines, until, within } from './nodes.mjs';

const FORWARD = new URL('forward.mjs', import.meta.url).pathname;
const RPC_PORT = 8545;

/* The chain, as a socket that every namespace reaches; stop() refuses it, until start(). */
export async function shareChain(network, port) {
    const path = join(network.dir, 'chain'), open = new Set();
    let refuses = false;
    const server = createServer((from) => {
        if (refuses) return from.destroy();
        const to = connect(port, '127.0.0.1');
        for (const [one, other] of [[from, to], [to, from]]) {
            open.add(one);
            one.on('error', () => other.destroy());
            one.on('close', () => (open.delete(one), other.destroy()));
            one.pipe(other);
        }
    });
    await new Promise((done) => server.listen(path, done));
    const drop = () => open.forEach((socket) => socket.destroy());
    network.keep({ stop: () => new Promise((done) => (server.close(done), drop())) });
    return { path, stop: () => ((refuses = true), drop()), start: () => (refuses = false) };
}

/* A machine with a guest agent, a seat and ether, of which no daemon runs yet. */
export async function makeMember(network, chain, cluster, number, options = {}) {
    const machine = network.machine(number);
    const forward = network.keep(startLines(within(machine, process.execPath, FORWARD, String(RPC_PORT), chain.path)));
    await until('the chain is forwarded', () => forward.lines.length > 0);
    const node = await startNode(cluster, { instance: instanceOf(number), ...options });
    node.env = { ...node.env, RPC_URL: `http://127.0.0.1:${RPC_PORT}`, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
    return { ...node, machine, inside: within(machine) };
}

/* Its daemon, which takes quotes of all these members' simulators. byGateway: its endpoint is a stream. */
export async function enterDaemon(member, members, words = [], { byGateway = false } = {}) {
    const trust = members.flatMap(({ sim }) => ['--root', sim.at('root'), '--collateral', sim.at('collateral')]);
    const { machine } = member;
    const endpoint = byGateway ? [] : ['--endpoint', `${machine.address}:${PORT}`];
    member.daemon = await startDaemon(member, ['--mode', 'wireguard', ...endpoint, '--tunnel-interface', machine.interface, '--block', 'latest', '--interval', '1', ...trust, ...words]);
    return member.daemon;
}

export const peerOf = (file, member) => file.peers.find(({ instanceId }) => instanceId === member.instance);

/* Until all of these go by one list, and are all that each of them has verified, in its file. */
export async function converge(members, ms = 30_000) {
    const wanted = JSON.stringify(members.map(({ instance }) => instance).sort());
    const verified = ({ peers }) => JSON.stringify(peers.filter(({ self, verified: is, address }) => (self ? address : is)).map(({ instanceId }) => instanceId).sort());
    const files = () => members.map(({ daemon }) => daemon.now());
    await until(() => JSON.stringify(files()), () => {
        const all = files();
        return all.every((file) => file && file.digest === all[0].digest && file.self.registration === 'registered' && verified(file) === wanted);
    }, ms);
}

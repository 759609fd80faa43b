// peers.mjs - the file that `devproof cluster run` keeps, with three members of which this node is the second.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const id = (byte) => (byte % 256).toString(16).padStart(2, '0').repeat(20);
const now = () => Math.floor(Date.now() / 1000);

export function peer(tokenId, more = {}) {
    return {
        tokenId, instanceId: id(0xa0 + tokenId), appId: id(0x5a), network: 'tls-gateway',
        endpoint: `https://${id(0xa0 + tokenId)}-443s.gateway.example`, wireguardKey: null, address: null, address6: null,
        leaseUntil: now() + 3000, self: false, verified: null, ...more,
    };
}

export function wireguardPeer(tokenId, more = {}) {
    return peer(tokenId, {
        network: 'wireguard', endpoint: `192.0.2.${tokenId}:51820`, wireguardKey: Buffer.alloc(32, tokenId).toString('base64'),
        address: `10.0.1.${tokenId}`, address6: `fd12:3456:789a::${tokenId}`, verified: true, ...more,
    });
}

/* What the daemon of a node with token 2 writes that has just read the list. */
export function peersDocument(more = {}) {
    const peers = [peer(1), peer(2, { self: true }), peer(5, { leaseUntil: now() + 200 })];
    return {
        schema: 'devproof.peers/1', contract: '0x5FbDB2315678afecb367f032d93F642f64180aa3', chainId: 31337, mode: 'tls',
        self: {
            instanceId: peers[1].instanceId, appId: peers[1].appId, account: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
            tokenId: 2, leaseUntil: peers[1].leaseUntil, registration: 'registered', detail: null,
        },
        block: { number: 1234, hash: `0x${'b1'.repeat(32)}`, time: now() - 12, tag: 'finalized' },
        digest: `0x${'d1'.repeat(32)}`, readAtMs: Date.now() - 2000, writtenAtMs: Date.now(), error: null, peers, ...more,
    };
}

/* As the daemon does: whole, or not at all. content: a document, or text. */
export function writePeers(dataDir, content) {
    const folder = join(dataDir, 'cluster');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'peers.json.new'), typeof content === 'object' ? JSON.stringify(content) : content);
    renameSync(join(folder, 'peers.json.new'), join(folder, 'peers.json'));
}

export function removePeers(dataDir) {
    rmSync(join(dataDir, 'cluster/peers.json'), { force: true });
}

// stranger.mjs - answers /proof with a true quote of a simulator, over whatever it is told to say.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { askAgent } from '../../api/lib/agent.mjs';

const { socket, address, known, claim } = JSON.parse(process.argv[2]);
const hex = (text) => Buffer.from(text.replace(/^0x/, ''), 'hex');
const base64 = (text) => Buffer.from(text, 'base64');

function reportData(nonce, asker) {
    const chainId = Buffer.alloc(8);
    chainId.writeBigUInt64BE(BigInt(claim.chainId));
    const parts = [Buffer.from('devproof-tunnel:'), hex(nonce), hex(claim.contract), chainId, hex(claim.instanceId), base64(claim.key), base64(asker)];
    return createHash('sha512').update(Buffer.concat(parts)).digest('hex');
}

createServer(async (request, response) => {
    const nonce = new URL(request.url, 'http://peer').searchParams.get('nonce');
    const { quote, event_log, vm_config } = await askAgent(socket, '/GetQuote', { report_data: reportData(nonce, known[request.socket.remoteAddress]) });
    response.end(JSON.stringify({ quote, event_log, vm_config }));
}).listen(51821, address, () => process.stdout.write('{"listening":true}\n'));

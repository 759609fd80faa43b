// Evidence as /api/attestation gives it, from a simulator of our own whose app definition is measured.
import { createHash, X509Certificate } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { askAgent } from '../api/lib/agent.mjs';
import { startSim } from '../api/lib/stack.mjs';

const COMPOSE = fileURLToPath(new URL('../../docker/app-compose.json', import.meta.url));

// A service's agent: answer(nonce in hex) gives what the service would, over a TLS key of its own.
export async function startAgent() {
  const sim = await startSim('--app-compose', COMPOSE);
  const { certificate_chain: chain } = await askAgent(sim.socket, '/GetTlsKey', { subject: 'localhost', usage_server_auth: true });
  const certificate = new X509Certificate(chain[0]);
  const key = createHash('sha256').update(certificate.publicKey.export({ type: 'spki', format: 'der' })).digest();
  const { tcb_info: tcb } = await askAgent(sim.socket, '/Info', {});
  const { app_compose: compose } = typeof tcb === 'string' ? JSON.parse(tcb) : tcb;

  async function answer(nonce) {
    const over = createHash('sha512').update('devproof-live:').update(Buffer.from(nonce, 'hex')).update(key).digest('hex');
    const { quote, event_log: log } = await askAgent(sim.socket, '/GetQuote', { report_data: over });
    return { nonce, report_data: over, quote, event_log: log, app_compose: compose, tls: { spki_sha256: key.toString('hex'), certificate_chain: chain.join('') } };
  }
  return { answer, certificate, key: key.toString('hex'), stop: sim.stop };
}

// pccs.mjs - a PCCS on loopback, with one platform's collateral.
import { createServer } from 'node:http';

/* What a PCCS answers. */
export function answers(collateral, fmspc = 'B0C06F000000') {
    const pem = (text) => encodeURIComponent(text);
    const signedBy = (member, text, signature) => `{"${member}":${text},"signature":"${signature}"}`;
    return {
        '/sgx/certification/v4/pckcrl?ca=platform&encoding=der': { headers: { 'SGX-PCK-CRL-Issuer-Chain': pem(collateral.pck_crl_issuer_chain) }, body: Buffer.from(collateral.pck_crl, 'hex') },
        '/sgx/certification/v4/rootcacrl': { body: collateral.root_ca_crl },
        [`/tdx/certification/v4/tcb?fmspc=${fmspc}`]: { headers: { 'TCB-Info-Issuer-Chain': pem(collateral.tcb_info_issuer_chain) }, body: signedBy('tcbInfo', collateral.tcb_info, collateral.tcb_info_signature) },
        '/tdx/certification/v4/qe/identity?update=standard': { headers: { 'SGX-Enclave-Identity-Issuer-Chain': pem(collateral.qe_identity_issuer_chain) }, body: signedBy('enclaveIdentity', collateral.qe_identity, collateral.qe_identity_signature) },
    };
}

export async function serve(table, body, server = createServer()) {
    const asked = [];
    server.on('request', (request, response) => {
        asked.push(request.url);
        const answer = table[request.url];
        response.writeHead(answer?.status ?? (answer ? 200 : 404), answer?.headers ?? {});
        response.end(answer?.body ?? '');
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
        return await body(`127.0.0.1:${server.address().port}`, asked);
    } finally {
        server.closeAllConnections();
        server.close();
    }
}

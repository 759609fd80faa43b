// between.mjs - a program in the middle: takes what comes for a service and hands it on, evidence included.
import { request } from 'node:https';

/* make(handler) is its server: HTTPS with credentials of its own, or HTTP. */
export async function between(tlsPort, make, body) {
    const server = make((req, res) => {
        const on = request({ host: '127.0.0.1', port: tlsPort, servername: 'localhost', rejectUnauthorized: false, method: req.method, path: req.url, headers: req.headers, agent: false },
            (answer) => { res.writeHead(answer.statusCode, answer.headers); answer.pipe(res); });
        req.pipe(on);
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    try {
        await body(server.address().port);
    } finally {
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
    }
}

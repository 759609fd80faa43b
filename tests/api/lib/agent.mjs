// agent.mjs - calls of a guest agent, over its socket.
import { request } from 'node:http';

/* One call; throws what the agent says where it refuses. */
export function askAgent(socketPath, path, fields = {}) {
    return new Promise((resolve, reject) => {
        const req = request({ socketPath, path, method: 'POST', headers: { 'Content-Type': 'application/json' } }, async (res) => {
            const chunks = [];
            for await (const chunk of res) chunks.push(chunk);
            const answer = JSON.parse(Buffer.concat(chunks));
            if (res.statusCode === 200) resolve(answer);
            else reject(new Error(answer.error));
        });
        req.on('error', reject);
        req.end(JSON.stringify(fields));
    });
}

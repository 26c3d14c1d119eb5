/** The far end of the connection contract: does what the path says. */
import type { Server } from 'node:http';
import { WebSocketServer } from 'ws';

export function serveContractSockets(server: Server): void {
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on('connection', (ws, { url }) => {
    ws.on('error', () => undefined);
    if (url === '/refuse') ws.close(4404, 'another engine class is wanted');
    else if (url === '/vanish') ws.terminate();
    else ws.on('message', (data) => ws.send(data, { binary: true }));
  });
}

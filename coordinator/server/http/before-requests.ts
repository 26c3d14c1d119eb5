/** Bounds what comes to a server before there is a request, and answers what never becomes one. */
import type { Server } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { ServerCounts } from '../../monitor/server-counts.js';
import type { Clients } from '../network/clients.js';
import type { OpenCount } from '../network/limits.js';
import { bareAnswer } from './headers.js';

const CLIENT_ERRORS: Record<string, number> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** @param tcp counts open connections */
export function guardServer(
  server: Server,
  { clients, tcp, counts }: { clients: Clients; tcp: OpenCount; counts: ServerCounts },
): void {
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    // All who come by a proxy come from its address: they are counted once it is known who they are.
    if (clients.isProxy(address)) return;
    const release = tcp.open(address);
    if (release) return void socket.on('close', release);
    counts.close('tcpLimit');
    socket.destroy();
  });
  server.on('drop', () => counts.close('tcpLimit'));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const code = CLIENT_ERRORS[error.code ?? ''] ?? 400;
    counts.answer(code);
    if (!socket.writable) return void socket.destroy();
    const head = bareAnswer(code, (socket as TLSSocket).encrypted === true);
    socket.end(head, () => socket.destroy());
  });
}

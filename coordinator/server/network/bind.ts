/** Where a server listens. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf, UserError } from '../../../shared/user-error.js';

/** @throws UserError if the address cannot be listened on */
export function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, host, port)));
    server.listen(port, host, resolve);
  });
}

/** @returns where it listens, with the port that was really taken */
export function urlOf(server: Server, scheme: 'http' | 'https'): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): UserError {
  if (error.code === 'EADDRINUSE') {
    return new UserError(
      `port ${port} on ${host} is in use: give another --port, or --port 0 for any free one`,
    );
  }
  return new UserError(
    `cannot listen on ${host}:${port}: ${messageOf(error)}; give another --host or --port`,
  );
}

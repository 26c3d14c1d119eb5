/** A server of objects that sends other than it should, and how much of it was taken. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

const PIECE = Buffer.alloc(16 << 10, 1);

/** What stands for hashes: each is served in its own way. */
export const OBJECTS = {
  honest: 'a'.repeat(64),
  endless: 'b'.repeat(64),
  longer: 'c'.repeat(64),
  longerThanTold: 'd'.repeat(64),
  broken: 'e'.repeat(64),
  missing: 'f'.repeat(64),
};
export const HONEST = Buffer.from('an object as it was announced');

export async function hostileObjectServer(): Promise<{ url: string; sent(): number }> {
  let sent = 0;
  const server = createServer((request, response) => {
    const hash = request.url!.slice('/objects/'.length);
    if (hash === OBJECTS.honest) return response.end(HONEST);
    if (hash === OBJECTS.missing) return response.writeHead(404).end('no such object, and why: '.repeat(10));
    if (hash === OBJECTS.longer) return response.end(Buffer.concat([HONEST, HONEST]));
    if (hash === OBJECTS.broken) {
      response.writeHead(200, { 'Content-Length': HONEST.length });
      return response.write(HONEST.subarray(0, 5), () => response.destroy());
    }
    // No length is told, or more than any machine has.
    if (hash === OBJECTS.longerThanTold) response.writeHead(200, { 'Content-Length': 2 ** 50 });
    const more = () => {
      while (!response.destroyed) {
        sent += PIECE.length;
        if (!response.write(PIECE)) return response.once('drain', more);
      }
    };
    more();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sent: () => sent };
}

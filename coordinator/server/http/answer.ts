/** Short answers of the routes: text and JSON, never kept by caches. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzip } from 'node:zlib';

/** What is shorter fits into a packet or two anyway. */
const COMPRESSED_BYTES = 4096;
/** What is longer waits here for a reader that takes its time: so long, and no longer. */
const LONG_BYTES = 64 << 10;
const LONGEST_READ_MS = 60_000;

export function answerText(response: ServerResponse, code: number, text: string, type = 'text/plain'): void {
  send(response, code, type, Buffer.from(text));
}

export function answerJson(
  request: IncomingMessage,
  response: ServerResponse,
  value: unknown,
  code = 200,
): void {
  const body = Buffer.from(JSON.stringify(value));
  const takesGzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  if (!takesGzip || body.length < COMPRESSED_BYTES) return send(response, code, 'application/json', body);
  gzip(body, { level: 1 }, (error, compressed) => {
    if (response.destroyed) return;
    if (error) return send(response, code, 'application/json', body);
    response.setHeader('Content-Encoding', 'gzip');
    response.setHeader('Vary', 'Accept-Encoding');
    send(response, code, 'application/json', compressed);
  });
}

function send(response: ServerResponse, code: number, type: string, body: Buffer): void {
  response.statusCode = code;
  response.setHeader('Content-Type', `${type}; charset=utf-8`);
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Length', body.length);
  if (body.length > LONG_BYTES) {
    const late = setTimeout(() => response.destroy(), LONGEST_READ_MS).unref();
    response.on('close', () => clearTimeout(late));
  }
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

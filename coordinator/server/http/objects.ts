/** `/objects/<sha256>`: immutable bytes by their hash, for caches of every kind. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerText } from './answer.js';
import type { ServedRun } from './dashboard.js';

const PATH = /^\/objects\/([0-9a-f]{64})$/;
/** One range, as browsers ask for; several are answered with the whole object, which HTTP allows. */
const RANGE = /^bytes=(\d*)-(\d*)$/;

/**
 * @param runs whose objects are served: each is named by its hash, whichever run it is of
 * @param isPrivate whether a token was asked for: then caches that several people share keep nothing
 */
export function serveObject(
  request: IncomingMessage,
  response: ServerResponse,
  runs: readonly ServedRun[],
  isPrivate: boolean,
): void {
  const hash = PATH.exec(request.url?.split('?')[0] ?? '')?.[1];
  if (!hash) return answerText(response, 400, 'an object is named by 64 hexadecimal digits\n');
  const bytes = runs.map(({ live }) => live?.objects.get(hash)).find(Boolean);
  if (!bytes) return answerText(response, 404, 'no such object\n');

  const etag = `"${hash}"`;
  response.setHeader('ETag', etag);
  response.setHeader('Cache-Control', `${isPrivate ? 'private' : 'public'}, max-age=31536000, immutable`);
  response.setHeader('Accept-Ranges', 'bytes');
  const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (known?.some((tag) => tag === etag || tag === '*')) {
    response.writeHead(304).end();
    return;
  }
  const range = rangeOf(request, etag, bytes.length);
  if (range === 'unsatisfiable') {
    const headers = { 'Content-Range': `bytes */${bytes.length}`, 'Cache-Control': 'no-store' };
    response.writeHead(416, headers).end();
    return;
  }
  const { from, to } = range ?? { from: 0, to: bytes.length };
  if (range) response.setHeader('Content-Range', `bytes ${from}-${to - 1}/${bytes.length}`);
  response.writeHead(range ? 206 : 200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': to - from,
  });
  response.end(request.method === 'HEAD' ? undefined : bytes.subarray(from, to));
}

/** Bytes `[from, to)`, or undefined for the whole. */
function rangeOf(
  { headers }: IncomingMessage,
  etag: string,
  length: number,
): { from: number; to: number } | 'unsatisfiable' | undefined {
  if (headers['if-range'] !== undefined && headers['if-range'] !== etag) return undefined;
  const [, first = '', last = ''] = RANGE.exec(headers.range ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const from = first === '' ? Math.max(0, length - Number(last)) : Number(first);
  const to = first === '' || last === '' ? length : Math.min(length, Number(last) + 1);
  return from >= to ? 'unsatisfiable' : { from, to };
}

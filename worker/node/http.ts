/** Requests to a coordinator from Node: with a token, and never more bytes than asked for. */
import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';

export interface Answer {
  status: number;
  body: Buffer;
}

export interface GetOptions {
  token: string | undefined;
  /** Certificate of the authority, in PEM form; undefined: those that Node trusts. */
  ca: string | undefined;
  /** Longer answers are an error. */
  maxBytes: number;
  signal: AbortSignal;
}

/** A server from which nothing comes for so long is not waited for. */
const SILENCE_MS = 30_000;
/** What says why there is no such answer may be so long, in any case. */
const MAX_REFUSAL_BYTES = 4096;

/** @throws Error if there is no answer, a longer one than `maxBytes`, or one that stops in the middle */
export function get(url: string, options: GetOptions): Promise<Answer> {
  const request = url.startsWith('https:') ? requestSecure : requestPlain;
  const { token, ca, maxBytes, signal } = options;
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const connection = { headers, signal, timeout: SILENCE_MS, ...(ca === undefined ? {} : { ca }) };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, connection, (response) => {
      const status = response.statusCode!;
      const limit = status === 200 ? maxBytes : Math.max(maxBytes, MAX_REFUSAL_BYTES);
      const parts: Buffer[] = [];
      let bytes = 0;
      const check = (length: number) => {
        if (length <= limit) return true;
        const text = `${url} answers with ${length} bytes or more, where at most ${limit} were expected`;
        response.destroy(new Error(text));
        return false;
      };
      response.on('error', reject);
      if (!check(Number(response.headers['content-length'] ?? 0))) return;
      response.on('data', (part: Buffer) => {
        bytes += part.length;
        if (check(bytes)) parts.push(part);
      });
      response.on('end', () => resolve({ status, body: Buffer.concat(parts) }));
    });
    outgoing.on('timeout', () => {
      outgoing.destroy(new Error(`${url} has sent nothing for ${SILENCE_MS / 1000} s`));
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      // A connection kept from before may have been closed at its other end meanwhile: that is no answer.
      if (outgoing.reusedSocket && error.code === 'ECONNRESET') resolve(get(url, options));
      else reject(error);
    });
    outgoing.end();
  });
}

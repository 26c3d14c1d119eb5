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

/** @throws Error if there is no answer, or a longer one than `maxBytes` */
export function get(url: string, options: GetOptions): Promise<Answer> {
  const request = url.startsWith('https:') ? requestSecure : requestPlain;
  const { token, ca, maxBytes, signal } = options;
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { headers, signal, ...(ca === undefined ? {} : { ca }) }, (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on('data', (part: Buffer) => {
        bytes += part.length;
        if (bytes > maxBytes) response.destroy(new Error(`${url} answers with more than ${maxBytes} bytes`));
        else parts.push(part);
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode!, body: Buffer.concat(parts) }));
    });
    outgoing.on('error', (error) => {
      // A connection kept from before may have been closed at its other end meanwhile: that is no answer.
      if (outgoing.reusedSocket && !signal.aborted) resolve(get(url, options));
      else reject(error);
    });
    outgoing.end();
  });
}

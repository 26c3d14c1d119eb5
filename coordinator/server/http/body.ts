/** The body of a request: a small JSON object, read without trusting any length that is told. */
import type { IncomingMessage } from 'node:http';

export const MAX_BODY_BYTES = 1024;

/** Undefined for what is too long or no JSON. An empty body is an empty object. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > MAX_BODY_BYTES) return undefined;
      parts.push(part);
    }
    return bytes === 0 ? {} : JSON.parse(Buffer.concat(parts).toString());
  } catch {
    return undefined;
  }
}

/** Who may do what, as far as a request's own address tells: the places where rights are decided. */
import type { IncomingMessage } from 'node:http';

/**
 * Whether a page of this coordinator asks, or no page at all: browsers always tell the page's origin,
 * and a page from elsewhere must not join, or act, in its visitor's name.
 */
export function isSameOrigin({ headers }: IncomingMessage): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}

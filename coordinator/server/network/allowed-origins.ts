/**
 * Pages of other sites that may contribute (`--allow-origin`): none, unless they are named. Such a page may open a
 * worker's WebSocket and fetch objects and engines. Nothing it asks for counts as its visitor's: cookies are not looked
 * at, since a page on another port of our own host would bring them, so that it has the rights of the token it shows.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { UserError } from '../../../shared/user-error.js';
import { isSameOrigin } from './origin.js';

export type AllowedOrigins = ReadonlySet<string>;

/** @param list origins with commas. @throws UserError for what is no origin, and for `*` */
export function allowedOrigins(list: string | undefined): AllowedOrigins {
  const origins = (list ?? '').split(',').map((entry) => entry.trim());
  return new Set(origins.filter(Boolean).map(checked));
}

function checked(text: string): string {
  if (text === '*')
    throw new UserError(
      '--allow-origin *: any page that somebody opens could make their browser compute: name the origins, as https://example.org',
      2,
    );
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url &&
    /^https?:$/.test(url.protocol) &&
    url.href === `${url.origin}/` &&
    text.replace(/\/$/, '') === url.origin
  )
    return url.origin;
  const instead = url && /^https?:$/.test(url.protocol) ? url.origin : 'https://example.org';
  throw new UserError(
    `--allow-origin ${text} is not an origin: give scheme, host and port alone, as ${instead}`,
    2,
  );
}

/** The origin of an allowed page elsewhere that asks; undefined: it is our own page, no page, or none that is allowed. */
export function allowedOriginOf(request: IncomingMessage, origins: AllowedOrigins): string | undefined {
  const { origin } = request.headers;
  return origin !== undefined && origins.has(origin) && !isSameOrigin(request) ? origin : undefined;
}

/** From now on the request brings nothing that its visitor's browser adds by itself. */
export function withoutCookies({ headers }: IncomingMessage): void {
  delete headers.cookie;
}

/** Lets the page read the answer, and ask with a token in a header. */
export function shareWith(origin: string, response: ServerResponse): void {
  response.setHeader('Access-Control-Allow-Origin', origin);
}

/** The answer to a browser that asks whether the page may send what it wants to send. */
export function answerPreflight(response: ServerResponse, methods: readonly string[]): void {
  response
    .writeHead(204, {
      'Access-Control-Allow-Methods': methods.join(', '),
      'Access-Control-Allow-Headers': 'Authorization',
      'Access-Control-Max-Age': 600,
    })
    .end();
}

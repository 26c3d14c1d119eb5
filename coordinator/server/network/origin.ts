/** Tells where a request comes from, by its headers and its address. */
import type { IncomingMessage } from 'node:http';
import { isLoopbackAddress } from './network-address.js';

/** Pages from elsewhere cannot send it without asking first, and are never answered yes. */
export const ADMIN_HEADER = 'x-swarmgrad-admin';

const FORWARDING_HEADERS = ['forwarded', 'x-forwarded-for', 'via'];
const LOOPBACK_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/;

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

/** Whether no page from elsewhere can have sent it: those cannot set the header without asking first. */
export function isOwnPage(request: IncomingMessage): boolean {
  return isSameOrigin(request) && request.headers[ADMIN_HEADER] !== undefined;
}

/**
 * If no tokens are asked for: whether the visitor may change the run, which takes a visitor on the same machine.
 * The name by which the machine was called counts too: a foreign name that was made to point here (DNS
 * rebinding) is no one of ours. Neither is what a proxy has passed on.
 */
export function mayAdminister(request: IncomingMessage): boolean {
  const { socket, headers } = request;
  return (
    isLoopbackAddress(socket.remoteAddress ?? '') &&
    LOOPBACK_HOST.test(headers.host ?? '') &&
    !FORWARDING_HEADERS.some((name) => headers[name] !== undefined) &&
    isSameOrigin(request)
  );
}

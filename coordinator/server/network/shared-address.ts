/**
 * Finds what hides the addresses of visitors: a container engine, or a proxy that is not named in the options. Limits and bans by address
 * then hold for all visitors together, so the operator must be told.
 */
import { existsSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';
import { isLoopback } from '../../../shared/protocol/loopback.js';
import { addressIn } from './network-address.js';

/** Signs of Docker, of Podman, and what Kubernetes sets in each container. */
export const isInContainer = (): boolean =>
  existsSync('/.dockerenv') ||
  existsSync('/run/.containerenv') ||
  process.env.KUBERNETES_SERVICE_HOST !== undefined;

/** The warning at the start; undefined if visitors' own addresses arrive, or no visitor comes from another machine. */
export function sharedAddressNote(
  { host, trustedProxy }: { host: string; trustedProxy?: string | undefined },
  inContainer: boolean,
): string | undefined {
  if (!inContainer || isLoopback(host) || trustedProxy !== undefined) return undefined;
  return "in a container: where its engine forwards the port itself, all visitors have its gateway's address, and limits and bans by address hold for all of them together (docs/deployment.md tells what to do)";
}

/** Networks in which proxies stand; who comes from elsewhere may write any header. */
const NEAR = ['loopback', 'private', 'uniqueLocal', 'linkLocal', 'carrierGradeNat'];

/** The address of what passes on requests of others, though no such proxy was named; undefined: none does. */
export function unnamedProxy(
  { socket, headers }: IncomingMessage,
  isProxy: (address: string) => boolean,
): string | undefined {
  if (headers['x-forwarded-for'] === undefined && headers.forwarded === undefined) return undefined;
  const address = addressIn(socket.remoteAddress ?? '');
  if (address === undefined || isProxy(socket.remoteAddress!)) return undefined;
  return NEAR.includes(ipaddr.process(address).range()) ? address : undefined;
}

/** @returns what looks at each request, and warns once of a proxy that passes on requests and was not named */
export function proxyWarning(
  isProxy: (address: string) => boolean,
  warn: ((text: string) => void) | undefined,
): (request: IncomingMessage) => void {
  let hasTold = false;
  return (request) => {
    const proxy = hasTold ? undefined : unnamedProxy(request, isProxy);
    if (proxy === undefined) return;
    hasTold = true;
    warn?.(
      `${proxy} passes on requests of others and is not in --trusted-proxy: all who come by it have one address, for limits and bans too; if it is your proxy, start with --trusted-proxy ${proxy}`,
    );
  };
}

/** Addresses of a coordinator, as others must write them. */
import { networkInterfaces } from 'node:os';
import { isLoopback } from '../../../shared/protocol/loopback.js';

const EVERY_ADDRESS = /^(0\.0\.0\.0|\[::\])$/;

/**
 * The one line by which another machine joins, or what keeps it from joining.
 * @param takesToken whether it must show one, which is never part of the line
 */
export function joinLine(url: string, takesToken = false, ownAddress = firstOwnAddress()): string {
  const { hostname, port, protocol, pathname } = new URL(url);
  const scheme = protocol === 'https:' ? 'wss' : 'ws';
  const host = EVERY_ADDRESS.test(hostname) ? (ownAddress ?? 'ADDRESS-OF-THIS-MACHINE') : hostname;
  const address = `${scheme}://${at(host, port)}${withoutSlash(pathname)}`;
  const command = `${takesToken ? 'SWARMGRAD_TOKEN=... ' : ''}npx swarmgrad worker ${address}`;
  if (isLoopback(hostname))
    return `join from this machine: ${command} (from others: start with --host 0.0.0.0)`;
  return `join from another machine: ${command}`;
}

/** A link that carries a token where servers and their logs never see it: after the #. */
export const linkWith = (page: string, token: string): string => `${page}#token=${token}`;

/** The server at an address that other machines can reach, if there is one. */
export function reachableByOthers(url: string, ownAddress = firstOwnAddress()): string {
  const { hostname, port, protocol, pathname } = new URL(url);
  const host = EVERY_ADDRESS.test(hostname) ? (ownAddress ?? 'localhost') : hostname;
  return `${protocol}//${at(host, port)}${withoutSlash(pathname)}`;
}

/** Where volunteers join with a browser. */
export const joinAddress = (url: string): string => `${reachableByOthers(url)}/join`;

/** Nothing can connect to "every address" on all platforms; every machine has its loopback. */
export function reachableLocally(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  const host = { '0.0.0.0': '127.0.0.1', '[::]': '[::1]' }[hostname] ?? hostname;
  return `${protocol}//${at(host, port)}`;
}

/** Removes trailing slashes: a reverse proxy may serve a coordinator under a path. */
const withoutSlash = (path: string): string => path.replace(/\/+$/, '');

/** Host and port, without the port if it is the protocol's default. */
const at = (host: string, port: string): string => (port === '' ? host : `${host}:${port}`);

function firstOwnAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

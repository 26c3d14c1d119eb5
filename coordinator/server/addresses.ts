/** Addresses of a coordinator, as others must write them. */
import { networkInterfaces } from 'node:os';

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const EVERY_ADDRESS = /^(0\.0\.0\.0|\[::\])$/;

/** The one line by which another machine joins, or what keeps it from joining. */
export function joinLine(url: string, ownAddress = firstOwnAddress()): string {
  const { hostname, port } = new URL(url);
  if (LOOPBACK.test(hostname)) {
    return `join from this machine: npx swarmgrad worker ws://${hostname}:${port} (from others: start with --host 0.0.0.0)`;
  }
  const host = EVERY_ADDRESS.test(hostname) ? (ownAddress ?? 'ADDRESS-OF-THIS-MACHINE') : hostname;
  return `join from another machine: npx swarmgrad worker ws://${host}:${port}`;
}

/** Where volunteers join with a browser: an address that other machines can reach, if there is one. */
export function joinAddress(url: string, ownAddress = firstOwnAddress()): string {
  const { hostname, port, protocol } = new URL(url);
  const host = EVERY_ADDRESS.test(hostname) ? (ownAddress ?? 'localhost') : hostname;
  return `${protocol}//${host}:${port}/join`;
}

/** Nothing can connect to "every address" on all platforms; every machine has its loopback. */
export function reachableLocally(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  const host = { '0.0.0.0': '127.0.0.1', '[::]': '[::1]' }[hostname] ?? hostname;
  return `${protocol}//${host}:${port}`;
}

function firstOwnAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

/** IP addresses as they are told, and what one of their owners has of them. The only place that reads them. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** `[ADDRESS]:PORT` or `IPv4:PORT`: some proxies tell the port as well, and each connection has its own. */
const WITH_PORT = /^\[([^\]]+)\](?::\d+)?$|^(\d+\.\d+\.\d+\.\d+):\d+$/;

/**
 * Undefined for what is no address, or none to either of both parsers: Node takes `::1.2.3.4` for one, which the library
 * throws at, and the library takes `1.2` for one.
 */
const parsed = (text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined =>
  isIP(text) !== 0 && ipaddr.isValid(text) ? ipaddr.process(text) : undefined;

/** The address in its shortest form, an IPv4 address within IPv6 as what it is; undefined for any other text. */
export function addressIn(text: string): string | undefined {
  const [, bracketed, dotted] = WITH_PORT.exec(text) ?? [];
  return parsed(bracketed ?? dotted ?? text)?.toString();
}

/**
 * By what visitors are told apart and counted: the address, and of IPv6 its first 64 bits. Providers hand out
 * networks of that size and larger ones: another address in one costs its owner nothing.
 */
export function networkOf(address: string): string {
  const known = parsed(address);
  if (!known) return address;
  if (known.kind() === 'ipv4') return known.toString();
  const groups = (known as ipaddr.IPv6).parts.slice(0, 4);
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`;
}

/** Whether it is this machine's own. */
export const isLoopbackAddress = (address: string): boolean => parsed(address)?.range() === 'loopback';

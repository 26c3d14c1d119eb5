/**
 * Who is at the far end of a request: by its connection, or, behind a reverse proxy that is trusted, by
 * what that proxy tells. From anyone else the same headers are only words.
 */
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import proxyAddress from 'proxy-addr';
import { messageOf, UserError } from '../../../shared/user-error.js';
import { addressIn } from './network-address.js';

export interface Clients {
  /** The visitor's IP address, in its shortest form; empty once its connection is gone. */
  addressOf(request: IncomingMessage): string;
  /** Whether the visitor's own connection is encrypted. */
  isSecure(request: IncomingMessage): boolean;
  /** Whether a client at this address is a trusted proxy that forwards requests. */
  isProxy(address: string): boolean;
  /** `https://HOST` as the visitor of a proxy calls it; undefined for who comes without one. */
  originOf(request: IncomingMessage): string | undefined;
}

const HOST = /^[\w.-]{1,253}(:\d{1,5})?$|^\[[\da-f:.]{2,45}\](:\d{1,5})?$/i;

/** @param trusted addresses and networks (CIDR) of proxies, with commas. @throws UserError */
export function clientsBehind(trusted: string | undefined): Clients {
  const isTrusted = compile(trusted);
  const isProxy = (address: string | undefined) => address !== undefined && isTrusted(address, 0);
  const comesByProxy = ({ socket }: IncomingMessage) => isProxy(socket.remoteAddress);
  const isSecure = (request: IncomingMessage) => {
    if ((request.socket as TLSSocket).encrypted) return true;
    const told = [request.headers['x-forwarded-proto'] ?? ''].flat().join().split(',').at(-1)!.trim();
    return told === 'https' && comesByProxy(request);
  };
  return {
    addressOf(request) {
      const { remoteAddress } = request.socket;
      if (remoteAddress === undefined) return '';
      // A proxy that tells no address is itself the one to be counted.
      return addressIn(proxyAddress(request, isTrusted) ?? '') ?? addressIn(remoteAddress) ?? remoteAddress;
    },
    isSecure,
    isProxy,
    originOf(request) {
      const { host = '' } = request.headers;
      if (!comesByProxy(request) || !HOST.test(host)) return undefined;
      return `${isSecure(request) ? 'https' : 'http'}://${host}`;
    },
  };
}

/** Everyone comes by themselves. */
export const DIRECT_CLIENTS = clientsBehind(undefined);

function compile(trusted: string | undefined): (address: string, at: number) => boolean {
  if (trusted === undefined) return () => false;
  try {
    return proxyAddress.compile(trusted.split(',').map((entry) => entry.trim()));
  } catch (error) {
    throw new UserError(
      `--trusted-proxy ${trusted}: ${messageOf(error)}; give addresses or networks, for example 127.0.0.1,10.0.0.0/8`,
      2,
    );
  }
}

/**
 * Reads a socket into one buffer that all sockets of this thread share, instead of into a new one of 64 KiB for each
 * read: that makes garbage as fast as data come, and its collection cost workers more than all else they did.
 *
 * Node documents this (`onread`) for sockets that it is asked to connect, not for those that a server accepts, nor
 * after a handshake. So this uses what is behind that option: three symbols that every socket has since Node 12,
 * and a method of its handle. All four are looked for; where one is missing, or the socket is of TLS, nothing is
 * changed, and its data come as `data` events.
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** So much is read at once: it stays in the cache of a processor until it is copied to where it belongs. */
export const READ_BYTES = 256 << 10;

const buffer = Buffer.allocUnsafeSlow(READ_BYTES);

interface Internals {
  [symbol: symbol]: unknown;
  _handle?: { useUserBuffer?(buffer: Buffer): void } | null;
}

/** @param read gets bytes that are valid until it returns. @returns whether this socket is read so from now on */
export function readInPlace(socket: Socket, read: (bytes: Buffer) => void): boolean {
  if (socket instanceof TLSSocket || socket.destroyed) return false;
  const internals = socket as unknown as Internals;
  const symbols = symbolsOf(socket);
  const handle = internals._handle;
  if (!symbols || typeof handle?.useUserBuffer !== 'function') return false;
  internals[symbols.buffer] = buffer;
  internals[symbols.callback] = (bytes: number) => {
    read(buffer.subarray(0, bytes));
    return true;
  };
  handle.useUserBuffer(buffer);
  return true;
}

/** @returns undefined where they are not there, or mean something already */
function symbolsOf(socket: Socket): { buffer: symbol; callback: symbol } | undefined {
  const own = Object.getOwnPropertySymbols(socket);
  const named = (name: string) =>
    own.find((symbol) => symbol.description === name && (socket as unknown as Internals)[symbol] === null);
  const [kept, callback, generator] = [named('kBuffer'), named('kBufferCb'), named('kBufferGen')];
  return kept && callback && generator && { buffer: kept, callback };
}

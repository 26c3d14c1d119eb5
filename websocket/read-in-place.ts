/**
 * Reads a socket to where its bytes belong, if that is known, and else into one buffer that all sockets of this thread
 * share, instead of into a new one of 64 KiB for each read: that makes garbage as fast as data come, and its collection
 * cost workers more than all else they did.
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
/** ...and so much where the header of a frame is expected: what of its body comes with it is copied, or held. */
const HEADER_READ_BYTES = 4 << 10;

const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
const forHeader = buffer.subarray(0, HEADER_READ_BYTES);

interface Internals {
  [symbol: symbol]: unknown;
  _handle?: { useUserBuffer?(buffer: Buffer): void } | null;
}

export interface Readings {
  /** Bytes that are valid until this returns. */
  read(bytes: Buffer): void;
  /** Where the bytes that come next belong; undefined: that is not known, or they are few. */
  room(): Uint8Array | undefined;
  /** Whether the header of a frame is expected, whose body may have a place. */
  isBetween(): boolean;
  /** So many bytes are there. */
  filled(bytes: number): void;
}

/** @returns whether this socket is read so from now on */
export function readInPlace(socket: Socket, readings: Readings): boolean {
  if (socket instanceof TLSSocket || socket.destroyed) return false;
  const internals = socket as unknown as Internals;
  const symbols = symbolsOf(socket);
  const handle = internals._handle;
  if (!symbols || typeof handle?.useUserBuffer !== 'function') return false;
  /** Where the next bytes belong, while they are read to there. */
  let place: Uint8Array | undefined;
  internals[symbols.buffer] = forHeader;
  internals[symbols.callback] = (bytes: number) => {
    if (place) readings.filled(bytes);
    else readings.read(buffer.subarray(0, bytes));
    return true;
  };
  // Asked after each read. The socket holds what this returns until it is asked again.
  internals[symbols.generator] = () => {
    place = readings.room();
    return place ?? (readings.isBetween() ? forHeader : buffer);
  };
  handle.useUserBuffer(forHeader);
  return true;
}

/** @returns undefined where they are not there, or mean something already */
function symbolsOf(socket: Socket): { buffer: symbol; callback: symbol; generator: symbol } | undefined {
  const own = Object.getOwnPropertySymbols(socket);
  const named = (name: string) =>
    own.find((symbol) => symbol.description === name && (socket as unknown as Internals)[symbol] === null);
  const [kept, callback, generator] = [named('kBuffer'), named('kBufferCb'), named('kBufferGen')];
  return kept && callback && generator && { buffer: kept, callback, generator };
}

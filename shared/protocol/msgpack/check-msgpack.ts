/**
 * Walks over MessagePack without building anything from it, before a parser may: a few bytes can announce
 * arrays of billions, nest without end, or name keys that every JavaScript object has. Linear in the bytes.
 */
import { MessageError } from './message-error.js';

/** Messages are a map of values and of lists of small maps. */
const MAX_DEPTH = 8;
const MAX_KEYS = 64;
const MAX_KEY_BYTES = 64;
/** In MessagePack all keys of ours are ASCII: what these are spelled with is one byte a letter. */
const POLLUTING = ['__proto__', 'constructor', 'prototype'].map((key) => ({
  key,
  bytes: Uint8Array.from(key, (letter) => letter.charCodeAt(0)),
}));

/** Bytes that follow the first one of a value of fixed size, by that first byte. */
const FIXED_BYTES: Record<number, number> = {
  ...{ 192: 0, 194: 0, 195: 0, 202: 4, 203: 8 },
  ...{ 204: 1, 205: 2, 206: 4, 207: 8, 208: 1, 209: 2, 210: 4, 211: 8 },
};
/** Bytes of the length of strings, binaries, arrays and maps. */
const LENGTH_BYTES: Record<number, 1 | 2 | 4> = {
  ...{ 217: 1, 218: 2, 219: 4, 196: 1, 197: 2, 198: 4 },
  ...{ 220: 2, 221: 4, 222: 2, 223: 4 },
};

type Kind = 'fixed' | 'bytes' | 'array' | 'map';

/** @throws MessageError for what is not one whole value, and for what no message of ours is */
export function checkMsgpack(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** Values still to come in each open array or map; in a map, keys count too. */
  const open: { left: number; isMap: boolean }[] = [];
  let at = 0;
  /** Values announced so far: each takes a byte at least, so there cannot be more than bytes. */
  let announced = 1;
  for (;;) {
    const isKey = open.length > 0 && open.at(-1)!.isMap && open.at(-1)!.left % 2 === 0;
    const { kind, length, next } = headOf(bytes, view, at);
    if (isKey) checkKey(bytes, kind, length, at, next);
    at = next;
    if (kind === 'bytes') at += length;
    if (at > bytes.length) throw new MessageError('not msgpack: it ends in the middle');
    if (open.length > 0) open.at(-1)!.left--;
    if (kind === 'array' || kind === 'map') {
      const values = kind === 'map' ? 2 * length : length;
      if (kind === 'map' && length > MAX_KEYS) throw new MessageError(`a map of ${length} keys`);
      announced += values;
      if (announced > bytes.length) throw new MessageError(`more values announced than there are bytes`);
      if (open.length === MAX_DEPTH) throw new MessageError(`nested deeper than ${MAX_DEPTH}`);
      open.push({ left: values, isMap: kind === 'map' });
    }
    while (open.length > 0 && open.at(-1)!.left === 0) open.pop();
    if (open.length === 0) break;
  }
  if (at !== bytes.length) throw new MessageError(`not msgpack: ${bytes.length - at} bytes too many`);
}

function headOf(bytes: Uint8Array, view: DataView, at: number): { kind: Kind; length: number; next: number } {
  const first = bytes[at];
  if (first === undefined) throw new MessageError('not msgpack: it ends in the middle');
  if (first < 0x80 || first >= 0xe0) return { kind: 'fixed', length: 0, next: at + 1 };
  if (first < 0x90) return { kind: 'map', length: first & 0x0f, next: at + 1 };
  if (first < 0xa0) return { kind: 'array', length: first & 0x0f, next: at + 1 };
  if (first < 0xc0) return { kind: 'bytes', length: first & 0x1f, next: at + 1 };
  const fixed = FIXED_BYTES[first];
  if (fixed !== undefined) return { kind: 'fixed', length: 0, next: at + 1 + fixed };
  const width = LENGTH_BYTES[first];
  if (width === undefined)
    throw new MessageError(`not msgpack: 0x${first.toString(16)} begins no value of a message`);
  const next = at + 1 + width;
  if (next > bytes.length) throw new MessageError('not msgpack: it ends in the middle');
  const length =
    width === 1 ? view.getUint8(at + 1) : width === 2 ? view.getUint16(at + 1) : view.getUint32(at + 1);
  const kind = first >= 0xde ? 'map' : first >= 0xdc ? 'array' : 'bytes';
  return { kind, length, next };
}

function checkKey(bytes: Uint8Array, kind: Kind, length: number, at: number, from: number): void {
  const isText = kind === 'bytes' && !(bytes[at]! >= 0xc4 && bytes[at]! <= 0xc6);
  if (!isText || length > MAX_KEY_BYTES) throw new MessageError('a key that is no short text');
  for (const { key, bytes: own } of POLLUTING)
    if (own.length === length && own.every((byte, i) => bytes[from + i] === byte))
      throw new MessageError(`the key ${key}`);
}

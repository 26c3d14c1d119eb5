/**
 * Messages and frames, made wrong in ways that a parser, or what stands behind it, might not expect. A function of
 * the generator alone: the same seed makes the same bytes.
 */
import '../../../shared/protocol/msgpack/no-native-msgpack.js';
import { Packr } from 'msgpackr';
import type { Random } from '../../../shared/numerics/random.js';
import { encode } from '../../../shared/protocol/codec.js';
import { HEADER_BYTES } from '../../../shared/protocol/frame.js';
import { frame, type Heard, honest, idle, TYPES } from './messages.js';

const packr = new Packr({ useRecords: false, variableMapSize: true });
const pack = (value: unknown): Uint8Array => Uint8Array.from(packr.pack(value));
const bytesOf = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);
const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));

/** How a list is drawn from. */
const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)]!;

const KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', 'type', '', 'π'];

/** Numbers at which something ends or turns. */
const NUMBERS = [
  ...[0, -0, -1, 1, 0.5, 2, 7, 8, 15, 16, 127, 128, 255, 256, 65_535, 65_536],
  ...[2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 1e300, -1e300, 5e-324],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
];

/** Values in MessagePack that no field has, and some that one may have. */
const ODD: ((random: Random) => Uint8Array)[] = [
  (random) => pack(pick(random, NUMBERS)),
  (random) => pack(pick(random, [null, true, false, '', 'join', 'x'.repeat(150), '9', '\u0000', '💥'])),
  (random) => pack('x'.repeat(random.below(6000))),
  (random) => pack(Array.from({ length: random.below(40) }, () => pick(random, NUMBERS))),
  (random) => pack(Object.fromEntries([[pick(random, KEYS.slice(3)), 1]])),
  // uint64 and int64, up to the largest.
  (random) => bytesOf(pick(random, [0xcf, 0xd3]), ...Array.from({ length: 8 }, () => random.below(256))),
  // Nested arrays, or maps, as deep as drawn.
  (random) => join(new Uint8Array(random.below(40)).fill(0x91), bytesOf(0xc0)),
  (random) => join(...Array(random.below(40)).fill(bytesOf(0x81, 0xa1, 0x61)), bytesOf(0xc0)),
  // More announced than comes.
  (random) =>
    bytesOf(pick(random, [0xdb, 0xdd, 0xdf, 0xc6]), ...Array.from({ length: 4 }, () => random.below(256))),
  // Binaries, extensions, the byte that is never used, text that is no UTF-8, float32.
  (random) => bytesOf(0xc4, 2, random.below(256), random.below(256)),
  (random) =>
    bytesOf(pick(random, [0xd4, 0xd5, 0xd6, 0xc7]), random.below(8), ...new Uint8Array(random.below(9))),
  () => bytesOf(0xc1),
  () => bytesOf(0xa3, 0xff, 0xfe, 0x80),
  (random) => bytesOf(0xca, ...Array.from({ length: 4 }, () => random.below(256))),
];

type Field = [key: Uint8Array, value: Uint8Array];

/** A message by its fields, which maps of JavaScript cannot hold twice or in any order. */
function mutateFields(message: object, random: Random): Uint8Array {
  const fields: Field[] = Object.entries(message).map(([key, value]) => [pack(key), pack(value)]);
  let counted = 0;
  for (let times = 1 + random.below(3); times > 0; times--) {
    const at = random.below(Math.max(1, fields.length));
    const field = fields[at] ?? [pack('a'), pack(1)];
    const odd = () => pick(random, ODD)(random);
    const kinds: (() => unknown)[] = [
      () => fields.splice(at, 1),
      () => fields.splice(at, 1, [field[0], odd()]),
      () => fields.splice(at, 1, [field[0], pack(pick(random, NUMBERS))]),
      () => fields.splice(at, 1, [pack(pick(random, KEYS)), field[1]]),
      () => fields.splice(random.below(fields.length + 1), 0, [pack(pick(random, KEYS)), odd()]),
      () => fields.push([field[0], random.below(2) ? field[1] : odd()]),
      () => fields.splice(at, 1, [odd(), field[1]]),
      () => fields.reverse(),
      () => {
        counted += random.below(5) - 2;
      },
    ];
    pick(random, kinds)();
  }
  return join(mapHead(Math.max(0, fields.length + counted), random), ...fields.flat());
}

/** Of any of the widths that hold the count. */
function mapHead(count: number, random: Random): Uint8Array {
  const widths = [bytesOf(0x80 + Math.min(count, 15)), bytesOf(0xde, count >> 8, count & 255)];
  return pick(random, [widths[0]!, widths[0]!, widths[1]!, bytesOf(0xdf, 0, 0, count >> 8, count & 255)]);
}

/** Bytes that were right, damaged without regard to what they mean. */
function damage(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1);
  const noise = Uint8Array.from({ length: 1 + random.below(8) }, () => random.below(256));
  switch (random.below(6)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return join(bytes, other);
    case 2:
      return join(bytes.subarray(0, at), other.subarray(random.below(other.length + 1)));
    case 3:
      return join(bytes.subarray(0, at), noise, bytes.subarray(at));
    case 4:
      return join(bytes, noise);
    default: {
      const flipped = bytes.slice();
      for (let times = 1 + random.below(8); times > 0 && flipped.length > 0; times--)
        flipped[random.below(flipped.length)]! ^= 1 << random.below(8);
      return flipped;
    }
  }
}

/** Frames with wrong headers, lengths, steps, nodes, chunks; with numbers that are none. */
function mutateFrame(heard: Heard, random: Random): Uint8Array {
  const bytes = frame(heard, random, random.below(heard.chunks));
  const view = new DataView(bytes.buffer);
  const near = (right: number) => pick(random, [right - 1, right + 1, 2 * right, right >> 1, 0, 2 ** 32 - 1]);
  switch (random.below(9)) {
    case 0:
      view.setUint8(0, pick(random, [0, 2, 3, 4, 0x7f]));
      break;
    case 1:
      view.setUint8(1, random.below(256));
      break;
    case 2:
      view.setUint16(2, random.below(2) ? near(view.getUint16(2, true)) : random.below(65_536), true);
      break;
    case 3:
      view.setUint32(4, random.below(2) ? near(view.getUint32(4, true)) : random.below(heard.chunks), true);
      break;
    case 4:
      view.setUint32(8, near(view.getUint32(8, true)), true);
      break;
    case 5:
      view.setUint32(12, near(view.getUint32(12, true)), true);
      break;
    case 6:
      // Header and length agree, and the chunk has another.
      return sized(bytes, pick(random, [0, 1, 3, 4, 4 * heard.elements - 4, 4 * heard.elements + 4, 65_536]));
    case 7:
      view.setFloat32(HEADER_BYTES, pick(random, [Number.NaN, Number.POSITIVE_INFINITY, -3e38]), true);
      break;
    default:
      return bytes.subarray(0, random.below(HEADER_BYTES));
  }
  return bytes;
}

function sized(bytes: Uint8Array, bodyBytes: number): Uint8Array {
  const other = new Uint8Array(HEADER_BYTES + bodyBytes);
  other.set(bytes.subarray(0, other.length));
  new DataView(other.buffer).setUint32(8, bodyBytes, true);
  return other;
}

function noise(random: Random): Uint8Array {
  const length = random.below(50) === 0 ? random.below(40_000) : random.below(200);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = random.below(256);
  return bytes;
}

/** One message as a hostile worker may send it. */
export function hostileMessage(heard: Heard, random: Random): Uint8Array {
  const any = () => honest(pick(random, TYPES), heard, random);
  const kind = random.below(100);
  if (kind < 50) return encode(idle(heard, random));
  if (kind < 58) return encode(any());
  if (kind < 75) return mutateFields(any(), random);
  if (kind < 83) return damage(encode(any()), random.below(2) ? encode(any()) : frame(heard, random), random);
  if (kind < 92) return mutateFrame(heard, random);
  if (kind < 95) return damage(frame(heard, random), encode(any()), random);
  return noise(random);
}

/** Bytes that are made to cost more than they are: told apart before anything is built from them. */
// Files of a project share their modules: the first to load msgpackr decides for all.
import './no-native-msgpack.js';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { decodeWorkerMessage, encode } from '../codec.js';
import type { Message } from '../messages.js';
import { checkMsgpack } from './check-msgpack.js';
import { MessageError } from './message-error.js';

const packr = new Packr({ useRecords: false, variableMapSize: true });
const bytes = (...parts: (number | number[])[]) => Uint8Array.from(parts.flat());
const u32 = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const text = (value: string) => [0xa0 + value.length, ...Buffer.from(value)];

const bombs: [string, Uint8Array, RegExp][] = [
  ['an array of four billion', bytes(0xdd, u32(0xffffffff)), /more values announced/],
  ['an array of thirty million', bytes(0xdd, u32(30_000_000)), /more values announced/],
  ['a map of four billion', bytes(0xdf, u32(0xffffffff)), /a map of 4294967295 keys/],
  [
    'arrays of a million in each other, in a megabyte',
    Uint8Array.from([
      ...Array(7)
        .fill([0xdd, ...u32(1_000_000)])
        .flat(),
      ...Array(1_000_000).fill(0xc0),
    ]),
    /more values announced/,
  ],
  ['a hundred thousand arrays in each other', new Uint8Array(100_000).fill(0x91), /nested deeper/],
  [
    'a hundred thousand maps in each other',
    bytes(
      Array(50_000)
        .fill([0x81, ...text('a')])
        .flat(),
    ),
    /nested deeper/,
  ],
  ['a text of four gigabytes', bytes(0xdb, u32(0xffffffff)), /ends in the middle/],
  [
    'a map of ten thousand keys',
    packr.pack(Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, 1]))),
    /a map of 10000 keys/,
  ],
  ['the key __proto__', bytes(0x81, text('__proto__'), 0x80), /the key __proto__/],
  ['the key constructor', bytes(0x81, text('constructor'), 0x80), /the key constructor/],
  ['the key prototype, deeper', bytes(0x81, text('a'), 0x81, text('prototype'), 0x01), /the key prototype/],
  ['a map as a key', bytes(0x81, 0x80, 0x01), /no short text/],
  ['a number as a key', bytes(0x81, 0x01, 0x01), /no short text/],
  ['a key of a kilobyte', bytes(0x81, 0xda, 0x04, 0x00, Array(1024).fill(0x61), 0x01), /no short text/],
  ['a date', packr.pack({ type: new Date(0) }), /0xd6 begins no value|0xd7 begins no value/],
  ['an extension of msgpackr', bytes(0x81, text('a'), 0xc7, 0x01, 0x73, 0x00), /0xc7 begins no value/],
  ['a record of msgpackr', bytes(0xd4, 0x72, 0x40, 0x91, text('a'), 0x01), /0xd4 begins no value/],
  ['bytes after the end', bytes(0x80, 0x80), /1 bytes too many/],
  ['nothing', new Uint8Array(0), /ends in the middle/],
];

describe('a message is refused before it is built:', () => {
  it.each(bombs)('%s', (_what, bomb, reason) => {
    const before = process.memoryUsage();
    expect(() => decodeWorkerMessage(bomb)).toThrow(MessageError);
    expect(() => decodeWorkerMessage(bomb)).toThrow(reason);
    const after = process.memoryUsage();
    // A list of thirty million alone would take 240 MB.
    expect(after.heapTotal + after.external - before.heapTotal - before.external).toBeLessThan(64 << 20);
  });

  it('and nothing that all objects have is changed', () => {
    for (const [, bomb] of bombs) expect(() => decodeWorkerMessage(bomb)).toThrow();
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('the walk over MessagePack', () => {
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 }),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.string({ maxLength: 70 }),
      fc.array(tie('value'), { maxLength: 20 }),
      fc.dictionary(
        fc.stringMatching(/^[a-zA-Z]{1,40}$/).filter((key) => key !== 'constructor' && key !== 'prototype'),
        tie('value'),
        { maxKeys: 20 },
      ),
    ),
  })).value;

  it('lets through whatever a message may hold', () => {
    fc.assert(fc.property(value, (one) => checkMsgpack(packr.pack(one))));
  });

  it('refuses every part of it', () => {
    fc.assert(
      fc.property(value, fc.nat(), (one, at) => {
        const packed = packr.pack(one);
        expect(() => checkMsgpack(packed.subarray(0, at % packed.length))).toThrow(MessageError);
      }),
    );
  });

  it('knows every kind of value by its first byte, and what follows it', () => {
    const [u8, u16] = [(value: number) => [value], (value: number) => [value >> 8, value & 255]];
    const filled = <T>(length: number, value: T): T[] => Array(length).fill(value);
    const whole: [string, number[]][] = [
      ...[0x00, 0x7f, 0xe0, 0xff, 0xc0, 0xc2, 0xc3].map((first): [string, number[]] => [
        `0x${first.toString(16)} alone`,
        [first],
      ]),
      ...Object.entries({ 204: 1, 205: 2, 206: 4, 207: 8, 208: 1, 209: 2, 210: 4, 211: 8 }).map(
        ([first, length]): [string, number[]] => [`the integer ${first}`, [+first, ...filled(length, 0xc1)]],
      ),
      ['a float', [0xca, ...filled(4, 0xc1)]],
      ['a double', [0xcb, ...filled(8, 0xc1)]],
      ['a short text', [0xbf, ...filled(31, 0xc1)]],
      ['a text of one byte of length', [0xd9, ...u8(200), ...filled(200, 0xc1)]],
      ['a text of two', [0xda, ...u16(300), ...filled(300, 0xc1)]],
      ['a text of four', [0xdb, ...u32(300), ...filled(300, 0xc1)]],
      ['bytes of one byte of length', [0xc4, ...u8(200), ...filled(200, 0xc1)]],
      ['bytes of two', [0xc5, ...u16(300), ...filled(300, 0xc1)]],
      ['bytes of four', [0xc6, ...u32(300), ...filled(300, 0xc1)]],
      ['a short list', [0x9f, ...filled(15, 0xc0)]],
      ['a list of two bytes of length', [0xdc, ...u16(300), ...filled(300, 0xc0)]],
      ['a list of four', [0xdd, ...u32(300), ...filled(300, 0xc0)]],
      ['a short map', [0x8f, ...filled(15, [...text('k'), 0xc0]).flat()]],
      ['a map of two bytes of length', [0xde, ...u16(20), ...filled(20, [...text('k'), 0xc0]).flat()]],
      ['a map of four', [0xdf, ...u32(20), ...filled(20, [...text('k'), 0xc0]).flat()]],
    ];
    for (const [what, value] of whole) {
      expect(() => checkMsgpack(bytes(value)), what).not.toThrow();
      expect(() => checkMsgpack(bytes(value.slice(0, -1))), `${what}, cut`).toThrow(MessageError);
      expect(() => checkMsgpack(bytes(value, 0xc0)), `${what}, and more`).toThrow(
        'not msgpack: 1 bytes too many',
      );
      // In the middle of a longer buffer.
      const [inside, place] = [bytes(0xc1, value, 0xc1), [1, 1 + value.length] as const];
      expect(() => checkMsgpack(inside.subarray(...place)), `${what}, inside`).not.toThrow();
    }
  });

  it('knows no other first byte', () => {
    for (const first of [0xc1, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8])
      expect(() => checkMsgpack(bytes(first, Array(32).fill(0)))).toThrow(
        `not msgpack: 0x${first.toString(16)} begins no value of a message`,
      );
  });

  it('takes what is as deep, as long and as wide as a message may be, and nothing more', () => {
    const nested = (depth: number) => bytes(Array(depth).fill(0x91), 0xc0);
    expect(() => checkMsgpack(nested(8))).not.toThrow();
    expect(() => checkMsgpack(nested(9))).toThrow('nested deeper than 8');
    const keys = (count: number) =>
      bytes(
        0xde,
        0,
        count,
        Array(count)
          .fill([...text('k'), 0xc0])
          .flat(),
      );
    expect(() => checkMsgpack(keys(64))).not.toThrow();
    expect(() => checkMsgpack(keys(65))).toThrow('a map of 65 keys');
    const key = (length: number) => bytes(0x81, 0xd9, length, Array(length).fill(0x61), 0xc0);
    expect(() => checkMsgpack(key(64))).not.toThrow();
    expect(() => checkMsgpack(key(65))).toThrow('a key that is no short text');
    expect(() => checkMsgpack(bytes(0x93, 0xc0, 0xc0))).toThrow('more values announced than there are bytes');
    for (const first of [0xc4, 0xc5, 0xc6])
      expect(() => checkMsgpack(bytes(0x81, first, 0, 0, 0, 0, 0, 0, 0))).toThrow(
        'a key that is no short text',
      );
  });

  it('takes in place of a value what it would not take in place of a key', () => {
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      expect(() => checkMsgpack(bytes(0x81, text('a'), text(name)))).not.toThrow();
      expect(() => checkMsgpack(bytes(0x82, text('a'), 1, text(name), 1))).toThrow(`the key ${name}`);
      expect(() => checkMsgpack(bytes(0x92, text(name), 0xc0))).not.toThrow();
    }
  });

  const decode = (bytes: Uint8Array) => {
    try {
      decodeWorkerMessage(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(MessageError);
    }
  };

  it('ends on any bytes, with nothing but a MessageError', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), decode), { numRuns: 2000 });
  });

  it('leaves nothing to the parser that it cannot read: a value of which some bytes have become others', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 });
    fc.assert(
      fc.property(value, changes, (one, changed) => {
        const packed = Uint8Array.from(packr.pack(one));
        for (const [at, byte] of changed) packed[at % packed.length] = byte;
        decode(packed);
      }),
      { numRuns: 2000 },
    );
  });

  it('knows our longest messages', () => {
    const longest: Message = {
      type: 'evaluated',
      ...{ version: 1, part: 0, samples: 4e9, loss: Number.NaN, metric: 0.5, computeMs: 1e12 },
      confusion: Array.from({ length: 500 * 500 }, (_, i) => i % 200),
      mistakes: Array.from({ length: 16 }, (_, record) => ({ record, predicted: 1, confidence: 0.5 })),
    };
    expect(decodeWorkerMessage(encode(longest))).toEqual(longest);
  });
});

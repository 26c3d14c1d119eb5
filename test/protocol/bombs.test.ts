/** Bytes that are made to cost more than they are: told apart before anything is built from them. */
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { checkMsgpack } from '../../shared/protocol/check-msgpack.js';
import { decodeWorkerMessage, encode } from '../../shared/protocol/codec.js';
import { MessageError } from '../../shared/protocol/message-error.js';
import type { Message } from '../../shared/protocol/messages.js';

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

  it('ends on any bytes, with nothing but a MessageError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (any) => {
        try {
          checkMsgpack(any);
        } catch (error) {
          expect(error).toBeInstanceOf(MessageError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('knows our longest messages', () => {
    const longest: Message = {
      type: 'evaluated',
      ...{ version: 1, part: 0, samples: 4e9, loss: Number.NaN, metric: 0.5, computeMs: 1e300 },
      confusion: Array.from({ length: 500 * 500 }, (_, i) => i % 200),
      mistakes: Array.from({ length: 16 }, (_, record) => ({ record, predicted: 1, confidence: 0.5 })),
    };
    expect(decodeWorkerMessage(encode(longest))).toEqual(longest);
  });
});

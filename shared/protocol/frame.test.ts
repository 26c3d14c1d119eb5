import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_ELEMENTS } from '../numerics/chunk-size.js';
import { CLOSE, closeText, mayRetry } from './close-codes.js';
import { decodeCoordinatorMessage, decodeWorkerMessage, encode } from './codec.js';
import {
  FRAME_AVERAGED_WEIGHTS,
  FRAME_CONTRIBUTION,
  FRAME_WEIGHTS,
  FrameError,
  HEADER_BYTES,
  isFrame,
  MAX_FRAME_BYTES,
  readFrame,
  writeHeader,
} from './frame.js';
import type { Lease, Message, WorkerMessage } from './messages.js';
import { MessageError } from './msgpack/message-error.js';

const frame = (body: number[], header = { node: 3, chunk: 2, step: 70_000 }) => {
  const message = new Uint8Array(HEADER_BYTES + 4 * body.length);
  writeHeader(message, { type: FRAME_WEIGHTS, ...header }, 4 * body.length);
  message.set(new Uint8Array(Float32Array.from(body).buffer), HEADER_BYTES);
  return message;
};

describe('a frame', () => {
  it('carries its header and float32 body unchanged', () => {
    const { body, ...header } = readFrame(frame([1.5, -2]));
    expect(header).toEqual({ type: FRAME_WEIGHTS, node: 3, chunk: 2, step: 70_000 });
    expect(new Float32Array(body.slice().buffer)).toEqual(Float32Array.of(1.5, -2));
  });

  it('has the little-endian layout that PROTOCOL.md tells', () => {
    expect(Array.from(frame([1]))).toEqual([
      2, 1, 3, 0, 2, 0, 0, 0, 4, 0, 0, 0, 0x70, 0x11, 1, 0, 0, 0, 0x80, 0x3f,
    ]);
  });

  it('tells by its dtype how it is coded', () => {
    const codings = [
      ['int8', FRAME_CONTRIBUTION, 2],
      ['bf16', FRAME_WEIGHTS, 5],
      ['delta8', FRAME_WEIGHTS, 6],
      ['delta4', FRAME_WEIGHTS, 7],
    ] as const;
    for (const [coding, type, dtype] of codings) {
      const message = new Uint8Array(HEADER_BYTES);
      writeHeader(message, { type, node: 0, chunk: 0, step: 1, coding }, 0);
      expect(message[1]).toBe(dtype);
      expect(readFrame(message).coding).toBe(coding);
    }
  });

  it('is known by its first byte, below that of any map of MessagePack', () => {
    expect(isFrame(frame([1]))).toBe(true);
    expect([0, 0x7f].map((first) => isFrame(Uint8Array.of(first)))).toEqual([true, true]);
    expect(isFrame(Uint8Array.of(0x80))).toBe(false);
    expect(isFrame(new Uint8Array(0))).toBe(false);
  });

  it('is of a contribution, of weights, or of their average, and may have no body', () => {
    for (const type of [FRAME_CONTRIBUTION, FRAME_WEIGHTS, FRAME_AVERAGED_WEIGHTS] as const) {
      const message = new Uint8Array(HEADER_BYTES);
      writeHeader(message, { type, node: 65_535, chunk: 2 ** 32 - 1, step: 2 ** 32 - 1 }, 0);
      expect(readFrame(message)).toEqual({
        ...{ type, node: 65_535, chunk: 2 ** 32 - 1, step: 2 ** 32 - 1 },
        body: new Uint8Array(0),
      });
    }
    expect([FRAME_CONTRIBUTION, FRAME_WEIGHTS, FRAME_AVERAGED_WEIGHTS]).toEqual([1, 2, 3]);
  });

  it('is read and written where it lies, in the middle of a longer buffer, without a copy', () => {
    const buffer = new Uint8Array(64).fill(0xff);
    const place = buffer.subarray(8, 8 + HEADER_BYTES + 4);
    writeHeader(place, { type: FRAME_WEIGHTS, node: 1, chunk: 2, step: 3 }, 4);
    const { body, ...header } = readFrame(place);
    expect(header).toEqual({ type: FRAME_WEIGHTS, node: 1, chunk: 2, step: 3 });
    expect([body.buffer, body.byteOffset, body.length]).toEqual([buffer.buffer, 8 + HEADER_BYTES, 4]);
    expect([...buffer.subarray(0, 8), ...buffer.subarray(24)].every((byte) => byte === 0xff)).toBe(true);
  });

  it('has at most the bytes of a full chunk', () => {
    expect(MAX_FRAME_BYTES).toBe(16 + 4 * CHUNK_ELEMENTS);
  });

  it.each([
    ['is too short', frame([1]).subarray(0, 15), /^a frame has at least 16 bytes, this one 15$/],
    ['is cut', frame([1]).subarray(0, 18), /^the header says 4 bytes of body, the frame has 2$/],
    ['has an unknown type', frame([1]).fill(9, 0, 1), /unknown frame type 0x9/],
    ['has an unknown dtype', frame([1]).fill(9, 1, 2), /unknown dtype 9/],
    ['codes weights as gradients are', frame([1]).fill(2, 1, 2), /unknown dtype 2/],
    ['codes gradients as weights are', frame([1]).fill(1, 0, 1).fill(7, 1, 2), /unknown dtype 7/],
    ['codes an average', frame([1]).fill(3, 0, 1).fill(5, 1, 2), /unknown dtype 5/],
  ])('that %s is refused with the reason', (_, bytes, reason) => {
    expect(() => readFrame(bytes)).toThrow(FrameError);
    expect(() => readFrame(bytes)).toThrow(reason);
  });
});

describe('a control message', () => {
  const messages: Message[] = [
    { type: 'join', protocol: 2, name: 'a', kind: 'node' },
    { type: 'heartbeat' },
    { type: 'contribution', step: 1, node: 2, samples: 3, loss: NaN, metric: 1, computeMs: 1, waitMs: 0 },
    { type: 'lease', step: 1, epoch: 0, node: 1, firstShard: 0, bounds: [0, 8], fromChunk: 0, window: 8 },
  ];

  it('survives encoding and decoding, and is never taken for a frame', () => {
    for (const message of messages) {
      const bytes = encode(message);
      expect(isFrame(bytes)).toBe(false);
      const decode = message.type === 'lease' ? decodeCoordinatorMessage : decodeWorkerMessage;
      expect(decode(bytes)).toEqual(message);
    }
  });

  it('of the other direction is refused', () => {
    expect(() => decodeWorkerMessage(encode(messages[3] as Lease))).toThrow(MessageError);
    expect(() => decodeCoordinatorMessage(encode(messages[0] as WorkerMessage))).toThrow(MessageError);
  });

  it('that is wrong is refused with the field that is wrong', () => {
    const wrong = { ...messages[0], kind: 'toaster' } as unknown as Message;
    expect(() => decodeWorkerMessage(encode(wrong))).toThrow(/join: field kind/);
    const huge = { ...messages[2], node: 1e9 } as unknown as Message;
    expect(() => decodeWorkerMessage(encode(huge))).toThrow(/contribution: field node/);
  });

  it('of random bytes is refused with a MessageError and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeWorkerMessage(bytes)).toThrow(MessageError);
      }),
    );
  });
});

describe('close codes', () => {
  it('are distinct and in the range that WebSocket leaves to applications', () => {
    const codes = Object.values(CLOSE).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.every((code) => code >= 4000 && code < 5000)).toBe(true);
  });

  it('tell whether coming back can help; an unknown code says yes', () => {
    expect(mayRetry(CLOSE.finished.code)).toBe(false);
    expect(mayRetry(CLOSE.silent.code)).toBe(true);
    expect(mayRetry(1006)).toBe(true);
  });

  it('carry a reason of at most 123 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        expect(new TextEncoder().encode(closeText(text)).length).toBeLessThanOrEqual(123);
      }),
    );
  });
});

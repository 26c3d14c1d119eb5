import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLOSE, closeText, mayRetry } from '../../shared/protocol/close-codes.js';
import { decodeCoordinatorMessage, decodeWorkerMessage, encode } from '../../shared/protocol/codec.js';
import {
  FRAME_WEIGHTS,
  FrameError,
  HEADER_BYTES,
  isFrame,
  readFrame,
  writeHeader,
} from '../../shared/protocol/frame.js';
import { MessageError } from '../../shared/protocol/message-error.js';
import type { Lease, Message, WorkerMessage } from '../../shared/protocol/messages.js';

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

  it.each([
    ['is too short', frame([1]).subarray(0, 15), /at least 16 bytes/],
    ['is cut', frame([1]).subarray(0, 18), /header says 4 bytes/],
    ['has an unknown type', frame([1]).fill(9, 0, 1), /unknown frame type 0x9/],
    ['has an unknown dtype', frame([1]).fill(7, 1, 2), /unknown dtype 7/],
  ])('that %s is refused with the reason', (_, bytes, reason) => {
    expect(() => readFrame(bytes)).toThrow(FrameError);
    expect(() => readFrame(bytes)).toThrow(reason);
  });
});

describe('a control message', () => {
  const messages: Message[] = [
    { type: 'join', protocol: 1, name: 'a', kind: 'node' },
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

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bfloat16Code } from '../../shared/numerics/codec/weights/bfloat16-code.js';
import { ChangeCode } from '../../shared/numerics/codec/weights/change-code.js';
import { layoutOf } from '../../shared/numerics/layout.js';
import { FRAME_WEIGHTS, type Frame, FrameError } from '../../shared/protocol/frame.js';
import { WeightsInbox } from './weights-inbox.js';

/** Two chunks, the second of three elements. */
const LAYOUT = layoutOf([{ name: 'weights', shape: [19], trainable: true }], 16);
const CHUNKS = LAYOUT.chunks;

function frame(version: number, chunk: number, value = version): Frame {
  const { start, end } = LAYOUT.range(chunk);
  const body = new Uint8Array(new Float32Array(end - start).fill(value).buffer);
  return { type: FRAME_WEIGHTS, node: 0, chunk, step: version, body };
}

function newInbox() {
  let allocated = 0;
  const inbox = new WeightsInbox(LAYOUT, (elements) => {
    allocated++;
    // Not at the start of its buffer, as in shared memory.
    return new Float32Array(new ArrayBuffer(4 * elements + 64), 64, elements);
  });
  return { inbox, allocated: () => allocated };
}

const holds = (inbox: WeightsInbox, value: number) => inbox.weights.every((weight) => weight === value);

describe('the inbox of weights', () => {
  it('has no version before the first is whole', () => {
    const { inbox } = newInbox();
    expect(inbox.version).toBe(-1);
    expect(inbox.add(frame(0, 0))).toBe(false);
    expect(inbox.version).toBe(-1);
    expect(inbox.add(frame(0, 1))).toBe(true);
    expect(inbox.version).toBe(0);
    expect(holds(inbox, 0)).toBe(true);
  });

  it('holds a version unchanged until the next is whole, in two buffers for ever', () => {
    const { inbox, allocated } = newInbox();
    for (let version = 0; version < 10; version++) {
      for (let chunk = 0; chunk < CHUNKS; chunk++) {
        if (version > 0) expect(holds(inbox, version - 1)).toBe(true);
        expect(inbox.add(frame(version, chunk))).toBe(chunk === CHUNKS - 1);
      }
      expect(inbox.version).toBe(version);
      expect(holds(inbox, version)).toBe(true);
    }
    expect(allocated()).toBe(2);
  });

  it('goes on with a newer version where the sender has skipped the rest of one', () => {
    const { inbox } = newInbox();
    inbox.add(frame(3, 0));
    expect(inbox.add(frame(7, 0))).toBe(false);
    expect(inbox.add(frame(7, 1))).toBe(true);
    expect(inbox.version).toBe(7);
    expect(holds(inbox, 7)).toBe(true);
  });

  it('takes no notice of versions that it has or that are past', () => {
    const { inbox } = newInbox();
    for (const chunk of [0, 1]) inbox.add(frame(5, chunk));
    for (const version of [4, 5]) expect(inbox.add(frame(version, 0, 99))).toBe(false);
    expect(holds(inbox, 5)).toBe(true);
  });

  it('refuses a chunk out of order, and one of another size', () => {
    const { inbox } = newInbox();
    expect(() => inbox.add(frame(0, 1))).toThrow(FrameError);
    inbox.add(frame(1, 0));
    expect(() => inbox.add(frame(1, 0))).toThrow('expected chunk 1');
    expect(() => inbox.add({ ...frame(1, 1), body: new Uint8Array(16) })).toThrow(
      'weights: chunk 1 of 16 bytes, expected chunk 1',
    );
    expect(() => inbox.add({ ...frame(2, 0), chunk: 2 ** 31 })).toThrow(FrameError);
    expect(() => inbox.add({ ...frame(2, 0), coding: 'bf16' })).toThrow(
      'weights: bf16 where float32 was expected',
    );
  });

  it('holds what coded chunks say, where the run codes them, and refuses others', () => {
    const layout = layoutOf([{ name: 'kernel', shape: [400], trainable: true }], 300);
    const code = new Bfloat16Code(layout);
    const inbox = new WeightsInbox(layout, (elements) => new Float32Array(elements), code);
    const values = Float32Array.from({ length: 400 }, (_, i) => Math.sin(i));
    const expected = values.slice();
    const coded = layout.mapChunks((chunk) => {
      const { start, end } = layout.range(chunk);
      code.round(chunk, values.subarray(start, end), expected.subarray(start, end));
      return {
        ...frame(4, 0),
        chunk,
        coding: code.coding,
        body: code.encode(chunk, values.subarray(start, end)),
      };
    });
    const head = { ...coded[0]!, bodyBytes: 4 * 300 };
    expect(inbox.place(head)).toBeUndefined();
    expect(coded.map((part) => inbox.add(part))).toEqual([false, true]);
    expect(inbox.weights).toEqual(expected);
    expect(() => inbox.add(frame(5, 0))).toThrow('weights: float32 where bf16 was expected');
    expect(() => inbox.add({ ...coded[0]!, step: 6, body: new Uint8Array(1200) })).toThrow(
      'chunk 0 of 1200 bytes',
    );
  });
});

describe('the inbox of changes', () => {
  const layout = layoutOf([{ name: 'kernel', shape: [400], trainable: true }], 300);
  const code = new ChangeCode('delta4', layout);
  const whole = (version: number, chunk: number): Frame => ({
    ...frame(version, 0),
    chunk,
    body: new Uint8Array(new Float32Array([300, 100][chunk]!).fill(1).buffer),
  });
  const change = (version: number, chunk: number, body = new Uint8Array(code.bytes(chunk))): Frame => ({
    ...whole(version, chunk),
    coding: 'delta4',
    body,
  });
  /** Holds ones, of version 3. */
  function holding() {
    const inbox = new WeightsInbox(layout, (elements) => new Float32Array(elements), code);
    for (const chunk of [0, 1]) inbox.add(whole(3, chunk));
    return inbox;
  }

  it('begins with a whole version, and refuses a change of what it does not hold', () => {
    const empty = new WeightsInbox(layout, (elements) => new Float32Array(elements), code);
    expect(() => empty.add(change(4, 0))).toThrow('a change of version 3, where -1 is held');
    expect(() => holding().add(change(5, 0))).toThrow('a change of version 4, where 3 is held');
    const inbox = holding();
    expect([0, 1].map((chunk) => inbox.add(change(4, chunk)))).toEqual([false, true]);
    expect([inbox.version, holds(inbox, 1)]).toEqual([4, true]);
  });

  it('refuses another code, and a version that goes on as it has not begun', () => {
    expect(() => holding().add({ ...change(4, 0), coding: 'delta8' })).toThrow(
      'weights: delta8 where delta4 was expected',
    );
    const [changed, sent] = [holding(), holding()];
    changed.add(change(4, 0));
    expect(() => changed.add(whole(4, 1))).toThrow('weights: float32 where delta4 was expected');
    sent.add(whole(4, 0));
    expect(() => sent.add(change(4, 1))).toThrow('weights: delta4 where float32 was expected');
  });

  it('takes all of a later version in place of the rest of a change', () => {
    const inbox = holding();
    inbox.add(change(4, 0));
    for (const chunk of [0, 1]) inbox.add(whole(20, chunk));
    expect(inbox.version).toBe(20);
    expect(inbox.add(change(21, 0))).toBe(false);
  });

  it('refuses what no sender has written, and holds what it held, whatever the bytes', () => {
    const bytes = fc.uint8Array({ minLength: code.bytes(0), maxLength: code.bytes(0) });
    const scale = fc.constantFrom(0, 0x7fc0, 0x3f80, 0x7f80, 0x7fff, 1, 0x8000, 0xffff);
    const bodies = fc.tuple(bytes, scale, fc.boolean()).map(([body, every, isRandom]) => {
      if (!isRandom) new Uint16Array(body.buffer, body.byteOffset, 5).fill(every);
      return body;
    });
    let refused = 0;
    fc.assert(
      fc.property(bodies, (body) => {
        const inbox = holding();
        const expected = new Float32Array(300);
        const isRight = code.decode(0, body, inbox.weights.subarray(0, 300), expected);
        if (isRight) {
          inbox.add(change(4, 0, body));
          inbox.add(change(4, 1));
          expect(inbox.weights.subarray(0, 300)).toEqual(expected);
          return;
        }
        refused++;
        expect(() => inbox.add(change(4, 0, body))).toThrow('a scale or a code that delta4 does not have');
        expect([inbox.version, holds(inbox, 1)]).toEqual([3, true]);
      }),
    );
    expect(refused).toBeGreaterThan(0);
  });
});

import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../layout.js';
import { Random } from '../../random.js';
import { ChangeCode } from './change-code.js';

/** Three chunks: biases before and between two kernels, and statistics at the end, cut within the second kernel. */
const LAYOUT = layoutOf(
  [
    { name: 'shift', shape: [2], trainable: true },
    { name: 'kernel', shape: [257], trainable: true },
    { name: 'bias', shape: [3], trainable: true },
    { name: 'wide', shape: [256], trainable: true },
    { name: 'variance', shape: [300], trainable: false },
  ],
  302,
);
const WIDE = 262;
const isCoded = (at: number) => (at >= 2 && at < 259) || (at >= WIDE && at < 518);
/** The second kernel changes less: scales of one are none of the other. */
const largest = (at: number) => (at < WIDE ? 0.01 : 0.002);
const random = new Random(3);
const held = Float32Array.from({ length: LAYOUT.total }, () => random.between(-1, 1));
const wanted = held.map((value, at) => value + random.between(-1, 1) * largest(at));

const parts = (all: Float32Array) =>
  LAYOUT.mapChunks((chunk) => all.subarray(LAYOUT.range(chunk).start, LAYOUT.range(chunk).end));

describe.each(['delta8', 'delta4'] as const)('weights as changes, %s', (coding) => {
  const code = new ChangeCode(coding, LAYOUT);
  const levels = coding === 'delta8' ? 127 : 7;
  const encoded = () => {
    const into = new Float32Array(LAYOUT.total);
    const bodies = parts(wanted).map((part, chunk) =>
      code.encode(chunk, part, parts(held)[chunk]!, parts(into)[chunk]!),
    );
    return { into, bodies };
  };

  it('come near where they are many and trained, and as they are elsewhere', () => {
    const { into } = encoded();
    for (const [at, value] of wanted.entries()) {
      if (!isCoded(at)) expect(into[at]).toBe(value);
      // Half a scale, and a scale is little more than the largest change by the levels.
      else expect(Math.abs(into[at]! - value)).toBeLessThan(0.51 * (largest(at) / levels) * (1 + 1 / 64));
    }
    expect(into).not.toEqual(wanted);
  });

  it('have the length of floats, scales and codes, and decode to what the sender holds wherever the bytes lie', () => {
    const { into, bodies } = encoded();
    // 257 and 40 in the first chunk, 216 in the second, none in the last.
    const runs = [[257, 40], [216], []];
    for (const [chunk, body] of bodies.entries()) {
      const bytes = runs[chunk]!.map(
        (run) => 2 * Math.ceil(run / 64) + (coding === 'delta8' ? run : Math.ceil(run / 2)),
      );
      const codes = runs[chunk]!.reduce((sum, run) => sum + run, 0);
      const raw = parts(wanted)[chunk]!.length - codes;
      expect(body).toHaveLength(4 * raw + bytes.reduce((sum, count) => sum + count, 0));
      expect(code.bytes(chunk)).toBe(body.length);
      for (const offset of [0, 1, 2, 4]) {
        const buffer = new Uint8Array(offset + body.length + 3);
        buffer.set(body, offset);
        const back = new Float32Array(parts(wanted)[chunk]!.length);
        const there = buffer.subarray(offset, offset + body.length);
        expect(code.decode(chunk, there, parts(held)[chunk]!, back)).toBe(true);
        expect(back).toEqual(parts(into)[chunk]);
      }
    }
  });

  it('are refused where a byte is half used and the other half is not zero', () => {
    const { bodies } = encoded();
    const [body] = bodies;
    // The last byte of the first run of 257.
    body![body!.length - 40 / 2 - 1]! |= 0x10;
    const back = new Float32Array(302);
    const isRight = code.decode(0, body!, parts(held)[0]!, back);
    if (coding === 'delta4') expect(isRight).toBe(false);
    else expect(isRight).toBe(true);
  });
});

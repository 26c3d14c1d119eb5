import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../layout.js';
import { Bfloat16Code } from './bfloat16-code.js';

/** Two chunks: a bias between two kernels, and statistics at the end, cut at 300. */
const LAYOUT = layoutOf(
  [
    { name: 'kernel', shape: [257], trainable: true },
    { name: 'bias', shape: [3], trainable: true },
    { name: 'wide', shape: [256], trainable: true },
    { name: 'variance', shape: [300], trainable: false },
  ],
  300,
);
const isCoded = (at: number) => at < 257 || (at >= 260 && at < 516);

/** What no bfloat16 is. */
const values = Float32Array.from({ length: LAYOUT.total }, (_, i) => 1 + (i + 1) * 2 ** -12);

function plainRounded(value: number): number {
  // 8 significant bits.
  const unit = 2 ** (Math.floor(Math.log2(value)) - 7);
  const [low, high] = [Math.floor(value / unit), Math.ceil(value / unit)];
  if (value / unit - low !== high - value / unit) return Math.round(value / unit) * unit;
  return (low % 2 === 0 ? low : high) * unit;
}

describe('weights in bfloat16', () => {
  const code = new Bfloat16Code(LAYOUT);
  const chunksOf = (all: Float32Array) =>
    LAYOUT.mapChunks((chunk) => all.subarray(LAYOUT.range(chunk).start, LAYOUT.range(chunk).end));

  it('are rounded where they are many and trained, and come as they are elsewhere', () => {
    const into = new Float32Array(LAYOUT.total);
    const places = chunksOf(into);
    for (const [chunk, part] of chunksOf(values).entries()) code.round(chunk, part, places[chunk]!);
    expect([...into]).toEqual([...values].map((value, at) => (isCoded(at) ? plainRounded(value) : value)));
  });

  it('travel in two bytes each, the others in four, and are decoded wherever the bytes lie', () => {
    for (const [chunk, part] of chunksOf(values).entries()) {
      const body = code.encode(chunk, part);
      const { start, end } = LAYOUT.range(chunk);
      const coded = Array.from({ length: end - start }, (_, i) => isCoded(start + i)).filter(Boolean).length;
      expect([body.length, code.bytes(chunk)]).toEqual(Array(2).fill(4 * (end - start) - 2 * coded));
      const expected = new Float32Array(end - start);
      code.round(chunk, part, expected);
      for (const offset of [0, 1, 2, 4]) {
        const buffer = new Uint8Array(offset + body.length + 3);
        buffer.set(body, offset);
        const into = new Float32Array(end - start);
        code.decode(chunk, buffer.subarray(offset, offset + body.length), into);
        expect(into).toEqual(expected);
      }
    }
  });
});

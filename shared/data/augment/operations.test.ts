import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Random } from '../../numerics/random.js';
import { OPERATIONS } from './operations.js';
import { sineOf } from './rotate.js';

interface Case {
  operation: string;
  value: number | null;
  draws: number[];
  result: number[];
}
const file = new URL('./fixtures/torchvision-pictures.json', import.meta.url);
const { shape, picture, cases }: { shape: [number, number, number]; picture: number[]; cases: Case[] } =
  JSON.parse(readFileSync(file, 'utf8'));
const [height, width, channels] = shape;

/** Gives what a case says, in order, in place of chance. */
class Drawn extends Random {
  constructor(private readonly draws: number[]) {
    super(0);
  }
  override below(n: number): number {
    const draw = this.draws.shift()!;
    expect(draw).toBeLessThan(n);
    return draw;
  }
}

function changed<T extends Uint8Array | Float32Array>(values: T, { operation, value, draws }: Case): T {
  const scratch = values.slice() as T;
  const random = new Drawn([...draws]);
  const row = OPERATIONS.find(({ name }) => name === operation)!;
  row.make(value ?? NaN)(values, scratch, { height, width, channels }, random);
  return values;
}

const furthest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

/** How far values may be from torchvision's, of 255: where it rounds otherwise, or reckons positions in float32. */
const TOLERANCE: Record<string, number> = { flip: 0, crop: 0, cutout: 0, brightness: 1, rotate: 2 };

describe.each(OPERATIONS.map(({ name }) => name))('%s', (name) => {
  const own = cases.filter(({ operation }) => operation === name);

  it('makes of bytes what torchvision makes of them', () => {
    expect(own.length).toBeGreaterThan(1);
    for (const one of own) {
      const result = changed(Uint8Array.from(picture), one);
      expect(furthest(result, one.result), JSON.stringify(one.draws)).toBeLessThanOrEqual(TOLERANCE[name]!);
    }
  });

  it('makes the same of float32 values, but for the rounding', () => {
    for (const one of own) {
      if (name === 'brightness') continue;
      const result = changed(Float32Array.from(picture), one);
      expect(furthest(result, one.result)).toBeLessThanOrEqual(TOLERANCE[name]!);
    }
  });
});

describe('brightness of float32 values', () => {
  it('multiplies them, and cuts nothing off', () => {
    const values = Float32Array.from([-1.5, 0, 0.25, 300]);
    OPERATIONS.find(({ name }) => name === 'brightness')!.make(0.5)(
      values,
      values.slice(),
      { height: 2, width: 2, channels: 1 },
      new Drawn([65536]),
    );
    expect([...values]).toEqual([-2.25, 0, 0.375, 450]);
  });
});

describe('the sine of a rotation', () => {
  it('is that of mathematics, to a 65536th', () => {
    for (let tenths = -1800; tenths <= 2700; tenths++)
      expect(Math.abs(sineOf(tenths) - 65536 * Math.sin((tenths * Math.PI) / 1800))).toBeLessThan(0.501);
  });
});

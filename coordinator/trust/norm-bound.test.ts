import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NormBound, sizeOf } from './norm-bound.js';

const of = (...sizes: number[]) => sizes.map((size, at) => ({ identity: `worker ${at}`, size }));
const boundAfter = (...norms: number[]) => {
  const bound = new NormBound();
  for (const norm of norms) bound.stepped(norm);
  return bound;
};

describe('the size of a contribution', () => {
  it('is the norm of the mean gradient where it is a whole step', () => {
    // A sum of norm 80 over 16 samples has a mean of norm 5.
    expect(sizeOf(80, 16, 16)).toBe(5);
  });

  it('is the same for every part of a step whose samples are independent: their sum grows with its root', () => {
    const samples = fc.integer({ min: 1, max: 1000 });
    fc.assert(
      fc.property(samples, (part) => {
        expect(sizeOf(Math.sqrt(part), part, 1000)).toBeCloseTo(1 / Math.sqrt(1000), 12);
      }),
    );
  });
});

describe('the bound', () => {
  it('is none while there is nothing to measure by', () => {
    expect(boundAfter().limit([])).toBe(Number.POSITIVE_INFINITY);
    expect(boundAfter().limit(of(1, 1))).toBe(Number.POSITIVE_INFINITY);
    expect(boundAfter().hasHistory).toBe(false);
    expect(boundAfter().usual).toBe(0);
  });

  it('is ten times the median of the latest steps', () => {
    const bound = boundAfter(1, 2, 300);
    expect(bound.hasHistory).toBe(true);
    expect(bound.usual).toBe(2);
    expect(bound.limit([])).toBe(20);
  });

  it('forgets all but the latest 32 steps', () => {
    // 17 of 33 were large: without the first one, it is half of them.
    const large = Array.from({ length: 17 }, () => 100);
    const small = Array.from({ length: 16 }, () => 1);
    expect(boundAfter(...large, ...small.slice(1)).usual).toBe(100);
    expect(boundAfter(...large, ...small).usual).toBe(50.5);
  });

  it('is ten times the median of this step, once three workers have contributed to it', () => {
    expect(boundAfter(1).limit(of(5, 6))).toBe(10);
    expect(boundAfter(1).limit(of(5, 6, 7))).toBe(60);
    expect(boundAfter().limit(of(5, 6, 7))).toBe(60);
  });

  it('is not raised by many contributions of two workers', () => {
    const many = Array.from({ length: 20 }, (_, at) => ({ identity: `worker ${at % 2}`, size: 100 }));
    expect(boundAfter(1).limit(many)).toBe(10);
  });

  it('is the larger of the two', () => {
    expect(boundAfter(9).limit(of(1, 1, 1))).toBe(90);
  });

  it('is none where all gradients so far were 0', () => {
    expect(boundAfter(0, 0).limit(of(0, 0, 0))).toBe(Number.POSITIVE_INFINITY);
    expect(boundAfter(0, 0).limit(of(0, 2, 2))).toBe(20);
  });

  it('does not look at a step of thousands for a size that the steps before allow', () => {
    let looks = 0;
    const step = () => {
      looks++;
      return of(5, 6, 7);
    };
    expect(boundAfter(1).limitFor(10, step)).toBe(10);
    expect(looks).toBe(0);
    expect(boundAfter(1).limitFor(10.1, step)).toBe(60);
    expect(boundAfter().limitFor(1, step)).toBe(60);
    // Zeros allow nothing, and forbid nothing.
    expect(boundAfter(0).limitFor(0, () => of(0, 0, 0))).toBe(Number.POSITIVE_INFINITY);
    expect(looks).toBe(2);
  });
});

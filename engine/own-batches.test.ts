import { expect, it } from 'vitest';
import { OwnBatches } from './own-batches.js';

it('copies what threads share into memory of its own, and lets be what is its own', () => {
  const own = new OwnBatches();
  const y = Int32Array.of(7);
  const shared = (...values: number[]) => {
    const x = new Float32Array(new SharedArrayBuffer(4 * values.length));
    x.set(values);
    return { count: 1, x, y };
  };
  const [first, second] = [own.of(shared(1, 2), 0), own.of(shared(3, 4), 1)];
  expect([...first.x, ...second.x]).toEqual([1, 2, 3, 4]);
  expect(first.x.buffer).toBeInstanceOf(ArrayBuffer);
  expect(first.y).toBe(y);
  const next = own.of(shared(5, 6), 0);
  expect([...next.x]).toEqual([5, 6]);
  expect(next.x).toBe(first.x);
  expect([...own.of(shared(8), 0).x]).toEqual([8]);
});

/** Weights that many fetch: one copy of a version for all of them, and few copies however slowly they read. */
import { describe, expect, it } from 'vitest';
import { WeightsCopies } from './weights-copies.js';

function subject() {
  const copies = new WeightsCopies();
  let made = 0;
  const take = (version: number) =>
    copies.take({
      version,
      copy: () => {
        made++;
        return Float32Array.of(version);
      },
    });
  return { take, made: () => made };
}

describe('copies of the weights', () => {
  it('are one a version, for all that read it', () => {
    const { take, made } = subject();
    const all = Array.from({ length: 80 }, () => take(3));
    expect(made()).toBe(1);
    expect(new Set(all.map(({ body }) => body)).size).toBe(1);
    expect(all[0]!.body.readFloatLE(0)).toBe(3);
  });

  it('are few at once: who comes while slow readers hold them has the newest', () => {
    const { take, made } = subject();
    const slow = Array.from({ length: 80 }, (_, version) => take(version));
    expect(made()).toBe(4);
    expect(slow.at(-1)!.version).toBe(3);
    for (const { done } of slow) done();
    expect(take(80).version).toBe(80);
  });

  it('are forgotten when their last reader has gone', () => {
    const { take, made } = subject();
    const [first, second] = [take(1), take(1)];
    first!.done();
    take(1);
    expect(made()).toBe(1);
    second!.done();
    const { done } = take(1);
    done();
    expect(made()).toBe(1);
  });
});

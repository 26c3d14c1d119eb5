/** The start weights and gradients of the fixtures: the same numbers as in fixtures/make-fixtures.py. */
import fixtures from '../../../coordinator/update/fixtures/optimizers.json' with { type: 'json' };

const { parameters, steps } = fixtures;

/** Numbers k / 2^24 with a whole k, from -1 to below 1: the same float32 in any language. */
function* generator(seed: number): Generator<number, never> {
  let state = seed;
  while (true) {
    state = (1664525 * state + 1013904223) % 2 ** 32;
    yield (state >>> 7) / 2 ** 24 - 1;
  }
}

export function start(): Float32Array {
  const numbers = generator(1);
  return Float32Array.from({ length: parameters }, () => numbers.next().value);
}

/** A step's gradient: noise around a slope of each parameter's own, at sizes from 1/256 to 4. */
export function* gradients(): Generator<Float32Array> {
  const numbers = generator(2);
  for (let step = 0; step < steps; step++) {
    yield Float32Array.from(
      { length: parameters },
      (_, i) => (numbers.next().value + ((i % 5) - 2) / 4) * 2 ** ((i % 11) - 8),
    );
  }
}

/**
 * How far values that took many steps are from a reference, relative to the largest magnitude that each
 * had on its way: a value that ends near 0 keeps the rounding errors of where it has been. On this measure
 * PyTorch's own float32 results are up to 7e-7 from its float64 ones after 100 steps.
 *
 * @param path the values after each step; the last ones are compared
 */
export function errorOf(path: readonly Float32Array[], expected: readonly number[]): number {
  const errors = expected.map((value, i) => {
    const largest = Math.max(...path.map((values) => Math.abs(values[i]!)));
    return Math.abs(path.at(-1)![i]! - value) / largest;
  });
  return Math.max(...errors);
}

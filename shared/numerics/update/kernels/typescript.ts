/**
 * The kernels in plain TypeScript: for machines without WebAssembly SIMD and models beyond its memory. Slower, with
 * the same bits (float32.ts).
 */
import { f, toward } from './float32.js';
import type { Kernels } from './kernels.js';

export function typescriptKernels(): Kernels {
  return {
    kind: 'typescript',
    memory: undefined,
    allocate: (elements) => new Float32Array(elements),
    free: () => undefined,
    add(into, other) {
      for (let i = 0; i < into.length; i++) into[i]! += other[i]!;
    },
    divide(into, by) {
      const divisor = f(by);
      for (let i = 0; i < into.length; i++) into[i]! /= divisor;
    },
    scale(into, by) {
      const factor = f(by);
      for (let i = 0; i < into.length; i++) into[i]! *= factor;
    },
    clamp(into, limit) {
      const high = f(limit);
      for (let i = 0; i < into.length; i++) into[i] = Math.max(-high, Math.min(high, into[i]!));
    },
    allFinite(vector) {
      for (let i = 0; i < vector.length; i++) if (!Number.isFinite(vector[i]!)) return false;
      return true;
    },
    sumOfSquares(vector) {
      let even = 0;
      let odd = 0;
      for (let i = 0; i < vector.length; i += 2) even += vector[i]! * vector[i]!;
      for (let i = 1; i < vector.length; i += 2) odd += vector[i]! * vector[i]!;
      return even + odd;
    },
    mean(sum, { other, by }) {
      if (other) this.add(sum, other);
      this.divide(sum, by);
      return this.sumOfSquares(sum);
    },
    average(into, other, decay) {
      const share = f(1 - decay);
      for (let i = 0; i < into.length; i++) into[i] = toward(into[i]!, other[i]!, share);
    },
    update(kernel, vectors, scalars, of) {
      const squares = of ? this.mean(vectors.g, of) : 0;
      kernel.typescript(vectors, rounded(scalars));
      return squares;
    },
  };
}

function rounded<T extends Record<string, number>>(scalars: T): T {
  return Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, f(value)])) as T;
}

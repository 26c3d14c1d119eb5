/**
 * The kernels in plain TypeScript: for machines without WebAssembly SIMD and models beyond its memory.
 *
 * Slower, with the same bits: `f` rounds to float32 after every operation that a store does not round.
 * That float64 rounds first does no harm: for + - * / and sqrt of float32 values it has enough digits
 * (Figueroa 1995, "When is double rounding innocuous?").
 */
import type { Kernels } from './kernels.js';

const f = Math.fround;

/** a + share (b - a) */
const towards = (a: number, b: number, share: number) => f(a + f(share * f(b - a)));

/** decay v + (rest u) u */
const squares = (v: number, u: number, decay: number, rest: number) => f(f(v * decay) + f(f(rest * u) * u));

const root = (x: number) => f(Math.sqrt(x));

export function typescriptKernels(): Kernels {
  return {
    kind: 'typescript',
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
    average(into, other, decay) {
      const share = f(1 - decay);
      for (let i = 0; i < into.length; i++) into[i] = towards(into[i]!, other[i]!, share);
    },
    sgd(next, w, g, lr, decay) {
      const [l, d] = [f(lr), f(decay)];
      for (let i = 0; i < w.length; i++) {
        const u = f(g[i]! + f(d * w[i]!));
        next[i] = w[i]! - f(l * u);
      }
    },
    sgdMomentum(next, w, g, b, { nesterov, ...scalars }) {
      const { lr, momentum, keep, decay } = rounded(scalars);
      for (let i = 0; i < w.length; i++) {
        const u = f(g[i]! + f(decay * w[i]!));
        const buffer = f(f(b[i]! * momentum) + f(keep * u));
        b[i] = buffer;
        const direction = nesterov ? f(u + f(momentum * buffer)) : buffer;
        next[i] = w[i]! - f(lr * direction);
      }
    },
    adam(next, w, g, m, v, scalars) {
      const { stepSize, rootCorrection, beta2, epsilon, decay, shrink } = rounded(scalars);
      const [rest1, rest2] = [f(1 - scalars.beta1), f(1 - scalars.beta2)];
      for (let i = 0; i < w.length; i++) {
        const u = f(g[i]! + f(decay * w[i]!));
        const first = towards(m[i]!, u, rest1);
        const second = squares(v[i]!, u, beta2, rest2);
        m[i] = first;
        v[i] = second;
        const denominator = f(f(root(second) / rootCorrection) + epsilon);
        next[i] = f(w[i]! * shrink) - f(f(stepSize * first) / denominator);
      }
    },
    rmsprop(next, w, g, v, scalars) {
      const { lr, alpha, epsilon, decay } = rounded(scalars);
      const rest = f(1 - scalars.alpha);
      for (let i = 0; i < w.length; i++) {
        const u = f(g[i]! + f(decay * w[i]!));
        const mean = squares(v[i]!, u, alpha, rest);
        v[i] = mean;
        next[i] = w[i]! - f(f(lr * u) / f(root(mean) + epsilon));
      }
    },
    rmspropMomentum(next, w, g, v, b, scalars) {
      const { lr, alpha, epsilon, decay, momentum } = rounded(scalars);
      const rest = f(1 - scalars.alpha);
      for (let i = 0; i < w.length; i++) {
        const u = f(g[i]! + f(decay * w[i]!));
        const mean = squares(v[i]!, u, alpha, rest);
        v[i] = mean;
        const buffer = f(f(b[i]! * momentum) + f(u / f(root(mean) + epsilon)));
        b[i] = buffer;
        next[i] = w[i]! - f(lr * buffer);
      }
    },
    adagrad(next, w, g, s, scalars) {
      const { lr, epsilon, decay } = rounded(scalars);
      for (let i = 0; i < w.length; i++) {
        const u = f(g[i]! + f(decay * w[i]!));
        const sum = f(s[i]! + f(u * u));
        s[i] = sum;
        next[i] = w[i]! - f(f(lr * u) / f(root(sum) + epsilon));
      }
    },
    lambDirection(g, w, m, v, scalars) {
      const { correction1, correction2, beta2, epsilon, decay } = rounded(scalars);
      const [rest1, rest2] = [f(1 - scalars.beta1), f(1 - scalars.beta2)];
      for (let i = 0; i < g.length; i++) {
        const u = g[i]!;
        const first = towards(m[i]!, u, rest1);
        const second = squares(v[i]!, u, beta2, rest2);
        m[i] = first;
        v[i] = second;
        const denominator = f(root(f(second / correction2)) + epsilon);
        g[i] = f(f(first / correction1) / denominator) + f(decay * w[i]!);
      }
    },
  };
}

function rounded<T extends { [K in keyof T]: number }>(scalars: T): T {
  const entries = Object.entries<number>(scalars).map(([name, value]) => [name, f(value)]);
  return Object.fromEntries(entries) as T;
}

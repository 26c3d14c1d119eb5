import { f, root, squares } from '../kernels/float32.js';
import { updateKernel } from '../kernels/update-kernel.js';
import type { OptimizerKind } from './optimizer.js';

/** u = g + decay w; v = alpha v + rest u u, with rest = 1 - alpha; next = w - lr u / (sqrt(v) + epsilon) */
export const rmspropKernel = updateKernel({
  name: 'rmsprop',
  vectors: ['next', 'w', 'g', 'v'],
  scalars: ['lr', 'alpha', 'rest', 'epsilon', 'decay'],
  typescript({ next, w, g, v }, { lr, alpha, rest, epsilon, decay }) {
    for (let i = 0; i < w.length; i++) {
      const u = f(g[i]! + f(decay * w[i]!));
      const mean = squares(v[i]!, u, alpha, rest);
      v[i] = mean;
      next[i] = w[i]! - f(f(lr * u) / f(root(mean) + epsilon));
    }
  },
});

/** u, v as in `rmsprop`; b = momentum b + u / (sqrt(v) + epsilon); next = w - lr b */
export const rmspropMomentumKernel = updateKernel({
  name: 'rmspropMomentum',
  vectors: ['next', 'w', 'g', 'v', 'b'],
  scalars: ['lr', 'alpha', 'rest', 'epsilon', 'decay', 'momentum'],
  typescript({ next, w, g, v, b }, { lr, alpha, rest, epsilon, decay, momentum }) {
    for (let i = 0; i < w.length; i++) {
      const u = f(g[i]! + f(decay * w[i]!));
      const mean = squares(v[i]!, u, alpha, rest);
      v[i] = mean;
      const buffer = f(f(b[i]! * momentum) + f(u / f(root(mean) + epsilon)));
      b[i] = buffer;
      next[i] = w[i]! - f(lr * buffer);
    }
  },
});

const ALPHA = 0.99;
const EPSILON = 1e-8;
const square = { name: 'v', initial: 0 };

/**
 * RMSprop (Hinton 2012, lecture 6e), as `torch.optim.RMSprop`, not centered, with u = g + weightDecay w:
 * v = alpha v + (1 - alpha) u²; w -= lr u / (sqrt(v) + epsilon).
 * With momentum b = momentum b + u / (sqrt(v) + epsilon); w -= lr b.
 */
export const rmsprop: OptimizerKind<'rmsprop'> = {
  name: 'rmsprop',
  defaults: { lr: 0.001 },
  takes: ['momentum', 'weightDecay'],
  create({ momentum, weightDecay: decay }) {
    const constants = { alpha: ALPHA, rest: 1 - ALPHA, epsilon: EPSILON, decay };
    if (momentum === 0) {
      return {
        slots: [square],
        update(kernels, { weights: w, next, gradient: g, meanOf, slots: [v] }, { learningRate: lr }) {
          return kernels.update(rmspropKernel, { next, w, g, v: v! }, { lr, ...constants }, meanOf);
        },
      };
    }
    return {
      slots: [square, { name: 'momentum', initial: 0 }],
      update(kernels, { weights: w, next, gradient: g, meanOf, slots: [v, b] }, { learningRate: lr }) {
        const scalars = { lr, ...constants, momentum };
        return kernels.update(rmspropMomentumKernel, { next, w, g, v: v!, b: b! }, scalars, meanOf);
      },
    };
  },
};

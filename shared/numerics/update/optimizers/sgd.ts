import { f } from '../kernels/float32.js';
import { updateKernel } from '../kernels/update-kernel.js';
import type { OptimizerKind } from './optimizer.js';

/** next = w - lr (g + decay w) */
export const sgdKernel = updateKernel({
  name: 'sgd',
  vectors: ['next', 'w', 'g'],
  scalars: ['lr', 'decay'],
  typescript({ next, w, g }, { lr, decay }) {
    for (let i = 0; i < w.length; i++) {
      const u = f(g[i]! + f(decay * w[i]!));
      next[i] = w[i]! - f(lr * u);
    }
  },
});

/** u = g + decay w; b = momentum b + keep u; next = w - lr b, or w - lr (u + momentum b) with `nesterov`, 1 or 0 */
export const sgdMomentumKernel = updateKernel({
  name: 'sgdMomentum',
  vectors: ['next', 'w', 'g', 'b'],
  scalars: ['lr', 'momentum', 'keep', 'decay', 'nesterov'],
  typescript({ next, w, g, b }, { lr, momentum, keep, decay, nesterov }) {
    for (let i = 0; i < w.length; i++) {
      const u = f(g[i]! + f(decay * w[i]!));
      const buffer = f(f(b[i]! * momentum) + f(keep * u));
      b[i] = buffer;
      const direction = nesterov ? f(u + f(momentum * buffer)) : buffer;
      next[i] = w[i]! - f(lr * direction);
    }
  },
});

/**
 * Stochastic gradient descent, as `torch.optim.SGD`:
 * u = g + weightDecay w; b = u at first, then momentum b + (1 - dampening) u;
 * w -= lr b, or lr (u + momentum b) with Nesterov's form. Without momentum w -= lr u.
 */
export const sgd: OptimizerKind<'sgd'> = {
  name: 'sgd',
  defaults: { lr: 0.05, momentum: 0.9 },
  takes: ['momentum', 'nesterov', 'dampening', 'weightDecay'],
  create({ momentum, nesterov, dampening, weightDecay: decay }) {
    if (momentum === 0) {
      return {
        slots: [],
        update(kernels, { weights: w, next, gradient: g, meanOf }, { learningRate: lr }) {
          return kernels.update(sgdKernel, { next, w, g }, { lr, decay }, meanOf);
        },
      };
    }
    return {
      slots: [{ name: 'momentum', initial: 0 }],
      update(kernels, { weights: w, next, gradient: g, meanOf, slots: [b] }, { learningRate: lr, t }) {
        const keep = t === 1 ? 1 : 1 - dampening;
        const scalars = { lr, momentum, keep, decay, nesterov: Number(nesterov) };
        return kernels.update(sgdMomentumKernel, { next, w, g, b: b! }, scalars, meanOf);
      },
    };
  },
};

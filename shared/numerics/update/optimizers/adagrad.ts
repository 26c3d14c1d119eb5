import { f, root } from '../kernels/float32.js';
import { updateKernel } from '../kernels/update-kernel.js';
import type { OptimizerKind } from './optimizer.js';

/** u = g + decay w; s += u u; next = w - lr u / (sqrt(s) + epsilon) */
export const adagradKernel = updateKernel({
  name: 'adagrad',
  vectors: ['next', 'w', 'g', 's'],
  scalars: ['lr', 'epsilon', 'decay'],
  typescript({ next, w, g, s }, { lr, epsilon, decay }) {
    for (let i = 0; i < w.length; i++) {
      const u = f(g[i]! + f(decay * w[i]!));
      const sum = f(s[i]! + f(u * u));
      s[i] = sum;
      next[i] = w[i]! - f(f(lr * u) / f(root(sum) + epsilon));
    }
  },
});

/**
 * Adagrad (Duchi, Hazan, Singer 2011), as `torch.optim.Adagrad` without decay of the learning rate, with
 * u = g + weightDecay w: s += u²; w -= lr u / (sqrt(s) + epsilon).
 */
export const adagrad: OptimizerKind<'adagrad'> = {
  name: 'adagrad',
  defaults: { lr: 0.01 },
  takes: ['weightDecay'],
  create: ({ weightDecay: decay }) => ({
    slots: [{ name: 'sum', initial: 0 }],
    update(kernels, { weights: w, next, gradient: g, meanOf, slots: [s] }, { learningRate: lr }) {
      return kernels.update(adagradKernel, { next, w, g, s: s! }, { lr, epsilon: 1e-10, decay }, meanOf);
    },
  }),
};

import { f, root, squares, toward } from '../kernels/float32.js';
import { updateKernel } from '../kernels/update-kernel.js';
import type { Optimizer, OptimizerKind } from './optimizer.js';

/**
 * u = g + decay w; m += rest1 (u - m); v = beta2 v + rest2 u u;
 * next = shrink w - stepSize m / (sqrt(v) / rootCorrection + epsilon)
 *
 * stepSize: learning rate over the first moment's bias correction; rootCorrection: square root of the second
 * moment's; rest1, rest2: 1 - beta1, 1 - beta2; decay: L2, added to the gradient; shrink: decoupled decay, 1: none.
 */
export const adamKernel = updateKernel({
  name: 'adam',
  vectors: ['next', 'w', 'g', 'm', 'v'],
  scalars: ['stepSize', 'rootCorrection', 'rest1', 'beta2', 'rest2', 'epsilon', 'decay', 'shrink'],
  typescript({ next, w, g, m, v }, scalars) {
    const { stepSize, rootCorrection, rest1, beta2, rest2, epsilon, decay, shrink } = scalars;
    for (let i = 0; i < w.length; i++) {
      const u = f(g[i]! + f(decay * w[i]!));
      const first = toward(m[i]!, u, rest1);
      const second = squares(v[i]!, u, beta2, rest2);
      m[i] = first;
      v[i] = second;
      const denominator = f(f(root(second) / rootCorrection) + epsilon);
      next[i] = f(w[i]! * shrink) - f(f(stepSize * first) / denominator);
    }
  },
});

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/**
 * Adam (Kingma, Ba 2015), as `torch.optim.Adam`: weight decay is added to the gradient.
 * m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g²;
 * w -= lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
 */
export const adam: OptimizerKind<'adam'> = {
  name: 'adam',
  defaults: { lr: 0.001 },
  takes: ['weightDecay'],
  create: ({ weightDecay }) => adamLike(weightDecay, false),
};

/** AdamW (Loshchilov, Hutter 2019), as `torch.optim.AdamW`: w *= 1 - lr weightDecay first, then as Adam. */
export const adamw: OptimizerKind<'adamw'> = {
  name: 'adamw',
  defaults: { lr: 0.001, weightDecay: 0.01 },
  takes: ['weightDecay'],
  create: ({ weightDecay }) => adamLike(weightDecay, true),
};

function adamLike(weightDecay: number, decoupled: boolean): Optimizer {
  return {
    slots: [
      { name: 'm', initial: 0 },
      { name: 'v', initial: 0, isSecondMoment: true },
    ],
    update(kernels, { weights: w, next, gradient: g, meanOf, slots: [m, v] }, hyper) {
      const { learningRate, t, sinceFirst = t } = hyper;
      const scalars = {
        stepSize: learningRate / (1 - BETA1 ** sinceFirst),
        rootCorrection: Math.sqrt(1 - BETA2 ** t),
        rest1: 1 - BETA1,
        beta2: BETA2,
        rest2: 1 - BETA2,
        epsilon: EPSILON,
        decay: decoupled ? 0 : weightDecay,
        shrink: decoupled ? 1 - learningRate * weightDecay : 1,
      };
      return kernels.update(adamKernel, { next, w, g, m: m!, v: v! }, scalars, meanOf);
    },
  };
}

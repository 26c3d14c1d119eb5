import type { Optimizer } from './optimizer.js';

export interface SgdOptions {
  momentum: number;
  nesterov: boolean;
  dampening: number;
  weightDecay: number;
}

/**
 * Stochastic gradient descent, as `torch.optim.SGD`:
 * u = g + weightDecay w; b = u at first, then momentum b + (1 - dampening) u;
 * w -= lr b, or lr (u + momentum b) with Nesterov's form. Without momentum w -= lr u.
 */
export function sgd({ momentum, nesterov, dampening, weightDecay: decay }: SgdOptions): Optimizer {
  if (momentum === 0) {
    return {
      name: 'sgd',
      slots: [],
      update: (kernels, { weights, next, gradient }, { learningRate }) =>
        kernels.sgd(next, weights, gradient, learningRate, decay),
    };
  }
  return {
    name: 'sgd',
    slots: [{ name: 'momentum', initial: 0 }],
    update(kernels, { weights, next, gradient, slots: [buffer] }, { learningRate: lr, t }) {
      const keep = t === 1 ? 1 : 1 - dampening;
      kernels.sgdMomentum(next, weights, gradient, buffer!, { lr, momentum, keep, decay, nesterov });
    },
  };
}

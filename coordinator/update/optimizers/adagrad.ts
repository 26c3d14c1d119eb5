import type { Optimizer } from './optimizer.js';

export interface AdagradOptions {
  epsilon: number;
  weightDecay: number;
}

/**
 * Adagrad (Duchi, Hazan, Singer 2011), as `torch.optim.Adagrad` without decay of the learning rate, with
 * u = g + weightDecay w: s += u²; w -= lr u / (sqrt(s) + epsilon).
 */
export function adagrad({ epsilon, weightDecay: decay }: AdagradOptions): Optimizer {
  return {
    name: 'adagrad',
    slots: [{ name: 'sum', initial: 0 }],
    update(kernels, { weights, next, gradient, slots: [sum] }, { learningRate: lr }) {
      kernels.adagrad(next, weights, gradient, sum!, { lr, epsilon, decay });
    },
  };
}

import type { Optimizer } from './optimizer.js';

export interface RmspropOptions {
  alpha: number;
  epsilon: number;
  momentum: number;
  weightDecay: number;
}

const square = { name: 'v', initial: 0 };

/**
 * RMSprop (Hinton 2012, lecture 6e), as `torch.optim.RMSprop`, not centered, with u = g + weightDecay w:
 * v = alpha v + (1 - alpha) u²; w -= lr u / (sqrt(v) + epsilon).
 * With momentum b = momentum b + u / (sqrt(v) + epsilon); w -= lr b.
 */
export function rmsprop({ alpha, epsilon, momentum, weightDecay: decay }: RmspropOptions): Optimizer {
  if (momentum === 0) {
    return {
      name: 'rmsprop',
      slots: [square],
      update(kernels, { weights, next, gradient, slots: [v] }, { learningRate: lr }) {
        kernels.rmsprop(next, weights, gradient, v!, { lr, alpha, epsilon, decay });
      },
    };
  }
  return {
    name: 'rmsprop',
    slots: [square, { name: 'momentum', initial: 0 }],
    update(kernels, { weights, next, gradient, slots: [v, buffer] }, { learningRate: lr }) {
      const scalars = { lr, alpha, epsilon, decay, momentum };
      kernels.rmspropMomentum(next, weights, gradient, v!, buffer!, scalars);
    },
  };
}

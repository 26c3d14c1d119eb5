import type { Kernels } from '../kernels/kernels.js';
import type { Hyper, Optimizer, Part } from './optimizer.js';

export interface LambOptions {
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
}

/**
 * LAMB (You et al. 2020, "Large Batch Optimization for Deep Learning", algorithm 2), m and v as in Adam:
 * u = m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon) + weightDecay w;
 * w -= lr |w| / |u| u for each weight tensor.
 *
 * Of the variants in use, this one corrects the bias of the moments, bounds neither norm, takes a ratio of
 * 1 where either norm is 0, and treats biases and normalisation like all other weights. `update` takes its
 * part for a whole tensor.
 */
export function lamb(options: LambOptions): Optimizer {
  const updateTensor = (kernels: Kernels, parts: Part[], { learningRate, t }: Hyper) => {
    const { beta1, beta2, epsilon, weightDecay: decay } = options;
    const scalars = {
      correction1: 1 - beta1 ** t,
      correction2: 1 - beta2 ** t,
      beta1,
      beta2,
      epsilon,
      decay,
    };
    for (const {
      gradient,
      weights,
      slots: [m, v],
    } of parts) {
      kernels.lambDirection(gradient, weights, m!, v!, scalars);
    }
    const norm = (which: 'weights' | 'gradient') =>
      Math.sqrt(parts.reduce((sum, part) => sum + kernels.sumOfSquares(part[which]), 0));
    const [weightNorm, directionNorm] = [norm('weights'), norm('gradient')];
    const ratio = weightNorm > 0 && directionNorm > 0 ? weightNorm / directionNorm : 1;
    for (const { next, weights, gradient } of parts) {
      kernels.sgd(next, weights, gradient, learningRate * ratio, 0);
    }
  };
  return {
    name: 'lamb',
    slots: [
      { name: 'm', initial: 0 },
      { name: 'v', initial: 0 },
    ],
    update: (kernels, part, hyper) => updateTensor(kernels, [part], hyper),
    updateWhole: (kernels, tensors, hyper) => {
      for (const parts of tensors) updateTensor(kernels, parts, hyper);
    },
  };
}

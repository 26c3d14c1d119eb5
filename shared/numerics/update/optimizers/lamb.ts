import { f, root, squares, toward } from '../kernels/float32.js';
import type { Kernels } from '../kernels/kernels.js';
import { updateKernel } from '../kernels/update-kernel.js';
import type { Hyper, OptimizerKind, Part } from './optimizer.js';
import { sgdKernel } from './sgd.js';

/**
 * m, v as in Adam's, with u = g; then g = m / correction1 / (sqrt(v / correction2) + epsilon) + decay w. The
 * corrections are those of the moments' biases.
 */
export const lambDirectionKernel = updateKernel({
  name: 'lambDirection',
  vectors: ['g', 'w', 'm', 'v'],
  scalars: ['correction1', 'correction2', 'rest1', 'beta2', 'rest2', 'epsilon', 'decay'],
  typescript({ g, w, m, v }, { correction1, correction2, rest1, beta2, rest2, epsilon, decay }) {
    for (let i = 0; i < g.length; i++) {
      const u = g[i]!;
      const first = toward(m[i]!, u, rest1);
      const second = squares(v[i]!, u, beta2, rest2);
      m[i] = first;
      v[i] = second;
      const denominator = f(root(f(second / correction2)) + epsilon);
      g[i] = f(f(first / correction1) / denominator) + f(decay * w[i]!);
    }
  },
});

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-6;

/**
 * LAMB (You et al. 2020, "Large Batch Optimization for Deep Learning", algorithm 2), m and v as in Adam:
 * u = m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon) + weightDecay w;
 * w -= lr |w| / |u| u for each weight tensor.
 *
 * Of the variants in use, this one corrects the bias of the moments, bounds neither norm, takes a ratio of
 * 1 where either norm is 0, and treats biases and normalization like all other weights. `update` takes its
 * part for a whole tensor.
 */
export const lamb: OptimizerKind<'lamb'> = {
  name: 'lamb',
  defaults: { lr: 0.002 },
  takes: ['weightDecay'],
  create: ({ weightDecay }) => ({
    slots: [
      { name: 'm', initial: 0 },
      { name: 'v', initial: 0, isSecondMoment: true },
    ],
    update: (kernels, part, hyper) => updateTensor(kernels, [part], hyper, weightDecay),
    updateWhole: (kernels, tensors, hyper) => {
      for (const parts of tensors) updateTensor(kernels, parts, hyper, weightDecay);
    },
  }),
};

/** @returns the sum of squares of the mean gradient, as far as that was still to be made */
function updateTensor(kernels: Kernels, parts: Part[], hyper: Hyper, decay: number): number {
  const { learningRate, t, sinceFirst = t } = hyper;
  const scalars = {
    correction1: 1 - BETA1 ** sinceFirst,
    correction2: 1 - BETA2 ** t,
    rest1: 1 - BETA1,
    beta2: BETA2,
    rest2: 1 - BETA2,
    epsilon: EPSILON,
    decay,
  };
  let squaresOfMean = 0;
  for (const { gradient: g, weights: w, slots, meanOf } of parts) {
    const [m, v] = slots;
    squaresOfMean += kernels.update(lambDirectionKernel, { g, w, m: m!, v: v! }, scalars, meanOf);
  }
  const norm = (which: 'weights' | 'gradient') =>
    Math.sqrt(parts.reduce((sum, part) => sum + kernels.sumOfSquares(part[which]), 0));
  const [weightNorm, directionNorm] = [norm('weights'), norm('gradient')];
  const ratio = weightNorm > 0 && directionNorm > 0 ? weightNorm / directionNorm : 1;
  for (const { next, weights: w, gradient: g } of parts) {
    kernels.update(sgdKernel, { next, w, g }, { lr: learningRate * ratio, decay: 0 });
  }
  return squaresOfMean;
}

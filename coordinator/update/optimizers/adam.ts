import type { Optimizer } from './optimizer.js';

export interface AdamOptions {
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
}

const slots = [
  { name: 'm', initial: 0 },
  { name: 'v', initial: 0 },
];

/**
 * Adam (Kingma, Ba 2015), as `torch.optim.Adam`: weight decay is added to the gradient.
 * m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g²;
 * w -= lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
 */
export const adam = (options: AdamOptions): Optimizer => adamLike('adam', options, false);

/** AdamW (Loshchilov, Hutter 2019), as `torch.optim.AdamW`: w *= 1 - lr weightDecay first, then as Adam. */
export const adamw = (options: AdamOptions): Optimizer => adamLike('adamw', options, true);

function adamLike(name: string, options: AdamOptions, decoupled: boolean): Optimizer {
  const { beta1, beta2, epsilon, weightDecay } = options;
  return {
    name,
    slots,
    update(kernels, { weights, next, gradient, slots: [m, v] }, { learningRate, t }) {
      kernels.adam(next, weights, gradient, m!, v!, {
        stepSize: learningRate / (1 - beta1 ** t),
        rootCorrection: Math.sqrt(1 - beta2 ** t),
        beta1,
        beta2,
        epsilon,
        decay: decoupled ? 0 : weightDecay,
        shrink: decoupled ? 1 - learningRate * weightDecay : 1,
      });
    },
  };
}

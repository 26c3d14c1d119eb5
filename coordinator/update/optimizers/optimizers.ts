/** The update rules by name. What is not given is as in PyTorch. */
import type { OptimizerName } from '../../../shared/options.js';
import { adagrad } from './adagrad.js';
import { adam, adamw } from './adam.js';
import { lamb } from './lamb.js';
import type { Optimizer } from './optimizer.js';
import { rmsprop } from './rmsprop.js';
import { sgd } from './sgd.js';

export interface OptimizerOptions {
  name: OptimizerName;
  momentum?: number;
  nesterov?: boolean;
  dampening?: number;
  weightDecay?: number;
}

export function createOptimizer(options: OptimizerOptions): Optimizer {
  const { name, momentum = 0, nesterov = false, dampening = 0, weightDecay = 0 } = options;
  const moments = { beta1: 0.9, beta2: 0.999, weightDecay };
  switch (name) {
    case 'sgd':
      return sgd({ momentum, nesterov, dampening, weightDecay });
    case 'adam':
      return adam({ ...moments, epsilon: 1e-8 });
    case 'adamw':
      return adamw({ ...moments, epsilon: 1e-8 });
    case 'rmsprop':
      return rmsprop({ alpha: 0.99, epsilon: 1e-8, momentum, weightDecay });
    case 'adagrad':
      return adagrad({ epsilon: 1e-10, weightDecay });
    case 'lamb':
      return lamb({ ...moments, epsilon: 1e-6 });
  }
}

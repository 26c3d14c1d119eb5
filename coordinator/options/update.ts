/** The update: optimizer, learning rate, clipping, averages. */

import { OPTIMIZER_NAMES, takersOf, usualOf } from '../../shared/numerics/update/optimizers/optimizers.js';
import { block, option } from '../../shared/options/option.js';
import {
  fraction,
  notNegative,
  oneOf,
  positive,
  real,
  toggle,
  whole,
} from '../../shared/options/option-kinds.js';
import { SCHEDULES } from '../update/schedules.js';

const modelDecides = { otherwise: "the model's own" } as const;
const takers = (option: Parameters<typeof takersOf>[0]) => takersOf(option).join(', ');

export const UPDATE_OPTIONS = block({
  optimizer: option(
    oneOf('NAME', OPTIMIZER_NAMES),
    undefined,
    `optimizer: ${OPTIMIZER_NAMES.join(', ')}`,
    modelDecides,
  ),
  lr: option(positive, undefined, 'learning rate', {
    otherwise: "the model's own, or the given optimizer's usual one",
  }),
  momentum: option(fraction, undefined, `momentum (${takers('momentum')})`, {
    otherwise: usualOf('momentum'),
  }),
  nesterov: option(toggle, false, `Nesterov momentum (${takers('nesterov')})`),
  dampening: option(fraction, 0, `dampening of momentum (${takers('dampening')})`),
  weightDecay: option(notNegative, undefined, 'weight decay', { otherwise: usualOf('weightDecay') }),
  schedule: option(
    oneOf('NAME', SCHEDULES),
    undefined,
    `learning-rate schedule: ${SCHEDULES.join(', ')}`,
    modelDecides,
  ),
  patienceLr: option(
    whole(0),
    undefined,
    'evaluations in a row without a better --monitor that --schedule plateau bears before it lowers the learning rate',
    { otherwise: '10 with --schedule plateau' },
  ),
  factor: option(
    real('a number above 0 and below 1', (value) => value > 0 && value < 1),
    undefined,
    'by which --schedule plateau multiplies the learning rate',
    { otherwise: '0.1 with --schedule plateau' },
  ),
  minLr: option(notNegative, undefined, 'below which --schedule plateau does not go', {
    otherwise: '0 with --schedule plateau',
  }),
  warmupSteps: option(whole(0), 0, 'steps over which the learning rate rises linearly from 0 at the start'),
  clipNorm: option(notNegative, 0, 'clip the global norm of the gradient to this; 0: no clipping'),
  clipValue: option(notNegative, 0, 'clip each element of the gradient to this; 0: no clipping'),
  averageDecay: option(
    fraction,
    0,
    'decay of a moving average of the weights, which evaluation uses; 0: no average',
  ),
});

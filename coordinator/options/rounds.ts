/** Rounds: many updates by each of several replicas between two exchanges. */
import { INNER_STATES, MAX_LOCAL_STEPS } from '../../shared/numerics/rounds/terms.js';
import { MAX_SHARDS } from '../../shared/numerics/tree.js';
import { block, option } from '../../shared/options/option.js';
import { fraction, oneOf, positive, power, whole } from '../../shared/options/option-kinds.js';

export const ROUND_OPTIONS = block({
  localSteps: option(
    whole(1, MAX_LOCAL_STEPS),
    undefined,
    'updates that each replica makes by itself before its change is exchanged: a step is then a round of so many batches; docs/reach.md',
    { otherwise: 'no rounds: a step is one update, and gradients are exchanged' },
  ),
  replicas: option(
    power(MAX_SHARDS),
    undefined,
    'replicas of a round, each of which trains its part of every batch: the --shards of a run with --local-steps',
    { otherwise: '--shards' },
  ),
  innerState: option(
    oneOf('average|variance|none', INNER_STATES),
    'average',
    'what a round begins with of what the optimizers remembered: the mean over the replicas, that of second moments alone, or nothing',
  ),
  outerRate: option(
    positive,
    0.7,
    'in rounds: by how much of the mean change of the replicas the weights move; 1: all of it',
  ),
  outerMomentum: option(fraction, 0.9, 'in rounds: Nesterov momentum of that; 0: none'),
});

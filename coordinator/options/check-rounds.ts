/** What the options of rounds mean for each other, and for the rest. */
import { innerOptimizer, keptSlots } from '../../shared/numerics/rounds/terms.js';
import { optimizerOf } from '../../shared/numerics/update/optimizers/optimizers.js';
import { flagOf } from '../../shared/options/read-options.js';
import type { GivenCoordinatorOptions } from './options.js';
import { ROUND_OPTIONS } from './rounds.js';

/** @param refuse throws */
export function checkRounds(options: GivenCoordinatorOptions, refuse: (problem: string) => void): void {
  const { localSteps, replicas, shards, robust, optimizer, innerState = 'average' } = options;
  if (localSteps === undefined) {
    // A run that goes on has them in its configuration.
    if (options.resume || options.startOrResume) return;
    for (const name of ['replicas', 'innerState', 'outerRate', 'outerMomentum'] as const)
      if (options[name] !== undefined && options[name] !== ROUND_OPTIONS[name].default)
        refuse(`${flagOf(name)} is for rounds: give --local-steps, or leave ${flagOf(name)} out`);
    return;
  }
  if (robust !== undefined && robust !== 'none')
    refuse(
      `--robust ${robust} cuts each step by its workers, and --local-steps by its replicas: leave one out`,
    );
  if (shards === 'auto')
    refuse('--local-steps has a fixed number of replicas, which --shards auto does not: give --replicas');
  if (replicas !== undefined && shards !== undefined && shards !== replicas)
    refuse('--replicas and --shards both say how many replicas a round has: give one of them');
  if (optimizer === undefined) return;
  const { slots } = innerOptimizer({
    optimizer: { name: optimizer, momentum: options.momentum ?? 0, ...PLAIN },
  });
  if (innerState === 'none' && optimizer !== 'sgd')
    refuse(
      `--inner-state none begins each round of ${optimizer} with moments of 0, which ruins it: give average, or --optimizer sgd`,
    );
  if (innerState === 'variance' && keptSlots({ slots }, 'variance').length === 0)
    refuse(
      `--inner-state variance is for second moments, and ${optimizerOf(optimizer).name} has none: give average`,
    );
}

const PLAIN = { nesterov: false, dampening: 0, weightDecay: 0 };

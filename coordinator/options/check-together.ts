/** Which options of the coordinator exclude or need each other. */
import { parseAugment } from '../../shared/data/augment/augment.js';
import { optimizerOf, takersOf } from '../../shared/numerics/update/optimizers/optimizers.js';
import { flagOf } from '../../shared/options/read-options.js';
import { UserError } from '../../shared/user-error.js';
import { parseClassWeight } from '../prepare/data/labels/class-weights.js';
import { parseLossWeights } from '../prepare/model/traced/loss-per-output.js';
import { checkRounds } from './check-rounds.js';
import type { GivenCoordinatorOptions } from './options.js';

/** Robust rules mean nothing with fewer. */
export const ROBUST_WORKERS = 3;

/**
 * Checks what options mean for each other, as far as they are known; to be called again once the model
 * has decided the rest.
 * @throws UserError
 */
export function checkTogether(options: GivenCoordinatorOptions): void {
  const { epochs, steps, resume, startOrResume, runDir, optimizer, momentum, nesterov, dampening } = options;
  const refuse = (problem: string) => {
    throw new UserError(problem, 2);
  };
  if (epochs !== undefined && steps !== undefined) {
    refuse('--epochs and --steps both say how long to train: give one of them');
  }
  const { robust, shards, auditRate, minWorkers } = options;
  if (robust !== undefined && robust !== 'none') {
    if (shards !== undefined && shards !== 'auto') {
      refuse(`--robust ${robust} compares workers, so each has one part of its own: leave --shards out`);
    }
    if (auditRate) {
      refuse(`--robust ${robust} is for runs without a trusted worker to audit: leave --audit-rate out`);
    }
    if (minWorkers !== undefined && minWorkers < ROBUST_WORKERS) {
      refuse(
        `--robust ${robust} needs --min-workers ${ROBUST_WORKERS} or more: fewer have no majority to compare with`,
      );
    }
  }
  const { exchange, exchangeDepth } = options;
  if (exchange === 'int8' && robust !== undefined && robust !== 'none')
    refuse(
      `--robust ${robust} cuts each step by its workers, and --exchange int8 rounds at fixed places: leave one out`,
    );
  if (exchange === 'int8' && shards === 'auto')
    refuse(
      '--exchange int8 rounds at fixed places of a step, which --shards auto does not have: give a number of shards',
    );
  if (exchangeDepth !== undefined && exchange !== 'int8' && !resume && !startOrResume)
    refuse('--exchange-depth is for --exchange int8: give it, or leave --exchange-depth out');
  if (exchangeDepth !== undefined && typeof shards === 'number' && 2 ** exchangeDepth > shards)
    refuse(
      `--exchange-depth ${exchangeDepth} is deeper than the tree of ${shards} shards: at most ${Math.log2(shards)}`,
    );
  checkRounds(options, refuse);
  if (options.validation !== undefined && options.fold !== undefined)
    refuse('--validation and --fold both say what the validation set is: give one of them');
  if (options.classWeight !== undefined) parseClassWeight(options.classWeight);
  if (options.lossWeights !== undefined) parseLossWeights(options.lossWeights);
  if (options.augment !== undefined) parseAugment(options.augment);
  const { schedule } = options;
  const isWatched = options.patience !== undefined || options.monitor !== undefined || schedule === 'plateau';
  if (options.minDelta && !isWatched && !resume && !startOrResume)
    refuse('--min-delta has no effect without --patience, --monitor or --schedule plateau: give one of them');
  for (const name of ['patienceLr', 'factor', 'minLr'] as const)
    if (options[name] !== undefined && schedule !== 'plateau' && !resume && !startOrResume)
      refuse(`${flagOf(name)} is for --schedule plateau: give it, or leave ${flagOf(name)} out`);
  if (resume && runDir === undefined) refuse('--resume needs --run-dir DIR: the run to continue');
  if (options.resumeLr !== undefined && !resume && !startOrResume)
    refuse('--resume-lr is for a resumed run: give --resume, or --lr for a new run');
  if (startOrResume && runDir === undefined)
    refuse('--start-or-resume needs --run-dir DIR: the run to start or continue');
  for (const name of ['momentum', 'nesterov', 'dampening', 'weightDecay'] as const) {
    const value = options[name];
    if (!value || !optimizer || optimizerOf(optimizer).takes.includes(name)) continue;
    const given = value === true ? flagOf(name) : `${flagOf(name)} ${value}`;
    refuse(`${given} has no effect with ${optimizer}: leave it out, or use ${takersOf(name).join(' or ')}`);
  }
  for (const name of ['nesterov', 'dampening'] as const)
    if (options[name] && momentum === 0) refuse(`${flagOf(name)} needs --momentum above 0`);
  if (nesterov && dampening) refuse('--nesterov and --dampening exclude each other: leave one of them out');
}

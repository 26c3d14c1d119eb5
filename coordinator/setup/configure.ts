/** What the user left open, decided: by the model's own defaults, and then by the other options. */
import type { LocalTerms } from '../../shared/numerics/rounds/terms.js';
import { defaultShards } from '../../shared/numerics/tree.js';
import { createOptimizer, optimizerOf } from '../../shared/numerics/update/optimizers/optimizers.js';
import { withDefaults } from '../../shared/options/read-options.js';
import { checkTogether, ROBUST_WORKERS } from '../options/check-together.js';
import type { CoordinatorOptions, GivenCoordinatorOptions } from '../options/options.js';
import { COORDINATOR_OPTIONS } from '../options/options.js';
import { modelDefaults } from '../prepare/zoo/zoo.js';
import type { EpochPlan } from '../run/batches.js';
import { stepsFor, stepsPerEpoch } from '../run/batches.js';
import type { UpdateRule } from '../update/rule/update-rule.js';

const DEFAULT_AUDIT_RATE = 0.05;

/** Options of which a run needs a value in the end. */
type Decided =
  | 'auditRate'
  | 'minWorkers'
  | 'schedule'
  | 'batchSize'
  | 'shards'
  | 'optimizer'
  | 'lr'
  | 'momentum'
  | 'weightDecay';
export type Configuration = CoordinatorOptions & { [K in Decided]: NonNullable<CoordinatorOptions[K]> };

/** @throws UserError where options contradict each other */
export function configure(given: GivenCoordinatorOptions): Configuration {
  const options = withDefaults(COORDINATOR_OPTIONS, given);
  const own = modelDefaults(options.model);
  const optimizer = options.optimizer ?? own.optimizer;
  const usual = optimizerOf(optimizer).defaults;
  const isRobust = options.robust !== 'none';
  const batchSize = options.batchSize ?? own.batchSize;
  const configuration: Configuration = {
    ...options,
    batchSize,
    shards: options.shards ?? options.replicas ?? (isRobust ? 'auto' : defaultShards(batchSize)),
    auditRate: options.auditRate ?? (isRobust ? 0 : DEFAULT_AUDIT_RATE),
    minWorkers: options.minWorkers ?? (isRobust ? ROBUST_WORKERS : 1),
    optimizer,
    schedule: options.schedule ?? own.schedule,
    lr: options.lr ?? (options.optimizer === undefined ? own.learningRate : usual.lr),
    // Centered clipping keeps a momentum of its own, for each worker.
    momentum: options.momentum ?? (options.robust === 'clip' ? 0 : (usual.momentum ?? 0)),
    weightDecay: options.weightDecay ?? usual.weightDecay ?? 0,
    epochs: options.steps === undefined ? (options.epochs ?? own.epochs) : undefined,
  };
  checkTogether(configuration);
  return configuration;
}

/** Steps in all; where one makes several updates, `--steps` counts those. */
export function totalSteps({ steps, epochs }: Configuration, plan: EpochPlan): number {
  return steps === undefined ? epochs! * stepsPerEpoch(plan) : stepsFor(steps, plan);
}

/** What replicas do in a round; undefined where a step is one update. */
export function localTermsOf(configuration: Configuration): LocalTerms | undefined {
  const { localSteps: steps, innerState, optimizer, momentum, nesterov, dampening } = configuration;
  if (steps === undefined) return undefined;
  const { weightDecay, clipNorm, clipValue } = configuration;
  return {
    optimizer: { name: optimizer, momentum, nesterov, dampening, weightDecay },
    ...{ steps, clipNorm, clipValue, state: innerState },
  };
}

/** What the coordinator does with the gradients' mean; in rounds, with that of how far the replicas have come. */
export function updateRuleOf(configuration: Configuration): UpdateRule {
  const { optimizer, momentum, nesterov, dampening, weightDecay } = configuration;
  const { clipNorm, clipValue, averageDecay, localSteps, outerMomentum } = configuration;
  if (localSteps !== undefined) {
    const outer = createOptimizer({ name: 'sgd', momentum: outerMomentum, nesterov: outerMomentum > 0 });
    return { optimizer: outer, clipNorm: 0, clipValue: 0, averageDecay };
  }
  return {
    optimizer: createOptimizer({ name: optimizer, momentum, nesterov, dampening, weightDecay }),
    clipNorm,
    clipValue,
    averageDecay,
  };
}

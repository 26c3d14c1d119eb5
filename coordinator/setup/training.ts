/** What trains: trust, pipeline, swarm and progress of a run, made from its options and its checkpoint. */
import { universalClass } from '../../engine/node/universal-class.js';
import { monotonicClock } from '../../shared/clock.js';
import { confusionOf } from '../../shared/data/confusion.js';
import { EVALUATION_PART, evaluationParts, mostInHand } from '../../shared/data/evaluation-parts.js';
import { metricUnitOf, recordBytes } from '../../shared/data/manifest.js';
import { curvesOf } from '../../shared/data/roc.js';
import { scoreNames } from '../../shared/models/description.js';
import { metricOf } from '../../shared/numerics/losses.js';
import { runLayout, withInitialState } from '../../shared/numerics/rounds/round-layout.js';
import { told } from '../../shared/status/events.js';
import { messageOf, UserError } from '../../shared/user-error.js';
import { moduleFile } from '../prepare/model/module/module-model.js';
import { type Prepared, shardSamplesOf } from '../prepare/prepare.js';
import type { Checkpoint } from '../record/checkpoint/reader.js';
import { TrustFile } from '../record/folder/trust-file.js';
import { updatesPerEpoch } from '../run/batches.js';
import { type Core, createCore, type Offer } from '../run/core.js';
import type { RunOptions } from '../run/loop.js';
import { Progress } from '../run/progress.js';
import type { Run } from '../run/run.js';
import { Watching } from '../run/watch/watching.js';
import { ThreadEngine } from '../trust/auditor-engine.js';
import { Trust } from '../trust/trust.js';
import { createRobustRule } from '../update/robust/create.js';
import type { Cleanup } from './cleanup.js';
import { type Configuration, localTermsOf, totalSteps, updateRuleOf } from './configure.js';
import { scoreOf, watchOptionsOf } from './evaluated.js';
import type { Announcer, OpenedRun } from './open-run.js';

/** A run that nobody controls yet. */
export interface Training {
  run: Omit<Run, 'control'>;
  trustFile: TrustFile;
}

/** @throws UserError where a checkpoint does not fit the run */
export async function createTraining(
  opened: OpenedRun,
  prepared: Prepared,
  announcer: Announcer,
  cleanup: Cleanup,
): Promise<Training> {
  const { folder, configuration, generation, stored } = opened;
  const { description, weights, train, test, hashes, objectBytes } = prepared;
  const { tell, warn } = announcer;
  const options = runOptionsOf(configuration, prepared);
  const { trust, trustFile } = await createTrust(opened, prepared, announcer, cleanup);
  const { shards, engineClass, deadAfter, seed, shuffle, augment } = configuration;
  const exchange = exchangeOf(configuration);
  const local = localTermsOf(configuration);
  const layout = runLayout(description.weights, local);
  const core = createCore({
    learning: {
      layout,
      weights: local ? withInitialState(weights, layout, local) : weights,
      rule: updateRuleOf(configuration),
      robust: createRobustRule(configuration.robust, tell),
    },
    shards,
    offer: {
      ...generation,
      ...hashes,
      objectBytes,
      shardSamples: shardSamplesOf(configuration),
      seed,
      shuffle,
      ...(augment === undefined ? {} : { augment }),
      ...(train.tokens ? { sortedWithin: configuration.batchSize } : {}),
      ...(exchange ? { exchange } : {}),
      ...(local ? { local } : {}),
      ...(configuration.weights === 'f32' ? {} : { weights: configuration.weights }),
    },
    membership: {
      engineClass,
      deadAfterMs: deadAfter * 1000,
      trust,
      confusionCells: confusionOf(test.label).cells,
      places: description.scored?.curve ? EVALUATION_PART * curvesOf(test.label) : 0,
    },
    clock: monotonicClock,
    tell,
  });
  cleanup.defer(() => core.stop());
  const metric = metricOf(description.loss);
  const watch = watchOptionsOf(configuration, metric, description.outputs);
  if ((watch.best || watch.plateau) && !options.validation) warn(TEST_SET_DECIDES);
  const progress = new Progress(
    ...([
      monotonicClock.now(),
      metricUnitOf(train.label),
      new Watching(watch),
      scoreOf(configuration, prepared),
    ] as const),
  );
  if (stored) {
    restore(stored, core, progress);
    tell(told({ type: 'resumed', step: progress.step, path: stored.path }));
  } else if (configuration.resume) {
    warn(`${folder.dir} has no checkpoint yet: the run begins at step 0`);
  }
  return { run: { options, core, progress, metric, clock: monotonicClock, tell }, trustFile };
}

const TEST_SET_DECIDES =
  'the test set decides how the run goes on: its figures are then better than those of other data will be; --validation 0.1 decides by training records instead';

function runOptionsOf(
  configuration: Configuration,
  { description, train, test, validationRecords }: Prepared,
): RunOptions {
  const { batchSize, shards, evaluateEvery, checkpointEvery, minWorkers, localSteps } = configuration;
  const epochPlan = { records: train.records, batchSize, localSteps };
  const plan = {
    mostInHand: mostInHand(recordBytes(test)),
    confusion: confusionOf(test.label),
    scores: scoreNames(description),
    curves: description.scored?.curve ? curvesOf(test.label) : 0,
  };
  return {
    steps: totalSteps(configuration, epochPlan),
    epochPlan,
    shards,
    evaluateEvery: evaluateEvery === 'epoch' ? updatesPerEpoch(epochPlan) : evaluateEvery,
    checkpointEvery,
    minWorkers,
    outerRate: localSteps === undefined ? undefined : configuration.outerRate,
    test: { parts: evaluationParts(test.records - validationRecords, validationRecords), ...plan },
    validation: validationRecords > 0 ? { parts: evaluationParts(validationRecords), ...plan } : undefined,
  };
}

/** How gradients travel; undefined: in float32. */
function exchangeOf({ exchange, exchangeDepth, shards }: Configuration): Offer['exchange'] {
  if (exchange === 'f32' || shards === 'auto') return undefined;
  return { code: exchange, depth: exchangeDepth ?? Math.log2(shards) };
}

async function createTrust(
  { folder, configuration }: OpenedRun,
  { description, train, objects, hashes, isCompiled }: Prepared,
  { tell, warn }: Announcer,
  cleanup: Cleanup,
): Promise<{ trust: Trust; trustFile: TrustFile }> {
  const { seed, shuffle, augment, engineClass } = configuration;
  const shardSamples = shardSamplesOf(configuration);
  const ownEngine = new ThreadEngine({
    material: { description, train, objects, hashes },
    ...{ shardSamples, seed, shuffle, augment, engineClass, exchange: exchangeOf(configuration) },
    modelFile: moduleFile(configuration.model),
    local: localTermsOf(configuration),
    sortedWithin: train.tokens && configuration.batchSize,
  });
  cleanup.defer(() => ownEngine.close());
  const trustFile = new TrustFile(folder.trust, warn);
  const trust = new Trust({
    ...configuration,
    ownEngine,
    universalClass: isCompiled ? universalClass() : undefined,
    comparesBits: configuration.localSteps !== undefined,
    tell,
    record: (record) => void trustFile.write(record),
  });
  const record = configuration.resume ? await trustFile.read() : undefined;
  if (record) trust.reputation.restore(record);
  return { trust, trustFile };
}

function restore({ state, sections, path }: Checkpoint, { pipeline, swarm }: Core, progress: Progress): void {
  try {
    pipeline.state.restore(state.progress.step, sections);
  } catch (error) {
    throw new UserError(`${path} does not fit this run: ${messageOf(error)}`);
  }
  progress.restore(state.progress, monotonicClock.now());
  swarm.given.restore(state.workers);
  Object.assign(swarm.traffic, state.bytes);
}

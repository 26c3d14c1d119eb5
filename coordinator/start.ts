/** Options in, a running coordinator out: the file that wires the parts together. */

import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { monotonicClock } from '../shared/clock.js';
import { evaluationParts } from '../shared/evaluation-parts.js';
import { layoutOf } from '../shared/layout.js';
import { metricOf } from '../shared/losses.js';
import { COORDINATOR_OPTIONS, type GivenCoordinatorOptions } from '../shared/options.js';
import { checkTogether, ofScope, readOptions } from '../shared/read-options.js';
import type { RunEvent, Status } from '../shared/status.js';
import { UserError } from '../shared/user-error.js';
import { Conductor } from './conductor.js';
import { type Configuration, configure, shardSamplesOf, totalSteps, updateRuleOf } from './configure.js';
import { createCore } from './core.js';
import { openData } from './data/sources.js';
import { ObjectStore, storeSplit } from './data/store.js';
import { buildModel, type ModelFunction } from './model/build-model.js';
import { headOf } from './model/reference.js';
import { Progress } from './progress.js';
import { type Checkpoint, readLatest } from './record/checkpoint-reader.js';
import {
  createRun,
  folderForNewRun,
  optionsToResume,
  type RunFolder,
  runFolder,
  storeConfiguration,
} from './record/run-folder.js';
import type { Summary } from './record/summary.js';
import { stepsPerEpoch } from './schedule.js';
import { listen } from './server/listen.js';
import { createSchedule } from './update/schedules.js';

/** The options of the command line in camelCase; `model` may also be a function that builds one. */
export type StartCoordinatorOptions = Omit<GivenCoordinatorOptions, 'model'> & {
  model?: string | ModelFunction | undefined;
};

export interface RunningCoordinator {
  /** `http://HOST:PORT`, with the port that was really taken. */
  url: string;
  /** Absolute path of the run's folder. */
  runDir: string;
  status(): Status;
  /** Hears of what people want to know, as it happens. Returns a function that ends it. */
  onEvent(listener: (event: RunEvent) => void): () => void;
  /** Resolves once the run is over and all of its files are written; `status` tells how it ended. */
  finished: Promise<Summary>;
  /** Ends the run after the step in hand, with a checkpoint. Resolves with `finished`. */
  stop(): Promise<Summary>;
  /** Stops serving. A run that is not over is stopped first. */
  close(): Promise<void>;
}

/**
 * Starts a coordinator and its run; resolves as soon as workers can join.
 * @throws UserError for options, data or a model that cannot be used
 */
export async function startCoordinator(options: StartCoordinatorOptions = {}): Promise<RunningCoordinator> {
  const { model: modelFunction, ...rest } = options;
  const isFunction = typeof modelFunction === 'function';
  const raw = { ...rest, model: isFunction ? 'function' : modelFunction };
  const given = readOptions(COORDINATOR_OPTIONS, raw, { where: 'startCoordinator' });
  checkTogether(given);
  const { folder, configuration } = await openFolder(given);

  const data = await openData(configuration.data);
  const { description, weights, probe, program } = await buildModel({
    model: isFunction ? modelFunction : configuration.model,
    data: headOf(data),
    loss: configuration.loss,
    seed: configuration.seed,
    run: { ...configuration, shardSamples: shardSamplesOf(configuration) },
  });
  const objects = new ObjectStore();
  const train = storeSplit(objects, data, 'train');
  const test = storeSplit(objects, data, 'test');
  if (train.records === 0) throw new UserError(`${configuration.data} has no training samples`);
  if (test.records === 0)
    throw new UserError(`${configuration.data} has no test samples: training is judged by them`);
  const epochPlan = { records: train.records, batchSize: configuration.batchSize };
  const steps = totalSteps(configuration, epochPlan);

  const events = new EventEmitter<{ event: [RunEvent] }>();
  const early: RunEvent[] = [];
  const tell = (event: RunEvent) => {
    if (!events.emit('event', event)) early.push(event);
  };
  const warn = (text: string) => tell({ type: 'warning', text });
  const layout = layoutOf(description.weights);
  const core = createCore({
    layout,
    weights,
    rule: updateRuleOf(configuration),
    shards: configuration.shards,
    engineClass: configuration.engineClass,
    deadAfterMs: configuration.deadAfter * 1000,
    run: randomUUID(),
    objects: {
      model: objects.put(Buffer.from(JSON.stringify(description))),
      train: objects.put(Buffer.from(JSON.stringify(train))),
      test: objects.put(Buffer.from(JSON.stringify(test))),
      probe: objects.put(Buffer.from(JSON.stringify(probe))),
      program: objects.put(Buffer.from(JSON.stringify(program))),
    },
    shardSamples: shardSamplesOf(configuration),
    seed: configuration.seed,
    shuffle: configuration.shuffle,
    clock: monotonicClock,
    tell,
  });
  const { pipeline, swarm } = core;
  const metric = metricOf(description.loss);
  const progress = new Progress(monotonicClock.now(), metric === 'accuracy');

  const stored = configuration.resume ? await readLatest(folder.checkpoints, warn) : undefined;
  if (stored) {
    restore(stored, { pipeline, progress, swarm });
    tell({
      type: 'resumed',
      step: progress.step,
      text: `resumed at step ${progress.step} from ${stored.path}`,
    });
  } else if (configuration.resume) {
    warn(`${folder.dir} has no checkpoint yet: the run begins at step 0`);
  }
  if (progress.step > steps) {
    throw new UserError(
      `the run in ${folder.dir} has done ${progress.step} steps, more than the ${steps} asked for`,
      2,
    );
  }
  const port = configuration.port;
  const conductor: Conductor = new Conductor({
    folder,
    core,
    progress,
    metric,
    description,
    records: { x: data.x, y: data.y, label: data.label, normalisation: data.normalisation },
    clock: monotonicClock,
    tell,
    configuration,
    stored: ofScope(configuration, 'result'),
    run: {
      steps,
      epochPlan,
      shards: configuration.shards,
      learningRate: createSchedule({
        name: configuration.schedule,
        learningRate: configuration.lr,
        totalSteps: steps,
        warmupSteps: configuration.warmupSteps,
        stepsPerEpoch: stepsPerEpoch(epochPlan),
      }),
      evaluateEvery:
        configuration.evaluateEvery === 'epoch' ? stepsPerEpoch(epochPlan) : configuration.evaluateEvery,
      checkpointEvery: configuration.checkpointEvery,
      minWorkers: configuration.minWorkers,
      layout,
      testParts: evaluationParts(test.records),
    },
  });
  const served = { objects, status: () => conductor.status() };
  const server = await listen(configuration.host, port, swarm, served).catch((error) => {
    core.stop();
    throw error;
  });
  // Only now, when nothing of the user's can be wrong any more, does the folder become this run's.
  if (configuration.resume) await storeConfiguration(folder, configuration);
  else await createRun(folder, configuration);
  const finished = conductor.start(server.traffic, stored?.state.bytes);

  return {
    url: server.url,
    runDir: folder.dir,
    status: () => conductor.status(),
    onEvent(listener) {
      events.on('event', listener);
      for (const event of early.splice(0)) listener(event);
      return () => events.off('event', listener);
    },
    finished,
    async stop() {
      conductor.stop();
      return finished;
    },
    async close() {
      conductor.stop();
      await finished.catch(() => undefined);
      core.stop();
      await server.close();
    },
  };
}

async function openFolder(
  given: GivenCoordinatorOptions,
): Promise<{ folder: RunFolder; configuration: Configuration }> {
  if (!given.resume) return { folder: folderForNewRun(given), configuration: configure(given) };
  const folder = runFolder(given.runDir!);
  return { folder, configuration: configure(await optionsToResume(folder, given)) };
}

function restore(
  { state, sections, path }: Checkpoint,
  {
    pipeline,
    progress,
    swarm,
  }: { progress: Progress } & Pick<ReturnType<typeof createCore>, 'pipeline' | 'swarm'>,
): void {
  try {
    pipeline.restore(state.progress.step, sections);
  } catch (error) {
    throw new UserError(`${path} does not fit this run: ${error instanceof Error ? error.message : error}`);
  }
  progress.restore(state.progress, monotonicClock.now());
  swarm.restoreTotals(state.workers);
}

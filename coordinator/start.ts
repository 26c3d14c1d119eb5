/** Options in, a running coordinator out: the file that wires the parts together. */
import { randomUUID } from 'node:crypto';
import { monotonicClock } from '../shared/clock.js';
import { evaluationParts } from '../shared/evaluation-parts.js';
import { layoutOf } from '../shared/layout.js';
import { metricOf } from '../shared/losses.js';
import { confusionClasses } from '../shared/manifest.js';
import { ofScope } from '../shared/read-options.js';
import type { RunEvent, Status } from '../shared/status.js';
import { messageOf, UserError } from '../shared/user-error.js';
import type { FirstTokens } from './access/access.js';
import { tokenFile } from './access/token-file.js';
import { Conductor } from './conductor.js';
import { type Configuration, shardSamplesOf, totalSteps, updateRuleOf } from './configure.js';
import { Control } from './control.js';
import { type Core, createCore } from './core.js';
import { Events } from './events.js';
import { actionsOf, viewOf } from './live-run.js';
import { EventList } from './monitor/event-list.js';
import { readHistory } from './monitor/history.js';
import { Monitor } from './monitor/monitor.js';
import { Metrics } from './monitor/prometheus.js';
import { openRun, type StartCoordinatorOptions } from './open-run.js';
import { prepare } from './prepare.js';
import { Progress } from './progress.js';
import type { Checkpoint } from './record/checkpoint-reader.js';
import { RunLock } from './record/run-lock.js';
import type { Summary } from './record/summary.js';
import { stepsPerEpoch } from './schedule.js';
import { joinAddress, reachableLocally } from './server/addresses.js';
import { serve } from './server/serve.js';
import { openStaticFiles } from './server/static.js';
import { ThreadEngine } from './trust/thread-engine.js';
import { Trust } from './trust/trust.js';
import { TrustFile } from './trust/trust-file.js';
import { createRobustRule } from './update/robust/create.js';
import { createSchedule } from './update/schedules.js';

export type { StartCoordinatorOptions } from './open-run.js';

export interface RunningCoordinator {
  /** `http://HOST:PORT` or `https://HOST:PORT`, with the port that was really taken. */
  url: string;
  /** By which this machine's own workers come. */
  localUrl: string;
  /** Absolute path of the run's folder. */
  runDir: string;
  /** Tokens that were made now, since there were none; undefined where none are asked for. Told only once. */
  firstTokens: FirstTokens | undefined;
  /** What workers on this machine show, as long as this process lives; undefined where none is asked for. */
  localToken: string | undefined;
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
  const lock = new RunLock();
  try {
    return await startWith(lock, options);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function startWith(lock: RunLock, options: StartCoordinatorOptions): Promise<RunningCoordinator> {
  const events = new Events();
  const eventList = new EventList();
  const tell = (event: RunEvent) => {
    eventList.add(event);
    events.tell(event);
  };
  const warn = (text: string) => tell({ type: 'warning', text });
  const { folder, configuration, modelFunction, fence, stored, own } = await openRun(options, lock, warn);

  // A run that goes on has its model in the checkpoint: the file or function that built it is not needed.
  const model = stored?.state.model ?? modelFunction ?? configuration.model;
  const { description, weights, train, test, objects, hashes, objectBytes, keep } = await prepare(
    configuration,
    model,
    folder.built,
  );
  const { batchSize, shards, engineClass, deadAfter, seed, shuffle, checkpointEvery, minWorkers } =
    configuration;
  const epochPlan = { records: train.records, batchSize };
  const steps = totalSteps(configuration, epochPlan);
  const layout = layoutOf(description.weights);
  const metric = metricOf(description.loss);
  const shardSamples = shardSamplesOf(configuration);
  const ownEngine = new ThreadEngine({ description, train, objects, hashes, shardSamples, seed, shuffle });
  const trust = new Trust({ ...configuration, ownEngine, tell });
  const core = createCore({
    trust,
    robust: createRobustRule(configuration.robust, tell),
    layout,
    weights,
    rule: updateRuleOf(configuration),
    shards,
    engineClass,
    deadAfterMs: deadAfter * 1000,
    ...fence,
    objects: hashes,
    objectBytes,
    shardSamples,
    seed,
    shuffle,
    clock: monotonicClock,
    tell,
  });
  const trustFile = new TrustFile(folder.trust, warn);
  trust.onRecord = (record) => void trustFile.write(record);
  if (configuration.resume) {
    const record = await trustFile.read();
    if (record) trust.conduct.restore(record);
  }
  const progress = new Progress(monotonicClock.now(), metric === 'accuracy');
  if (stored) {
    restore(stored, core, progress);
    const text = `resumed at step ${progress.step} from ${stored.path}`;
    tell({ type: 'resumed', step: progress.step, text });
  } else if (configuration.resume) {
    warn(`${folder.dir} has no checkpoint yet: the run begins at step 0`);
  }
  if (progress.step > steps) {
    core.stop();
    throw new UserError(
      `the run in ${folder.dir} has done ${progress.step} steps, more than the ${steps} asked for`,
      2,
    );
  }
  const metrics = new Metrics();
  const monitor = new Monitor({
    stepped: (ms) => metrics.stepped(ms),
    // The one by which leases are dated.
    clock: core.awake,
    description,
    test,
    objects,
    pipeline: core.pipeline,
    events: eventList,
  });
  if (configuration.resume) {
    await readHistory(folder.metrics, monitor.history, metric, progress.step);
    const kept = stored?.state.changes ?? [];
    // A disk that failed may have left the file behind the checkpoint.
    if (kept.length > monitor.history.changes.length) monitor.history.changes = [...kept];
  }
  const control = new Control({
    schedule: (peak) =>
      createSchedule({
        name: configuration.schedule,
        learningRate: peak,
        totalSteps: steps,
        warmupSteps: configuration.warmupSteps,
        stepsPerEpoch: stepsPerEpoch(epochPlan),
      }),
    peak: configuration.lr,
    changes: monitor.history.changes,
  });
  const { x, y, label, normalisation } = train;
  const conductor = new Conductor({
    folder,
    lock,
    core,
    progress,
    metric,
    description,
    records: { x, y, label, normalisation },
    clock: monotonicClock,
    tell,
    configuration,
    control,
    monitor,
    trustFile,
    stored: ofScope(configuration, 'result'),
    resumedFrom: stored?.path,
    run: {
      steps,
      epochPlan,
      shards,
      evaluateEvery: everySteps(configuration, stepsPerEpoch(epochPlan)),
      checkpointEvery,
      minWorkers,
      layout,
      test: { parts: evaluationParts(test.records), confusionClasses: confusionClasses(test.label) },
    },
  });
  const watched = {
    runDir: folder.dir,
    shards,
    description,
    core,
    conductor,
    control,
    monitor,
  };
  const dashboard = { server: randomUUID(), runs: [viewOf(watched)], live: true };
  metrics.watch(() => conductor.status());
  const { counts } = metrics;
  const offered = {
    metrics,
    counts,
    objects,
    pages: openStaticFiles(),
    dashboard,
    actions: actionsOf(watched),
    join: joinAddress,
  };
  const doors = {
    ...configuration,
    tokens: configuration.tokens ?? tokenFile(folder.dir),
    locally: configuration.localWorkers > 0,
  };
  const server = await serve(doors, core.swarm, offered, warn).catch((error) => {
    core.stop();
    throw error;
  });
  // Only now can nothing of the user's be wrong any more.
  const settle = () => own().then(() => server.save());
  await settle().catch(async (error) => {
    core.stop();
    await server.close();
    throw error;
  });
  const kept = keep().catch((error) => warn(`what was built of the model is not kept: ${messageOf(error)}`));
  const finished = conductor
    .start(server.traffic, stored?.state.bytes)
    .finally(() => Promise.all([kept, lock.release()]));
  return {
    url: server.url,
    localUrl: server.localUrl ?? reachableLocally(server.url),
    runDir: folder.dir,
    firstTokens: server.firstTokens,
    localToken: server.issue('worker', 'local workers'),
    status: () => conductor.status(),
    onEvent: (listener) => events.listen(listener),
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
      await ownEngine.close();
    },
  };
}

const everySteps = ({ evaluateEvery }: Configuration, epoch: number): number =>
  evaluateEvery === 'epoch' ? epoch : evaluateEvery;

function restore({ state, sections, path }: Checkpoint, { pipeline, swarm }: Core, progress: Progress): void {
  try {
    pipeline.restore(state.progress.step, sections);
  } catch (error) {
    throw new UserError(`${path} does not fit this run: ${messageOf(error)}`);
  }
  progress.restore(state.progress, monotonicClock.now());
  swarm.restoreTotals(state.workers);
}

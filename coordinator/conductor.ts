/**
 * A run from its start to its files: drives `run.ts`, keeps metrics and checkpoints, ends cleanly
 * whatever happens, and tells the status.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../shared/clock.js';
import type { MetricName } from '../shared/losses.js';
import type { ModelDescription } from '../shared/models/description.js';
import type { GivenCoordinatorOptions } from '../shared/options.js';
import type { RunEvent, Status } from '../shared/status.js';
import { messageOf } from '../shared/user-error.js';
import { VERSION } from '../shared/version.js';
import type { Configuration } from './configure.js';
import type { Control } from './control.js';
import type { Core } from './core.js';
import type { Monitor } from './monitor/monitor.js';
import type { Progress } from './progress.js';
import type { RecordFormat } from './record/checkpoint-format.js';
import { CheckpointWriter } from './record/checkpoint-writer.js';
import { MetricsLog } from './record/metrics.js';
import { writeModelFiles } from './record/model-files.js';
import type { RunFolder } from './record/run-folder.js';
import type { RunLock } from './record/run-lock.js';
import { type Summary, scores, writeSummary } from './record/summary.js';
import { writeView } from './record/view-file.js';
import { createRecorder } from './recorder.js';
import { type RunOptions, run } from './run.js';
import { epochOf } from './schedule.js';
import type { Traffic } from './server/connection.js';
import { statusOf } from './status.js';
import { DivergedError } from './training-step.js';
import type { TrustFile } from './trust/trust-file.js';

/** How long a stop waits for the step in hand before it gives it up. */
const DRAIN_MS = 10_000;
/** How often workers hear how the run goes. */
const TELL_EVERY_MS = 1000;

export interface ConductorOptions {
  folder: RunFolder;
  lock: RunLock;
  core: Core;
  progress: Progress;
  metric: MetricName;
  description: ModelDescription;
  records: RecordFormat;
  clock: Clock;
  configuration: Configuration;
  /** The part of the configuration that decides the result. */
  stored: GivenCoordinatorOptions;
  run: RunOptions;
  control: Control;
  monitor: Monitor;
  trustFile: TrustFile;
  /** Path of the checkpoint with which the run goes on. */
  resumedFrom: string | undefined;
  tell(event: RunEvent): void;
}

export class Conductor {
  private readonly drain = new AbortController();
  private readonly abort = new AbortController();
  private readonly checkpoints: CheckpointWriter;
  private metrics!: MetricsLog;
  private traffic: Traffic = { up: 0, down: 0 };
  private earlierTraffic: Traffic = { up: 0, down: 0 };
  private checkpointedStep = -1;
  /** Path of the newest checkpoint; empty before the first. */
  private lastCheckpoint: string;
  private message = '';
  /** Why the folder is no longer this coordinator's. */
  private lost: string | undefined;
  /** Once the run is over. */
  private summary: Summary | undefined;

  constructor(private readonly options: ConductorOptions) {
    const { folder, configuration, lock } = options;
    lock.onLost = (why) => this.lose(why);
    this.lastCheckpoint = options.resumedFrom ?? '';
    this.checkpoints = new CheckpointWriter(folder.checkpoints, {
      keep: configuration.keepCheckpoints,
      beforeCommit: async () => {
        await options.lock.check();
        await this.metrics.flush();
      },
      written: (step, path) => {
        this.checkpointedStep = step;
        this.lastCheckpoint = path;
        options.tell({ type: 'checkpoint', step, text: `checkpoint at step ${step}: ${path}` });
      },
      warn: (text) => this.warn(text),
    });
  }

  /** The folder is another coordinator's now: ends at once, and writes nothing more. */
  private lose(why: string): void {
    this.lost = why;
    this.warn(`${why}: this one ends, and leaves the folder alone`);
    this.drain.abort(new Error(why));
    this.abort.abort(new Error(why));
  }

  /** Runs to the end. Never rejects but for a defect: how the run ended stands in the summary. */
  async start(traffic: Traffic, earlier: Traffic | undefined): Promise<Summary> {
    const { core, progress, clock, folder, metric, control } = this.options;
    this.traffic = traffic;
    if (earlier) this.earlierTraffic = earlier;
    this.metrics = await MetricsLog.open(folder.metrics, progress.step, metric, (text) => this.warn(text));
    const parts = {
      ...core,
      progress,
      record: createRecorder(this.options, this.metrics, {
        checkpoint: () => this.checkpoint(),
        settled: () => this.checkpoints.settled(),
      }),
      control,
      clock,
    };
    const stop = { drain: this.drain.signal, abort: this.abort.signal };
    const telling = setInterval(() => this.tellWorkers(), TELL_EVERY_MS);
    try {
      const complete = await run(this.options.run, parts, stop);
      if (this.lost) return await this.end('failed', this.lost);
      return await this.end(complete ? 'finished' : 'stopped');
    } catch (error) {
      if (this.lost) return this.end('failed', this.lost);
      if (error === this.abort.signal.reason) return this.end('stopped');
      return this.end('failed', this.explain(error));
    } finally {
      clearInterval(telling);
    }
  }

  /** Ends the run after the step in hand. */
  stop(): void {
    if (this.drain.signal.aborted) return;
    this.drain.abort(new Error('stopped'));
    setTimeout(() => this.abort.abort(new Error('stopped')), DRAIN_MS).unref();
    if (this.options.core.swarm.active().length === 0) this.abort.abort(new Error('stopped'));
  }

  status(): Status {
    const { core, progress, configuration, folder, metric, run, clock } = this.options;
    return statusOf({
      progress,
      members: core.swarm.members(),
      message: this.message,
      runDir: folder.dir,
      steps: run.steps,
      epoch: epochOf(Math.max(0, progress.step - 1), run.epochPlan) + 1,
      batchSize: configuration.batchSize,
      metric,
      seconds: this.summary?.seconds ?? progress.seconds(clock.now()),
      bytes: this.bytes(),
      ended: this.summary,
    });
  }

  private tellWorkers(): void {
    const { core, progress, run } = this.options;
    const { step, latest, samplesTrained } = progress;
    core.swarm.tellProgress({ step, steps: run.steps, loss: latest?.loss ?? null, samplesTrained });
  }

  private checkpoint(): void {
    const { core, progress, stored, clock, description, records, control } = this.options;
    if (progress.step === this.checkpointedStep) return;
    const state = {
      progress: progress.store(clock.now()),
      configuration: stored,
      model: description,
      records,
      workers: core.swarm.totals(),
      bytes: this.bytes(),
      trainRecords: this.options.run.epochPlan.records,
      changes: [...control.changes],
    };
    const running = this.checkpoints.begin(state, core.pipeline.sections());
    if (!running) return;
    core.pipeline.protect(running);
    running.done.finally(() => core.pipeline.protect(undefined));
  }

  private async end(status: Summary['status'], reason?: string): Promise<Summary> {
    const { core, progress, folder, description, tell, metric, monitor } = this.options;
    await this.checkpoints.settled();
    // A step given up half-way has changed part of the optimizer's state: the last checkpoint stands.
    if (status !== 'failed' && !core.pipeline.touched) {
      this.checkpoint();
      await this.checkpoints.settled();
    }
    await (this.lost ? this.metrics.abandon() : this.metrics.close());
    const weights = core.pipeline.weights.flat();
    const summary = this.summarise(status, weights, reason);
    this.summary = summary;
    try {
      const exported = core.pipeline.averaged?.flat() ?? weights;
      if (status !== 'failed') await writeModelFiles(folder.model, description, exported);
      if (!this.lost) {
        await writeSummary(folder.summary, summary);
        await this.options.trustFile.write(summary.audits);
        await writeView(folder.view, {
          model: monitor.model(),
          events: monitor.events.from(),
          timeline: monitor.timeline.view(),
        });
      }
    } catch (error) {
      this.warn(`the run's files could not be written to ${folder.dir}: ${messageOf(error)}`);
    }
    progress.state = status;
    const test = progress.test;
    this.message =
      reason ??
      (status === 'stopped'
        ? `stopped at step ${progress.step}; --run-dir ${folder.dir} --resume goes on`
        : `finished${test && metric === 'accuracy' ? ` with ${(100 * test.metric).toFixed(2)} % test accuracy` : ''}`);
    tell({ type: 'finished', text: this.message });
    this.tellWorkers();
    core.swarm.closeAll(status === 'stopped' ? 'restarting' : 'finished', `the run has ${status}`);
    return summary;
  }

  private summarise(status: Summary['status'], weights: Float32Array, reason?: string): Summary {
    const { progress, metric, core, run, clock, configuration } = this.options;
    const { train, test } = { train: progress.train(), test: progress.test };
    const workers = core.swarm.totals();
    const classes = new Set(workers.map((worker) => worker.engineClass));
    return {
      version: VERSION,
      status,
      ...(reason ? { reason } : {}),
      steps: progress.step,
      epochs: Math.floor(progress.step / Math.ceil(run.epochPlan.records / run.epochPlan.batchSize)),
      samplesTrained: progress.samplesTrained,
      seconds: progress.seconds(clock.now()),
      weightsSha256: createHash('sha256').update(new Uint8Array(weights.buffer)).digest('hex'),
      train: train && scores(metric, train),
      test: test && { ...scores(metric, test), samples: test.samples },
      shards: { ...progress.shards },
      workers,
      audits: core.trust.conduct.record(),
      reproducible: reproducible(configuration, classes),
      bytes: this.bytes(),
    };
  }

  private bytes(): { down: number; up: number } {
    const { traffic, earlierTraffic } = this;
    return { down: earlierTraffic.down + traffic.down, up: earlierTraffic.up + traffic.up };
  }

  private explain(error: unknown): string {
    const good = this.lastCheckpoint
      ? `the last good checkpoint is ${this.lastCheckpoint}`
      : 'there is no checkpoint yet';
    const advice =
      error instanceof DivergedError ? '; try a lower --lr, --warmup-steps or --clip-norm 1' : '';
    return `failed at step ${this.options.progress.step}: ${messageOf(error)}; ${good}${advice}`;
  }

  private warn(text: string): void {
    this.options.tell({ type: 'warning', text });
  }
}

function reproducible(
  { shards, robust }: Configuration,
  classes: ReadonlySet<string>,
): Summary['reproducible'] {
  if (robust !== 'none') {
    return { holds: false, why: `--robust ${robust} compares workers: who computed what decides` };
  }
  if (shards === 'auto') return { holds: false, why: '--shards auto cuts steps by the speed of the workers' };
  if (classes.size > 1) {
    return { holds: false, why: `workers of several engine classes took part: ${[...classes].join(', ')}` };
  }
  return { holds: true, why: `${shards} shards a step, all computed by ${[...classes][0] ?? 'nobody yet'}` };
}

/** The checkpoints of a run under way: what each holds, the newest of them, and what went wrong. */
import type { RecordFormat } from '../../../shared/data/manifest.js';
import type { ModelDescription } from '../../../shared/models/description.js';
import { told } from '../../../shared/status/events.js';
import type { CheckpointStatus } from '../../../shared/status/status.js';
import { messageOf } from '../../../shared/user-error.js';
import type { GivenCoordinatorOptions } from '../../options/options.js';
import type { Run } from '../../run/run.js';
import type { Origins } from '../folder/origins.js';
import { bestPath, keepAsBest, readBest } from './best.js';
import type { CheckpointState } from './format.js';
import type { Checkpoint } from './reader.js';
import { CheckpointWriter, type RunningCheckpoint } from './writer.js';

/** What the run's state says of the run besides its numbers: the same in every checkpoint. */
export interface RunIdentity {
  /** The part of the configuration that decides the result. */
  configuration: GivenCoordinatorOptions;
  model: ModelDescription;
  records: RecordFormat;
  origins: Origins;
}

export interface RunCheckpointOptions {
  dir: string;
  keep: number;
  /** Path of the checkpoint with which the run goes on. */
  resumedFrom: string | undefined;
  /** See {@link CheckpointWriter}. */
  beforeCommit(): Promise<void>;
}

export class RunCheckpoints {
  private readonly writer: CheckpointWriter;
  private writtenStep = -1;
  /** The newest. */
  last: { step: number; path: string; at: number } | undefined;
  /** Why the latest could not be written, if it could not; and how often that has happened. */
  trouble: unknown;
  private failures = 0;
  /** The best checkpoint, once it has been asked for. */
  private read: Checkpoint | undefined;

  constructor(
    private readonly run: Run,
    private readonly identity: RunIdentity,
    private readonly options: RunCheckpointOptions,
  ) {
    const { dir, keep, resumedFrom, beforeCommit } = options;
    const { progress, clock, tell } = run;
    if (resumedFrom) this.last = { step: progress.step, path: resumedFrom, at: clock.now() };
    const hooks = {
      keep,
      beforeCommit,
      committed: ({ progress: { step, watched } }: CheckpointState, path: string) =>
        watched?.best?.step === step ? this.keepAsBest(path, step) : Promise.resolve(),
      written: (step: number, path: string) => {
        this.writtenStep = step;
        this.last = { step, path, at: clock.now() };
        this.trouble = undefined;
        tell(told({ type: 'checkpoint', step, path }));
      },
      failed: (step: number, error: unknown) => {
        this.trouble = error;
        this.failures++;
        // In the end it is told with all else that is missing.
        if (progress.state === 'saving') return;
        const text = `NO CHECKPOINT was written at step ${step}: ${messageOf(error)}`;
        tell({ type: 'warning', text: `${text}; training goes on, the next checkpoint tries again` });
      },
      warn: (text: string) => tell({ type: 'warning', text }),
    };
    this.writer = new CheckpointWriter(dir, hooks, resumedFrom);
  }

  /** Begins one of now. @returns undefined where there is one of this step, or another is being written */
  begin(): RunningCheckpoint | undefined {
    const { core, progress, clock, control, options } = this.run;
    if (progress.step === this.writtenStep) return undefined;
    const state = {
      ...this.identity,
      progress: progress.store(clock.now()),
      workers: core.swarm.given.totals(),
      bytes: { ...core.swarm.traffic },
      trainRecords: options.epochPlan.records,
      changes: [...control.changes],
    };
    const running = this.writer.begin(state, core.pipeline.state.sections());
    if (!running) return undefined;
    core.pipeline.protect(running);
    running.done.finally(() => core.pipeline.protect(undefined));
    return running;
  }

  /** Puts right what a coordinator has left that was killed between a best checkpoint and its second name. */
  async mendBest(): Promise<void> {
    const { resumedFrom } = this.options;
    const { step, watching } = this.run.progress;
    const { watched } = watching;
    if (resumedFrom && watched?.best?.step === step) await this.keepAsBest(resumedFrom, step);
  }

  /** The best that the run has kept; undefined: it is not watched, or they are lost, which is told. */
  async best(): Promise<Checkpoint | undefined> {
    const { watched } = this.run.progress.watching;
    if (!watched?.best) return undefined;
    const { step } = watched.best;
    if (this.read?.state.progress.step === step) return this.read;
    this.read = await readBest(this.options.dir, step);
    if (!this.read)
      this.run.tell({
        type: 'warning',
        text: `THE BEST WEIGHTS, of step ${step}, are not to be found in ${this.options.dir}: the last ones take their place`,
      });
    return this.read;
  }

  /** Never rejects. */
  private keepAsBest(path: string, step: number): Promise<void> {
    return keepAsBest(this.options.dir, path).catch((error) =>
      this.run.tell({
        type: 'warning',
        text: `the best weights so far, of step ${step}, are not kept as ${bestPath(this.options.dir)}: ${messageOf(error)}`,
      }),
    );
  }

  /** The one of the run's end. @throws why it could not be written */
  async final(): Promise<void> {
    if (!((await this.begin()?.done) ?? true)) throw this.trouble;
  }

  /** Resolves when none is being written. */
  settled(): Promise<void> {
    return this.writer.settled();
  }

  /** See `CheckpointWriter.makeRoom`. */
  makeRoom(): Promise<boolean> {
    return this.writer.makeRoom();
  }

  status(now: number): CheckpointStatus {
    const { last, failures } = this;
    return { step: last?.step ?? null, secondsAgo: last ? (now - last.at) / 1000 : null, failures };
  }
}

/** All that is kept of one run: opened when it starts, and finished when it is over. */
import type { CheckpointStatus } from '../../shared/status/status.js';
import { messageOf } from '../../shared/user-error.js';
import type { Keeper, RunEnd } from '../run/lifecycle.js';
import type { Recorder } from '../run/loop.js';
import { RunCheckpoints } from './checkpoint/run-checkpoints.js';
import { Finish } from './finish.js';
import { disk } from './folder/disk.js';
import { MetricsLog } from './folder/metrics.js';
import type { Summary } from './folder/summary.js';
import type { KeptRun } from './kept-run.js';
import { createRecorder, type Watcher } from './recorder.js';
import { reproducibleSoFar } from './summarize.js';
import { TensorBoardLog } from './tensorboard/tensorboard-log.js';

export class RunRecord implements Keeper<Summary> {
  private readonly checkpoints: RunCheckpoints;
  private readonly ending: Finish;
  private metrics: MetricsLog | undefined;
  private tensorboard: TensorBoardLog | undefined;

  constructor(private readonly options: KeptRun) {
    const { run, identity, folder, lock, configuration, resumedFrom } = options;
    this.checkpoints = new RunCheckpoints(run, identity, {
      dir: folder.checkpoints,
      keep: configuration.keepCheckpoints,
      resumedFrom,
      beforeCommit: async () => {
        await lock.check();
        await this.metrics?.sync();
        await this.tensorboard?.flush();
      },
    });
    this.ending = new Finish(options, this.checkpoints);
  }

  async open(): Promise<Recorder> {
    const { run, folder, watcher, configuration } = this.options;
    // Until it ends again, the run has no end.
    await disk.rm(folder.summary, { force: true });
    await this.checkpoints.mendBest();
    const warn = (text: string) => run.tell({ type: 'warning', text });
    const lastStep = run.progress.step;
    const tensorboard = configuration.tensorboard
      ? await TensorBoardLog.open(folder.tensorboard, {
          lastStep,
          warn,
          validation: run.options.validation !== undefined,
        })
      : undefined;
    this.tensorboard = tensorboard;
    this.metrics = await MetricsLog.open(
      ...([folder.metrics, lastStep, run.metric, warn] as const),
      (line) => tensorboard?.line(line),
      run.progress.evaluatedAt,
    );
    const shown = tensorboard ? alsoShowing(watcher, tensorboard) : watcher;
    return createRecorder(run, this.metrics, shown, {
      checkpoint: () => void this.checkpoints.begin(),
      settled: () => this.checkpoints.settled(),
      best: async () => (await this.checkpoints.best())?.sections,
    });
  }

  async finish(end: RunEnd): Promise<Summary> {
    const summary = await this.ending.end(end, this.metrics);
    await this.tensorboard?.close();
    return summary;
  }

  hurry(patienceMs: number): void {
    this.ending.hurry(patienceMs);
  }

  /** What people are told of a run that is over, or cannot be saved; empty: nothing. */
  get message(): string {
    return this.ending.message;
  }

  /** Once the run is over. */
  get summary(): Summary | undefined {
    return this.ending.summary;
  }

  /** What is wrong with the checkpoints, though the run goes on; undefined: nothing. */
  get trouble(): string | undefined {
    const { trouble, last } = this.checkpoints;
    return trouble === undefined
      ? undefined
      : `no checkpoint since step ${last?.step ?? 0}: ${messageOf(trouble)}`;
  }

  /** Whether the same configuration gives the same weights again, and why, so far. */
  get reproducible(): Summary['reproducible'] {
    return this.summary?.reproducible ?? reproducibleSoFar(this.options.run, this.options.identity);
  }

  checkpointStatus(now: number): CheckpointStatus {
    return this.checkpoints.status(now);
  }
}

/** The same watcher, after which TensorBoard is shown the model of each evaluation. */
const alsoShowing = (watcher: KeptRun['watcher'], tensorboard: TensorBoardLog): Watcher => ({
  step: (entry) => watcher.step(entry),
  evaluation: (entry, totals) => {
    watcher.evaluation(entry, totals);
    tensorboard.model(watcher.model(), entry.set);
  },
  finalTest: (entry, totals) => {
    watcher.finalTest(entry, totals);
    tensorboard.mistakes(watcher.model(), 'test');
  },
  contribution: (times) => watcher.contribution(times),
  change: (change) => watcher.change(change),
});

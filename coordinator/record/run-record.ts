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
import { createRecorder } from './recorder.js';

export class RunRecord implements Keeper<Summary> {
  private readonly checkpoints: RunCheckpoints;
  private readonly ending: Finish;
  private metrics: MetricsLog | undefined;

  constructor(private readonly options: KeptRun) {
    const { run, identity, folder, lock, configuration, resumedFrom } = options;
    this.checkpoints = new RunCheckpoints(run, identity, {
      dir: folder.checkpoints,
      keep: configuration.keepCheckpoints,
      resumedFrom,
      beforeCommit: async () => {
        await lock.check();
        await this.metrics?.sync();
      },
    });
    this.ending = new Finish(options, this.checkpoints);
  }

  async open(): Promise<Recorder> {
    const { run, folder, watcher } = this.options;
    // Until it ends again, the run has no end.
    await disk.rm(folder.summary, { force: true });
    await this.checkpoints.mendBest();
    const warn = (text: string) => run.tell({ type: 'warning', text });
    this.metrics = await MetricsLog.open(folder.metrics, run.progress.step, run.metric, warn);
    return createRecorder(run, this.metrics, watcher, {
      checkpoint: () => void this.checkpoints.begin(),
      settled: () => this.checkpoints.settled(),
      best: async () => (await this.checkpoints.best())?.sections,
    });
  }

  finish(end: RunEnd): Promise<Summary> {
    return this.ending.end(end, this.metrics);
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

  checkpointStatus(now: number): CheckpointStatus {
    return this.checkpoints.status(now);
  }
}

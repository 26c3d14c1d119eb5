/** The end of a run: its last files, tried again until they are on disk, and what people and workers are told. */
import { weightsOfModel } from '../../shared/numerics/rounds/round-layout.js';
import { messageOf } from '../../shared/user-error.js';
import type { RunEnd } from '../run/lifecycle.js';
import { tellProgress } from '../run/run.js';
import type { RunCheckpoints } from './checkpoint/run-checkpoints.js';
import { disk } from './folder/disk.js';
import type { MetricsLog } from './folder/metrics.js';
import { type Missing, missingText, type Part, saveAll } from './folder/save-all.js';
import { type Summary, writeSummary } from './folder/summary.js';
import { writeView } from './folder/view-file.js';
import type { KeptRun } from './kept-run.js';
import { lastWords, reasonOf, unsavedText } from './last-words.js';
import { writeModelFiles } from './model/model-files.js';
import { writeProgramWeights } from './model/program/weights-file.js';
import { summarize } from './summarize.js';

/** How long the files of a run that is over are tried, where nobody is kept waiting by that. */
const SAVING_MS = 60_000;
/** ...and how far apart, at first and in the end. */
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2000;

export class Finish {
  message = '';
  summary: Summary | undefined;
  /** How long the files may be tried once the run is over, and until when. */
  private patienceMs: number;
  private deadline = Number.POSITIVE_INFINITY;
  private wake: () => void = () => undefined;
  private hasSentAway = false;

  constructor(
    private readonly options: KeptRun,
    private readonly checkpoints: RunCheckpoints,
  ) {
    this.patienceMs = options.configuration.linger ? Number.POSITIVE_INFINITY : SAVING_MS;
  }

  /** Files that cannot be written are tried for at most so long from now. */
  hurry(patienceMs: number): void {
    this.patienceMs = Math.min(this.patienceMs, patienceMs);
    this.deadline = Math.min(this.deadline, this.options.run.clock.now() + patienceMs);
    this.wake();
  }

  async end(end: RunEnd, metrics: MetricsLog | undefined): Promise<Summary> {
    const { run, folder } = this.options;
    await this.checkpoints.settled();
    run.progress.state = 'saving';
    const ofModel = (vector: Float32Array) => weightsOfModel(vector, this.options.identity.model.weights);
    const weights = run.core.pipeline.weights.flat();
    const isEarly = end.how === 'lost' || end.how === 'hopeless' || end.how === 'failed';
    const status = isEarly ? 'failed' : end.how;
    const reason = reasonOf(end, run, folder, this.checkpoints.last);
    // A folder that is another coordinator's is not looked into.
    const best = isEarly ? undefined : await this.checkpoints.best();
    const { course } = this.options.watcher.history;
    let summary = summarize(run, this.options.identity, {
      ...{ status, reason, weights, course },
      best: best?.sections,
    });
    // What evaluations have looked at: the moving average, if the run keeps one.
    const exported =
      best?.sections.get('average') ??
      best?.sections.get('weights') ??
      run.core.pipeline.averaged?.flat() ??
      weights;
    // A run that nobody could compute is sound: its last checkpoint is worth keeping.
    const isSound = status !== 'failed' || end.how === 'hopeless';
    const missing = this.lost ? [] : await this.save(summary, ofModel(exported), isSound, metrics);
    if (this.lost) summary = failedFor(this.lost, summary);
    else if (missing.length > 0) {
      const text = unsavedText(summary, missing, folder, this.checkpoints.last);
      summary = failedFor(text, summary);
      // Better none than one of a run that was saved.
      await writeSummary(folder.summary, summary)
        .catch(() => disk.rm(folder.summary, { force: true }))
        .catch(() => undefined);
    }
    await (this.lost ? metrics?.abandon() : metrics?.close().catch(() => undefined));
    this.summary = summary;
    run.progress.state = summary.status;
    this.message = lastWords(summary, run, folder, this.checkpoints.last);
    run.tell({ type: 'finished', status: summary.status, text: this.message });
    if (!this.lost) await this.writeForPeople(summary);
    this.sendAway(summary.status);
    return summary;
  }

  /** Why the folder is no longer this coordinator's; undefined while it is. */
  private get lost(): string | undefined {
    const { lost } = this.options.lock;
    return lost.aborted ? lost.reason.message : undefined;
  }

  /** Writes what a run that is over must have on disk, again and again, and `weights` as its model. @returns what is still missing */
  private async save(
    summary: Summary,
    weights: Float32Array,
    isSound: boolean,
    metrics: MetricsLog | undefined,
  ): Promise<Missing[]> {
    const { run, folder } = this.options;
    const { clock } = run;
    const last = { name: 'summary.json', write: () => writeSummary(folder.summary, summary) };
    this.deadline = clock.now() + (summary.status === 'failed' ? 0 : this.patienceMs);
    let retryMs = FIRST_RETRY_MS;
    const parts = this.parts(summary, weights, isSound, metrics);
    const missing = await saveAll(parts, last, {
      makeRoom: () => this.checkpoints.makeRoom(),
      again: async (missing) => {
        if (this.lost || clock.now() >= this.deadline) return false;
        const text = `the run is over, but NOT SAVED: ${missingText(missing)} cannot be written to ${folder.dir}`;
        if (!this.message) this.warn(`${text}; trying again, the weights are still served`);
        this.message = `${text}; trying again`;
        // Nothing is left for them to do.
        this.sendAway(summary.status);
        await this.rest(Math.min(retryMs, this.deadline - clock.now()));
        retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
        return !this.lost && clock.now() < this.deadline;
      },
    });
    this.message = '';
    return missing;
  }

  /** What must be there before the summary says so. */
  private parts(
    { status }: Summary,
    exported: Float32Array,
    isSound: boolean,
    metrics: MetricsLog | undefined,
  ): Part[] {
    const { run, folder, lock, identity } = this.options;
    const parts: Part[] = [
      { name: 'the lock', write: () => lock.check() },
      {
        name: 'metrics.jsonl',
        write: async () => {
          const error = await metrics?.sync();
          if (error) throw error;
        },
      },
    ];
    // A step given up half-way has changed part of the optimizer's state: the last checkpoint stands.
    if (isSound && !run.core.pipeline.touched) {
      const name = `the checkpoint of step ${run.progress.step}`;
      parts.push({ name, write: () => this.checkpoints.final() });
    }
    if (status !== 'failed') {
      const { model, records } = identity;
      const write = model.module ? writeProgramWeights : writeModelFiles;
      parts.push({ name: 'model/', write: () => write(folder.model, model, exported, records) });
    }
    return parts;
  }

  /** Resolves after so long, or when somebody wants the end. */
  private rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** What people are shown of a run that is over, and who is banned. It is no part of the result. */
  private async writeForPeople({ audits }: Summary): Promise<void> {
    const { folder, trustFile, watcher } = this.options;
    await trustFile.write(audits);
    await writeView(folder.view, watcher.view()).catch((error) =>
      this.warn(`${folder.view} could not be written: ${messageOf(error)}`),
    );
  }

  private sendAway(status: Summary['status']): void {
    if (this.hasSentAway) return;
    this.hasSentAway = true;
    const { run } = this.options;
    tellProgress(run);
    const reason = status === 'stopped' ? 'restarting' : 'finished';
    run.core.swarm.disconnections.closeAll(reason, `the run has ${status}`);
  }

  private warn(text: string): void {
    this.options.run.tell({ type: 'warning', text });
  }
}

const failedFor = (reason: string, summary: Summary): Summary => ({
  ...summary,
  status: 'failed',
  reason,
  health: { state: 'failed', reason },
});

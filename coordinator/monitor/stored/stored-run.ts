/**
 * A run as its files tell it: for the dashboard of runs that are over, were left, or are under way elsewhere.
 * `refresh` looks for what is new: lines of metrics, checkpoints, the end.
 */

import { basename } from 'node:path';
import { type Clock, monotonicClock } from '../../../shared/clock.js';
import { layoutOf } from '../../../shared/numerics/layout.js';
import { type MetricName, metricOf } from '../../../shared/numerics/losses.js';
import { weightsOfModel } from '../../../shared/numerics/rounds/round-layout.js';
import type { ModelView, TimelineView } from '../../../shared/status/monitoring.js';
import type { Status } from '../../../shared/status/status.js';
import { UserError } from '../../../shared/user-error.js';
import { type Checkpoint, listCheckpoints, readLatest } from '../../record/checkpoint/reader.js';
import { MetricsTail } from '../../record/folder/metrics-tail.js';
import { type RunFolder, runFolder } from '../../record/folder/run-folder.js';
import { readConfiguration } from '../../record/folder/stored-configuration.js';
import type { Summary } from '../../record/folder/summary.js';
import { readView, type StoredView } from '../../record/folder/view-file.js';
import { stepsPerEpoch } from '../../run/batches.js';
import { isStale, rateOf } from '../../run/progress.js';
import { type Configuration, configure } from '../../setup/configure.js';
import { History, type Line, takeLine } from '../curves/history.js';
import { EventLog } from '../event-log.js';
import { Sampler } from '../histograms.js';
import { modelViewOf } from '../monitor.js';
import type { RunMonitor, RunView } from '../views.js';
import { LockWatch, readSummary } from './stored-end.js';
import { storedStatus } from './stored-status.js';

/** The speed of a run under way is measured over about so long of its own time. */
const RATE_WINDOW_MS = 10_000;

/** @throws UserError if the folder holds no run, or the run no checkpoint that can be read */
export async function openStoredRun(dir: string, id: string): Promise<StoredRun> {
  const run = new StoredRun(runFolder(dir), id);
  await run.refresh();
  return run;
}

export class StoredRun implements RunView, RunMonitor {
  readonly monitor = this;
  readonly name: string;
  readonly events = new EventLog();
  history!: History;
  configuration!: Configuration;
  private checkpoint!: Checkpoint;
  private metric!: MetricName;
  private readonly tail: MetricsTail;
  private readonly lock: LockWatch;
  private last: Line | undefined;
  private test: Line | undefined;
  private validation: Line | undefined;
  /** The latest steps, by the run's own time, and when the last was read. */
  private rate: { at: number; samples: number }[] = [];
  private readAt = 0;
  private summary: Summary | undefined;
  private view: StoredView | undefined;
  private shown!: ModelView;

  constructor(
    private readonly folder: RunFolder,
    readonly id: string,
    private readonly clock: Clock = monotonicClock,
  ) {
    this.name = basename(folder.dir);
    this.tail = new MetricsTail(folder.metrics);
    this.lock = new LockWatch(folder.lock);
  }

  get shards(): string {
    return String(this.configuration.shards);
  }

  get stepsPerEpoch(): number | null {
    const { trainRecords: records } = this.checkpoint.state;
    const { batchSize } = this.configuration;
    return records === undefined ? null : stepsPerEpoch({ records, batchSize });
  }

  /** @throws UserError as `openStoredRun` */
  async refresh(): Promise<void> {
    const { folder, tail } = this;
    await this.refreshCheckpoint();
    await tail.read(
      (line) => this.take(line),
      () => this.restart(),
    );
    const isLed = await this.lock.look();
    // A run that goes on has left its earlier end behind.
    this.summary = isLed ? undefined : await readSummary(folder.summary);
    if (!isLed) await this.refreshView();
  }

  status(): Status {
    const { folder, checkpoint, summary, last, test, validation, configuration, lock } = this;
    const now = (this.rate.at(-1)?.at ?? 0) + this.clock.now() - this.readAt;
    return storedStatus({
      runDir: folder.dir,
      state: checkpoint.state,
      configuration,
      summary,
      last,
      test,
      validation,
      isLed: lock.isLed,
      samplesPerSecond: isStale(this.rate, now) ? 0 : rateOf(this.rate),
      course: this.history.course,
    });
  }

  timeline(): TimelineView {
    return this.view?.timeline ?? { workers: [], departed: [], steps: [] };
  }

  model(): ModelView {
    return this.shown;
  }

  network() {
    const { topology, weights } = this.checkpoint.state.model;
    return { topology, weights };
  }

  weights() {
    const { state, sections } = this.checkpoint;
    return {
      version: state.progress.step,
      copy: () => weightsOfModel(sections.get('average') ?? sections.get('weights')!, state.model.weights),
    };
  }

  private async refreshCheckpoint(): Promise<void> {
    const { folder, events } = this;
    const [newest] = await listCheckpoints(folder.checkpoints);
    if (this.checkpoint && (!newest || newest.path === this.checkpoint.path)) return;
    this.configuration = configure(await readConfiguration(folder));
    const found = await readLatest(folder.checkpoints, events.warn);
    if (!found) {
      throw new UserError(`${folder.dir} has no checkpoint yet: wait for the first one, or train further`);
    }
    this.checkpoint = found;
    this.metric = metricOf(found.state.model.loss);
    this.history ??= new History(this.metric);
    this.shown = this.modelOf(found);
  }

  private async refreshView(): Promise<void> {
    const view = await readView(this.folder.view);
    if (!view || JSON.stringify(view) === JSON.stringify(this.view)) return;
    this.view = view;
    this.events.restore(view.events);
    this.shown = this.modelOf(this.checkpoint);
  }

  /** What a view lacks that was written by an older version, or while the run goes on, the checkpoint tells. */
  private modelOf(checkpoint: Checkpoint): ModelView {
    const { model, records } = checkpoint.state;
    const isOfTheView = this.view && !this.lock.isLed;
    return {
      ...modelViewOf(model, records),
      ...(isOfTheView ? this.view!.model : { histograms: histogramsOf(checkpoint) }),
    };
  }

  private take(line: string): void {
    const taken = takeLine(line, this.history, this.metric);
    if (taken?.type === 'test') this.test = taken.line;
    if (taken?.type === 'evaluation') this[taken.set] = taken.line;
    if (taken?.type !== 'step') return;
    const step = taken.line;
    this.last = step;
    const samples = step.samples!;
    this.readAt = this.clock.now();
    this.rate.push({ at: 1000 * step.time!, samples });
    while (this.rate.at(-1)!.at - this.rate[0]!.at > RATE_WINDOW_MS) this.rate.shift();
  }

  private restart(): void {
    this.history = new History(this.metric);
    this.last = undefined;
    this.test = undefined;
    this.validation = undefined;
    this.rate = [];
  }
}

function histogramsOf({ state, sections }: Checkpoint) {
  const layout = layoutOf(state.model.weights);
  const sampler = new Sampler(layout);
  const samples = sampler.allocate();
  sampler.takeAll(weightsOfModel(sections.get('weights')!, state.model.weights), samples);
  return { step: state.progress.step, weights: sampler.histograms(samples, undefined) };
}

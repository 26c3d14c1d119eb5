/**
 * A run as its files tell it: for the dashboard of runs that are over, were left, or are under way elsewhere.
 * `refresh` looks for what is new: lines of metrics, checkpoints, the end.
 */
import { basename } from 'node:path';
import { layoutOf } from '../../shared/layout.js';
import { type MetricName, metricOf } from '../../shared/losses.js';
import type { ModelView, TimelineView } from '../../shared/monitoring.js';
import type { Status } from '../../shared/status.js';
import { UserError } from '../../shared/user-error.js';
import { type Configuration, configure } from '../configure.js';
import { type Checkpoint, listCheckpoints, readLatest } from '../record/checkpoint-reader.js';
import { MetricsTail } from '../record/metrics-tail.js';
import { type RunFolder, readConfiguration, runFolder } from '../record/run-folder.js';
import type { Summary } from '../record/summary.js';
import { readView, type StoredView } from '../record/view-file.js';
import { EventList } from './event-list.js';
import { Sampler } from './histograms.js';
import { History, type Line, takeLine } from './history.js';
import { modelViewOf } from './monitor.js';
import type { RunView } from './run-view.js';
import { LockWatch, readSummary } from './stored-end.js';
import { storedStatus } from './stored-status.js';

/** The speed of a run under way is measured over about so many seconds of its own time. */
const RATE_WINDOW_S = 10;

/** @throws UserError if the folder holds no run, or the run no checkpoint that can be read */
export async function openStoredRun(dir: string, id: string): Promise<StoredRun> {
  const run = new StoredRun(runFolder(dir), id);
  await run.refresh();
  return run;
}

export class StoredRun implements RunView {
  readonly name: string;
  readonly events = new EventList();
  history!: History;
  private configuration!: Configuration;
  private checkpoint!: Checkpoint;
  private metric!: MetricName;
  private readonly tail: MetricsTail;
  private readonly lock: LockWatch;
  private last: Line | undefined;
  private test: Line | undefined;
  /** The latest steps' `time`, with the samples trained until then: since this run was opened here. */
  private rate: { time: number; samples: number }[] = [];
  private samples = 0;
  private summary: Summary | undefined;
  private view: StoredView | undefined;
  private shown!: ModelView;

  constructor(
    private readonly folder: RunFolder,
    readonly id: string,
  ) {
    this.name = basename(folder.dir);
    this.tail = new MetricsTail(folder.metrics);
    this.lock = new LockWatch(folder.lock);
  }

  get shards(): string {
    return String(this.configuration.shards);
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
    const { folder, checkpoint, summary, last, test, configuration, lock } = this;
    const [first, latest] = [this.rate[0], this.rate.at(-1)];
    const samplesPerSecond =
      first && latest && latest.time > first.time
        ? (latest.samples - first.samples) / (latest.time - first.time)
        : 0;
    return storedStatus({
      runDir: folder.dir,
      state: checkpoint.state,
      configuration,
      summary,
      last,
      test,
      isLed: lock.isLed,
      samplesPerSecond,
    });
  }

  timeline(): TimelineView {
    return this.view?.timeline ?? { workers: [], steps: [] };
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
      values: sections.get('average') ?? sections.get('weights')!,
    };
  }

  private async refreshCheckpoint(): Promise<void> {
    const { folder, events } = this;
    const [newest] = await listCheckpoints(folder.checkpoints);
    if (this.checkpoint && (!newest || newest.path === this.checkpoint.path)) return;
    this.configuration = configure(await readConfiguration(folder));
    const found = await readLatest(folder.checkpoints, (text) => events.add({ type: 'warning', text }));
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
    if (taken?.type === 'evaluation') this.test = taken.line;
    if (taken?.type !== 'step') return;
    const step = taken.line;
    this.last = step;
    this.samples += step.samples!;
    this.rate.push({ time: step.time!, samples: this.samples });
    while (this.rate.at(-1)!.time - this.rate[0]!.time > RATE_WINDOW_S) this.rate.shift();
  }

  private restart(): void {
    this.history = new History(this.metric);
    this.last = undefined;
    this.test = undefined;
    this.rate = [];
  }
}

function histogramsOf({ state, sections }: Checkpoint) {
  const layout = layoutOf(state.model.weights);
  const sampler = new Sampler(layout);
  const samples = sampler.allocate();
  sampler.takeAll(sections.get('weights')!, samples);
  return { step: state.progress.step, weights: sampler.histograms(samples, undefined) };
}

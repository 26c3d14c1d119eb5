/** A run as its files tell it: for the dashboard of runs that are over, or were left. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { layoutOf } from '../../shared/layout.js';
import { metricOf } from '../../shared/losses.js';
import type { Status } from '../../shared/status.js';
import { messageOf, UserError } from '../../shared/user-error.js';
import { configure } from '../configure.js';
import type { Checkpoint } from '../record/checkpoint-reader.js';
import { readLatest } from '../record/checkpoint-reader.js';
import { type RunFolder, readConfiguration, runFolder } from '../record/run-folder.js';
import type { Summary } from '../record/summary.js';
import { readView } from '../record/view-file.js';
import { EventList } from './event-list.js';
import { Sampler } from './histograms.js';
import { History, readHistory } from './history.js';
import { modelViewOf } from './monitor.js';
import type { RunView } from './run-view.js';

/** @throws UserError if the folder holds no run, or the run no checkpoint that can be read */
export async function openStoredRun(dir: string, id: string): Promise<RunView> {
  const folder = runFolder(dir);
  const configuration = configure(await readConfiguration(folder));
  const events = new EventList();
  const checkpoint = await readLatest(folder.checkpoints, (text) => events.add({ type: 'warning', text }));
  if (!checkpoint) {
    throw new UserError(`${folder.dir} has no checkpoint yet: wait for the first one, or train further`);
  }
  const { state, sections } = checkpoint;
  const metric = metricOf(state.model.loss);
  const history = new History(metric);
  const last = await readHistory(folder.metrics, history, metric);
  const summary = await readSummary(folder);
  const view = await readView(folder.view);
  if (view) events.restore(view.events);
  const weights = sections.get('average') ?? sections.get('weights')!;
  const { batchSize, steps } = configuration;
  const status = statusOf(folder, checkpoint, summary, last, steps);
  // What a view lacks that was written by an older version, the checkpoint tells.
  const model = {
    ...modelViewOf(state.model, state.records),
    ...(view?.model ?? { histograms: histogramsOf(checkpoint) }),
  };
  return {
    id,
    name: basename(folder.dir),
    shards: String(configuration.shards),
    history,
    events,
    status: () => ({ ...status, batchSize }),
    timeline: () => ({ workers: [], steps: [] }),
    model: () => model,
    network: () => ({ topology: state.model.topology, weights: state.model.weights }),
    weights: () => ({ version: state.progress.step, values: weights }),
  };
}

function histogramsOf({ state, sections }: Checkpoint) {
  const layout = layoutOf(state.model.weights);
  const sampler = new Sampler(layout);
  const samples = sampler.allocate();
  sampler.takeAll(sections.get('weights')!, samples);
  return { step: state.progress.step, weights: sampler.histograms(samples, undefined) };
}

type LastStep = Awaited<ReturnType<typeof readHistory>>;

function statusOf(
  folder: RunFolder,
  { state }: Checkpoint,
  summary: Summary | undefined,
  last: LastStep,
  steps: number | undefined,
): Omit<Status, 'batchSize'> {
  const { progress, model, workers, bytes } = state;
  const metric = metricOf(model.loss);
  const step = Math.max(last?.step ?? 0, progress.step);
  const test = summary?.test ?? progress.test;
  const seconds = summary?.seconds ?? last?.time ?? progress.seconds;
  const samplesTrained = summary?.samplesTrained ?? progress.samplesTrained;
  const latest = (name: string) => (name === metric ? (last?.metric ?? null) : null);
  const tested = (name: typeof metric) =>
    name === metric ? (summary?.test?.[name] ?? progress.test?.metric ?? null) : null;
  return {
    state: summary?.status ?? 'stopped',
    message: summary?.reason ?? summary?.status ?? 'read from its files: it has no end yet',
    runDir: folder.dir,
    step,
    steps: Math.max(step, steps ?? 0),
    epoch: last?.epoch ?? 1,
    metric,
    loss: last?.loss ?? null,
    accuracy: latest('accuracy'),
    meanAbsoluteError: latest('meanAbsoluteError'),
    testLoss: test?.loss ?? null,
    testAccuracy: tested('accuracy'),
    testMeanAbsoluteError: tested('meanAbsoluteError'),
    // Over the whole run: there is no lately.
    samplesPerSecond: seconds > 0 ? samplesTrained / seconds : 0,
    secondsLeft: null,
    seconds,
    samplesTrained,
    bytes: summary?.bytes ?? bytes,
    workers: (summary?.workers ?? workers).map(({ name, kind, engine, samples }, id) => ({
      id,
      name,
      kind,
      // Not kept: all that is shown of a run that is over has counted.
      role: 'worker',
      engine,
      state: 'left',
      samples,
      samplesPerSecond: 0,
      waitMs: 0,
      computeMs: 0,
      networkMs: 0,
    })),
    shards: summary?.shards ?? progress.shards,
  };
}

/** Undefined for a run that has not ended. @throws UserError if the file cannot be read */
async function readSummary({ summary }: RunFolder): Promise<Summary | undefined> {
  try {
    return JSON.parse(await readFile(summary, 'utf8')) as Summary;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UserError(`${summary} cannot be read: ${messageOf(error)}`);
  }
}

/** What watches a run and what steers it: curves and changes of earlier starts are read from the run's file. */
import type { Change } from '../../shared/status/monitoring.js';
import type { Prepared } from '../prepare/prepare.js';
import { updatesIn, updatesPerEpoch } from '../run/batches.js';
import { Control } from '../run/control.js';
import type { OpenedRun } from '../setup/open-run.js';
import type { Training } from '../setup/training.js';
import { createSchedule } from '../update/schedules.js';
import { History, readHistory } from './curves/history.js';
import type { EventLog } from './event-log.js';
import { Monitor } from './monitor.js';

export interface Watch {
  monitor: Monitor;
  control: Control;
  /** The control of a run of so many steps. */
  controlOf(steps: number): Control;
}

/** What evaluations have changed later, they change again. */
const isMade = (change: Change, evaluatedAt: number): boolean =>
  !(change.what === 'learning-rate' && change.by === 'plateau' && change.step > evaluatedAt);

export async function createMonitor(
  { folder, configuration, stored }: OpenedRun,
  { description, test, objects }: Prepared,
  { run: { core, metric, progress, options } }: Training,
  events: EventLog,
): Promise<Watch> {
  const history = new History(metric);
  events.steps = () => progress.step;
  if (configuration.resume) {
    await readHistory(folder.metrics, history, metric, progress.step);
    const kept = stored?.state.changes ?? [];
    // A disk that failed may have left the file behind the checkpoint.
    if (kept.length > history.changes.length) history.changes = [...kept];
    history.changes = history.changes.filter((change) => isMade(change, progress.evaluatedAt));
  }
  // The clock by which leases are dated.
  const parts = { clock: core.awake, description, test, objects, pipeline: core.pipeline, events, history };
  const { schedule: name, warmupSteps, lr: peak } = configuration;
  const { epochPlan } = options;
  const course = { name, warmupSteps, stepsPerEpoch: updatesPerEpoch(epochPlan) };
  const { changes } = history;
  const controlOf = (steps: number) =>
    new Control({
      schedule: (learningRate) =>
        createSchedule({ ...course, learningRate, totalSteps: updatesIn(steps, epochPlan) }),
      peak,
      changes,
    });
  return { monitor: new Monitor(parts), control: controlOf(options.steps), controlOf };
}

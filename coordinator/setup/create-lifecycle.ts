/** A run with all of its parts, what is kept of it, and what leads it. */
import { ofScope } from '../options/options.js';
import type { Prepared } from '../prepare/prepare.js';
import type { Summary } from '../record/folder/summary.js';
import type { KeptRun } from '../record/kept-run.js';
import { RunRecord } from '../record/run-record.js';
import type { Control } from '../run/control.js';
import { RunLifecycle } from '../run/lifecycle.js';
import type { Run } from '../run/run.js';
import type { Announcer, OpenedRun } from './open-run.js';
import { originsOf } from './origins.js';
import type { Training } from './training.js';

export interface LedRun {
  run: Run;
  record: RunRecord;
  lifecycle: RunLifecycle<Summary>;
}

/** What watches a run, and what steers it. */
export interface Watching {
  monitor: KeptRun['watcher'];
  control: Control;
  /** The control of a run of so many steps. */
  controlOf(steps: number): Control;
}

/** @throws UserError where a run would go on with other data */
export async function createLifecycle(
  opened: OpenedRun,
  prepared: Prepared,
  training: Training,
  watching: Watching,
  announcer: Announcer,
): Promise<LedRun> {
  const { folder, configuration, lock, stored } = opened;
  const { description, train } = prepared;
  const { control, monitor } = watching;
  const run = { ...training.run, control };
  const { x, y, label, named, columns, tokens, normalisation } = train;
  const record = new RunRecord({
    ...{ run, folder, lock, configuration },
    trustFile: training.trustFile,
    resumedFrom: stored?.path,
    watcher: monitor,
    identity: {
      configuration: ofScope(configuration, 'result'),
      model: description,
      records: {
        ...{ x, y, label, normalisation },
        ...(named ? { named } : {}),
        ...(columns ? { columns } : {}),
        ...(tokens ? { tokens } : {}),
      },
      origins: await originsOf(opened, prepared, training, watching, announcer),
    },
  });
  return { run, record, lifecycle: new RunLifecycle(run, record, lock.lost) };
}

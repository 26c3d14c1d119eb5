/** A run with all that is kept of it. */
import type { ModelView } from '../../shared/status/monitoring.js';
import type { Run } from '../run/run.js';
import type { Course } from '../run/watch/course.js';
import type { RunIdentity } from './checkpoint/run-checkpoints.js';
import type { RunFolder } from './folder/run-folder.js';
import type { TrustFile } from './folder/trust-file.js';
import type { StoredView } from './folder/view-file.js';
import type { RunLock } from './lock/run-lock.js';
import type { Watcher } from './recorder.js';

export interface KeptRun {
  run: Run;
  identity: RunIdentity;
  folder: RunFolder;
  lock: Pick<RunLock, 'check' | 'lost'>;
  trustFile: TrustFile;
  configuration: { keepCheckpoints: number; linger: boolean; tensorboard: boolean };
  /** Path of the checkpoint with which the run goes on. */
  resumedFrom: string | undefined;
  /** Sees what is kept, as it happens. */
  watcher: Watcher & { view(): StoredView; model(): ModelView; readonly history: { course: Course } };
}

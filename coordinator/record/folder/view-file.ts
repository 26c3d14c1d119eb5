/** RUN_DIR/view.json: what the dashboard showed last of a run, besides what other files tell. For people, never for a resume. */
import { readFile } from 'node:fs/promises';
import type { LoggedEvent } from '../../../shared/status/events.js';
import type { ModelView, TimelineView } from '../../../shared/status/monitoring.js';
import { writeJsonAtomically } from './atomic-file.js';

export interface StoredView {
  model: ModelView;
  events: LoggedEvent[];
  /** Absent in files of older versions. */
  timeline?: TimelineView;
}

export const writeView = (path: string, view: StoredView): Promise<void> => writeJsonAtomically(path, view);

/** Undefined where there is none, or none that can be read: the rest can be shown without it. */
export async function readView(path: string): Promise<StoredView | undefined> {
  try {
    const view = JSON.parse(await readFile(path, 'utf8')) as Partial<StoredView>;
    return view.model && Array.isArray(view.events) ? (view as StoredView) : undefined;
  } catch {
    return undefined;
  }
}

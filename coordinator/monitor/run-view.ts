/** A run as those who watch it see it: under way, or read from its files. */
import type { WeightSpec } from '../../shared/layout.js';
import type { ModelView, TimelineView } from '../../shared/monitoring.js';
import type { Status } from '../../shared/status.js';
import type { EventList } from './event-list.js';
import type { History } from './history.js';

export interface RunView {
  /** Unique among the runs of one server. */
  id: string;
  name: string;
  /** Shards of a step, for people. */
  shards: string;
  history: History;
  events: Pick<EventList, 'from'>;
  status(): Status;
  timeline(): TimelineView;
  model(): ModelView;
  /** What a browser needs, with the weights, to build the model. */
  network(): { topology: Record<string, unknown>; weights: WeightSpec[] };
  /** As they are evaluated: the moving average, where the run keeps one. A copy. */
  weights(): { version: number; values: Float32Array };
}

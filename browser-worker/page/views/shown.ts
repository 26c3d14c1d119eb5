/** What every view may show of the run that was chosen. */
import type { LoggedEvent } from '../../../shared/status/events.js';
import type { ModelView, StatusView, TimelineView } from '../../../shared/status/monitoring.js';
import type { CurveState } from '../curves/charts.js';

export interface Shown {
  /** Its id. */
  run: string;
  status: StatusView;
  timeline: TimelineView | undefined;
  model: ModelView | undefined;
  events: LoggedEvent[];
  curves: CurveState;
  /** Whether this visitor may change it. */
  admin: boolean;
  /** Whether it is under way here. */
  goesOn: boolean;
  onRefused(reason: string): void;
}

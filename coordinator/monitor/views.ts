/**
 * What the dashboard shows of a run, each with the route that answers it: the one table of them. A row is all that a
 * new route needs; that a row exists is its right to be asked for (`server/http/rights.ts` takes paths and roles from
 * here).
 */
import type { WeightSpec } from '../../shared/numerics/layout.js';
import { type Right, STEER, WATCH } from '../../shared/protocol/roles.js';
import type { ContinuationView, ModelView, TimelineView } from '../../shared/status/monitoring.js';
import type { Status } from '../../shared/status/status.js';
import type { CoordinatorOptions } from '../options/options.js';
import { configView } from './config-view.js';
import type { History } from './curves/history.js';
import type { EventLog } from './event-log.js';
import { shownStatus, workersView } from './status/worker-rows.js';

/** What is kept of a run for those who watch it: of one under way by `Monitor`, else from its files. */
export interface RunMonitor {
  readonly history: History;
  readonly events: Pick<EventLog, 'from'>;
  timeline(): TimelineView;
  model(): ModelView;
  /** What a browser needs, with the weights, to build the model. */
  network(): { topology: Record<string, unknown>; weights: WeightSpec[] };
  /** The weights that are evaluated: the moving average, if the run keeps one. `copy` copies them. */
  weights(): { version: number; copy(): Float32Array };
}

/** A run as those who watch it see it: under way, or read from its files. */
export interface RunView {
  /** Unique among the runs of one server. */
  readonly id: string;
  readonly name: string;
  /** Shards of a step, for people. */
  readonly shards: string;
  /** Null where files of an older version do not tell. */
  readonly stepsPerEpoch: number | null;
  readonly configuration: CoordinatorOptions;
  /** Absent where it cannot go on here. */
  continuation?(): ContinuationView | null;
  readonly monitor: RunMonitor;
  status(): Status;
}

export interface View {
  path: string;
  role: Right;
  /**
   * JSON of the run.
   * @param number a whole number that the visitor asked with, by its name; undefined: none, or something else
   * @param text any text that it asked with, by its name
   */
  of(
    run: RunView,
    number: (name: string) => number | undefined,
    text: (name: string) => string | undefined,
  ): unknown;
}

export const VIEWS: readonly View[] = [
  { path: '/api/status', role: WATCH, of: (run) => shownStatus(run.status()) },
  {
    path: '/api/workers',
    role: WATCH,
    of: (run, number, text) => workersView(run.status(), number('from'), text('search')),
  },
  {
    path: '/api/history',
    role: WATCH,
    of: ({ monitor }, number) =>
      monitor.history.view({
        from: number('from'),
        to: number('to'),
        points: number('points'),
        every: number('every'),
      }),
  },
  { path: '/api/events', role: WATCH, of: ({ monitor }, number) => monitor.events.from(number('from')) },
  { path: '/api/timeline', role: WATCH, of: ({ monitor }) => monitor.timeline() },
  { path: '/api/model', role: WATCH, of: ({ monitor }) => monitor.model() },
  { path: '/api/config', role: WATCH, of: ({ configuration }) => configView(configuration) },
  { path: '/api/continuation', role: STEER, of: (run) => run.continuation?.() ?? null },
  { path: '/api/network', role: WATCH, of: ({ monitor }) => monitor.network() },
];

/** RUN_DIR/summary.json: what came of a run, for people and scripts. */
import type { MetricName } from '../../../shared/numerics/losses.js';
import type { Health, ShardCounters } from '../../../shared/status/status.js';
import type { FigureName } from '../../run/watch/figures.js';
import type { Totals } from '../../scheduling/totals.js';
import type { TrustRecord } from '../../trust/reputation.js';
import { writeJsonAtomically } from './atomic-file.js';

/** Means over samples. The metric stands under its own name, which the loss decides; `metrics`: those of `--metrics`. */
export type Scores = { loss: number; metrics?: Record<string, number> } & { [M in MetricName]?: number };

/** What became of a run, as `summary.json` has it. */
export interface Summary {
  /** The version of this program. */
  version: string;
  status: 'finished' | 'stopped' | 'failed';
  /** Why, where the status is `failed`. */
  reason?: string;
  /** Updates made. */
  steps: number;
  /** Epochs completed. */
  epochs: number;
  samplesTrained: number;
  /** Seconds over all starts of the run. */
  seconds: number;
  /** The hash of the little-endian float32 bytes of all weights, in model order. */
  weightsSha256: string;
  /** Of a run with `--local-steps`, whose steps are rounds: updates of each replica, in all. */
  updates?: number;
  /** Loss and metric of the last epoch; null before the first step. */
  train: Scores | null;
  /**
   * The latest evaluation on the test set; null before the first. `step`: the updates that the tested weights have seen,
   * where these are not the latest.
   */
  test: (Scores & { samples: number; step?: number }) | null;
  /** The latest evaluation on the validation set; absent in a run without one. */
  validation?: Scores & { samples: number };
  /** The best evaluation, by `--monitor` or else by the metric; absent before the first. */
  best?: {
    /** Updates that they have seen. */
    step: number;
    metric: FigureName;
    value: number;
    /** Of which set the value is. */
    set: 'validation' | 'test';
    /** As that of the run; null where model/ does not have them: none are kept without `--monitor`, or they were lost. */
    weightsSha256: string | null;
  };
  /** Why the run made fewer steps than it was to; absent: it did not end early. */
  stoppedEarly?: string;
  shards: ShardCounters;
  workers: Totals[];
  /** That a step had fewer shards than its workers had lanes (as they told), and the options that would use all. */
  idleLanes?: { shards: number; lanes: number; remedy: string };
  /** What volunteers' work was found to be, and who is banned for it. */
  audits: TrustRecord;
  /** How the run went, by its figures; absent in summaries of older versions. */
  health?: Health;
  /** Whether the same configuration gives the same weights again with any workers, and why. */
  reproducible: { holds: boolean; why: string };
  /** Sent to workers, and received from them. */
  bytes: { down: number; up: number };
}

export function scores(
  metric: MetricName,
  { loss, metric: value, metrics }: { loss: number; metric: number; metrics?: Record<string, number> },
): Scores {
  return { loss, [metric]: value, ...(metrics ? { metrics } : {}) };
}

export const writeSummary = (path: string, summary: Summary): Promise<void> =>
  writeJsonAtomically(path, summary);

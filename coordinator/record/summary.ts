/** RUN_DIR/summary.json: what came of a run, for people and scripts. */
import type { MetricName } from '../../shared/losses.js';
import type { ShardCounters } from '../../shared/status.js';
import type { TrustRecord } from '../trust/conduct.js';
import type { Totals } from '../work/members.js';
import { writeJsonAtomically } from './atomic-file.js';

/** Means over samples. The metric stands under its own name, which the loss decides. */
export type Scores = { loss: number } & { [M in MetricName]?: number };

export interface Summary {
  /** Of this program. */
  version: string;
  status: 'finished' | 'stopped' | 'failed';
  /** Why, where the status is `failed`. */
  reason?: string;
  /** Updates made. */
  steps: number;
  /** Epochs completed. */
  epochs: number;
  samplesTrained: number;
  /** Over all starts of the run. */
  seconds: number;
  /** Over the little-endian float32 bytes of all weights, in model order. */
  weightsSha256: string;
  /** Over the last epoch; null before the first step. */
  train: Scores | null;
  /** The latest evaluation; null before the first. */
  test: (Scores & { samples: number }) | null;
  shards: ShardCounters;
  workers: Totals[];
  /** What volunteers' work was found to be, and who is banned for it. */
  audits: TrustRecord;
  /** Whether the same configuration gives the same weights again, whoever takes part, and why. */
  reproducible: { holds: boolean; why: string };
  /** Sent to workers, and received from them. */
  bytes: { down: number; up: number };
}

export function scores(
  metric: MetricName,
  { loss, metric: value }: { loss: number; metric: number },
): Scores {
  return { loss, [metric]: value };
}

export const writeSummary = (path: string, summary: Summary): Promise<void> =>
  writeJsonAtomically(path, summary);

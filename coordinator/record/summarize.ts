/** What came of a run, in numbers: what `summary.json` tells. */
import { createHash } from 'node:crypto';
import { VERSION } from '../../shared/version.js';
import type { Run } from '../run/run.js';
import type { RunIdentity } from './checkpoint/run-checkpoints.js';
import { type Summary, scores } from './folder/summary.js';
import { reproducible } from './reproducible.js';

export interface Outcome {
  status: Summary['status'];
  /** Why it failed. */
  reason: string | undefined;
  /** Of the last version, all of them. */
  weights: Float32Array;
}

export function summarize(
  { core, progress, options, control, metric, clock }: Run,
  { configuration, origins }: RunIdentity,
  { status, reason, weights }: Outcome,
): Summary {
  const { epochPlan, shards } = options;
  const train = progress.train();
  const { test } = progress;
  const workers = core.swarm.given.totals();
  const audits = core.trust.reputation.record();
  return {
    version: VERSION,
    status,
    ...(reason ? { reason } : {}),
    steps: progress.step,
    epochs: Math.floor(progress.step / Math.ceil(epochPlan.records / epochPlan.batchSize)),
    samplesTrained: progress.samplesTrained,
    seconds: progress.seconds(clock.now()),
    weightsSha256: createHash('sha256').update(new Uint8Array(weights.buffer)).digest('hex'),
    train: train && scores(metric, train),
    test: test && { ...scores(metric, test), samples: test.samples },
    shards: { ...progress.shards },
    workers,
    ...(core.swarm.lanesAdvice.given && { idleLanes: core.swarm.lanesAdvice.given }),
    audits,
    reproducible: reproducible({
      shards,
      robust: configuration.robust,
      engineClasses: new Set(workers.map((worker) => worker.engineClass)),
      audits,
      changes: control.changes,
      deviations: origins.deviations,
    }),
    bytes: { ...core.swarm.traffic },
  };
}

/** What a worker of a test takes to be due to it. */
import type { Layout } from '../../../shared/numerics/layout.js';
import type { WorkLimits } from '../../../worker/data/check-work.js';

/** Of as many samples in a shard as there are records. */
export const limitsOf = (layout: Layout, trainRecords: number, testRecords = trainRecords): WorkLimits => ({
  trainRecords,
  testRecords,
  shardSamples: trainRecords,
  samples: 8 * trainRecords,
  chunks: layout.chunks,
});

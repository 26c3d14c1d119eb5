/** Which graphs of the model a run needs: one for each number of samples that an engine will be given. */

import type { GraphWanted } from '../../../../engine/compiled/graph/wanted.js';
import { evaluationParts } from '../../../../shared/data/evaluation-parts.js';
import { repeatedSamples } from '../../../../shared/engines/probe.js';
import { shardBounds } from '../../../../shared/numerics/tree.js';

export interface RunSizes {
  batchSize: number;
  /** With `auto`, sizes follow from the workers' speeds and are not known in advance. */
  shards: number | 'auto';
  /** Samples on which engines are timed. */
  shardSamples: number;
}

export interface DataSizes {
  trainRecords: number;
  testRecords: number;
  validationRecords?: number;
  /** Samples of a case of the admission probe. */
  probeSamples: number;
}

export function graphsWanted(run: RunSizes, data: DataSizes): GraphWanted[] {
  const { batchSize, shards, shardSamples } = run;
  const gradient = new Set([shardSamples, data.probeSamples, repeatedSamples(data.probeSamples)]);
  const lastBatch = data.trainRecords % batchSize || batchSize;
  for (const samples of shards === 'auto' ? [] : [batchSize, lastBatch]) {
    const bounds = shardBounds(samples, shards as number);
    for (let shard = 0; shard + 1 < bounds.length; shard++) gradient.add(bounds[shard + 1]! - bounds[shard]!);
  }
  const evaluated = [data.validationRecords ?? 0, data.testRecords].flatMap((records) =>
    evaluationParts(records),
  );
  const evaluation = new Set(evaluated.map(({ from, to }) => to - from));
  const sizes = (kind: GraphWanted['kind'], all: Set<number>) =>
    [...all].filter((samples) => samples > 0).map((samples): GraphWanted => ({ kind, samples }));
  return [...sizes('gradient', gradient), ...sizes('evaluation', evaluation)];
}

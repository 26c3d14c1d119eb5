/** Which graphs of the model a run needs: one for each number of samples that an engine will be given. */

import { type GraphWanted, keyOf } from '../../../../engine/compiled/graph/wanted.js';
import { evaluationParts } from '../../../../shared/data/evaluation-parts.js';
import { repeatedSamples } from '../../../../shared/engines/probe.js';
import { shardBounds } from '../../../../shared/numerics/tree.js';

export interface RunSizes {
  batchSize: number;
  /** With `auto`, sizes follow from the workers' speeds and are not known in advance. */
  shards: number | 'auto';
  /** Updates of a round, each of which computes a part of a shard; undefined: a step is one update. */
  localSteps?: number | undefined;
  /** Samples on which engines are timed. */
  shardSamples: number;
}

export interface DataSizes {
  trainRecords: number;
  testRecords: number;
  validationRecords?: number;
  /** Samples of a case of the admission probe. */
  probeSamples: number;
  /** Of records that are tokens. */
  lengths?: Lengths | undefined;
}

export interface Lengths {
  /** In which a shard may be computed. */
  buckets: readonly number[];
  /** Of the admission probe's cases. */
  probe: readonly number[];
  /** Each part that is evaluated, with its bucket. */
  evaluated: readonly { samples: number; length: number }[];
}

export function graphsWanted(run: RunSizes, data: DataSizes): GraphWanted[] {
  const { shards, shardSamples } = run;
  const probed = [data.probeSamples, repeatedSamples(data.probeSamples)];
  const gradient = new Set([shardSamples, ...(data.lengths ? [] : probed)]);
  if (shards !== 'auto') for (const size of shardSizes(run, shards, data.trainRecords)) gradient.add(size);
  if (data.lengths) return inBuckets([...gradient], probed, data.lengths);
  const evaluated = [data.validationRecords ?? 0, data.testRecords].flatMap((records) =>
    evaluationParts(records),
  );
  const evaluation = new Set(evaluated.map(({ from, to }) => to - from));
  const sizes = (kind: GraphWanted['kind'], all: Set<number>) =>
    [...all].filter((samples) => samples > 0).map((samples): GraphWanted => ({ kind, samples }));
  return [...sizes('gradient', gradient), ...sizes('evaluation', evaluation)];
}

/** Samples of all shards; in rounds, of all updates of the replicas. */
function shardSizes(
  { batchSize, localSteps = 1 }: RunSizes,
  shards: number,
  trainRecords: number,
): Set<number> {
  const step = batchSize * localSteps;
  const last = trainRecords % step || Math.min(step, trainRecords);
  const sizesOf = (samples: number, parts: number) => {
    const bounds = shardBounds(samples, parts);
    return new Set(bounds.slice(1).map((bound, at) => bound - bounds[at]!));
  };
  const sizes = new Set<number>();
  for (const samples of [step, last])
    for (const shard of sizesOf(samples, shards))
      for (const size of sizesOf(shard, Math.min(localSteps, Math.ceil(samples / batchSize))))
        sizes.add(size);
  return sizes;
}

/** The same with each number of samples in each bucket in which it may come. */
function inBuckets(
  gradient: readonly number[],
  probed: readonly number[],
  { buckets, probe, evaluated }: Lengths,
): GraphWanted[] {
  const wanted = [
    ...gradient.flatMap((samples) =>
      buckets.map((length) => ({ kind: 'gradient' as const, samples, length })),
    ),
    ...probed.flatMap((samples) => probe.map((length) => ({ kind: 'gradient' as const, samples, length }))),
    ...evaluated.map((sizes) => ({ kind: 'evaluation' as const, ...sizes })),
  ];
  const unique = new Map(wanted.filter(({ samples }) => samples > 0).map((one) => [keyOf(one), one]));
  return [...unique.values()];
}

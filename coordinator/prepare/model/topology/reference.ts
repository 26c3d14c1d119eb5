/** The admission probe of a run: TF.js's `cpu` backend on the first records of the training set. */
import type * as TensorFlow from '@tensorflow/tfjs';
import { makeProbe } from '../../../../engine/admission.js';
import { createEagerEngine } from '../../../../engine/eager/engine.js';
import type { Batch } from '../../../../engine/engine.js';
import { evaluationParts } from '../../../../shared/data/evaluation-parts.js';
import { elementsOf, type Manifest, type Tokens } from '../../../../shared/data/manifest.js';
import { bucketOf, lengthOf } from '../../../../shared/data/token-lengths.js';
import type { Probe } from '../../../../shared/engines/probe.js';
import type { ModelDescription } from '../../../../shared/models/description.js';
import { layoutOf } from '../../../../shared/numerics/layout.js';
import { recordsAt } from '../../data/built/records-at.js';
import type { DataSet, Records } from '../../data/source.js';
import type { Lengths } from './graph-sizes.js';

/** Enough for batch normalization to have statistics, and few enough for a slow backend. */
const CASE_SAMPLES = 4;
const CASES = 2;
/** Sequences have enough of everything in one sample. */
const CASE_POSITIONS = 32;

/** The part of a data set that the model is built for, with its first training records. */
export type DataHead = Pick<
  DataSet,
  'name' | 'x' | 'y' | 'label' | 'named' | 'columns' | 'tokens' | 'normalisation'
> & {
  /** Whether training records have weights. */
  weighted?: true;
  first: Batch[];
  trainRecords: number;
  testRecords: number;
  /** Absent where there is no validation set. */
  validationRecords?: number;
  /** Of tokens: in which lengths graphs are needed. */
  lengths?: Lengths;
};

export function headOf(data: DataSet): DataHead {
  const { name, x, y, label, named, columns, tokens, normalisation, train, test, validation } = data;
  const positions = elementsOf(y);
  const count = Math.min(positions >= CASE_POSITIONS ? 1 : CASE_SAMPLES, train.count);
  const first = Array.from({ length: CASES }, (_, at) => {
    const begin = tokens ? Math.max(0, inFirstBucket(data, tokens) - CASES * CASE_SAMPLES) : 0;
    const from = (begin + at * CASE_SAMPLES) % Math.max(1, train.count - count + 1);
    return trainRecords(data, from, from + count);
  });
  const records = {
    trainRecords: train.count,
    testRecords: test.count,
    ...(validation ? { validationRecords: validation.count } : {}),
  };
  const weighted = first[0]!.weight ? { weighted: true as const } : {};
  const told = {
    ...{ ...weighted, ...(named && { named }), ...(columns && { columns }) },
    ...(tokens && { tokens, lengths: lengthsOf(data, tokens, first) }),
  };
  return { name, x, y, label, ...told, normalisation, first, ...records };
}

/**
 * How many training records the first bucket holds: they stand in the order of their lengths. Its longest are the probe,
 * since each engine that is tried opens graphs of their length, which takes long where they are.
 */
function inFirstBucket(data: DataSet, tokens: Tokens): number {
  let [low, high] = [0, data.train.count];
  while (low < high) {
    const middle = (low + high) >> 1;
    const { x } = trainRecords(data, middle, middle + 1);
    if (lengthOf(x) <= tokens.buckets[0]!) low = middle + 1;
    else high = middle;
  }
  return low;
}

function lengthsOf({ test, validation, stored }: DataSet, tokens: Tokens, first: readonly Batch[]): Lengths {
  const bucketOfBatch = ({ x, count }: Pick<Batch, 'x' | 'count'>) => bucketOf(x, count, tokens);
  const partsOf = (records: Records, manifest?: Manifest) =>
    evaluationParts(records.count).map(({ from, to }) => ({
      samples: to - from,
      length: bucketOfBatch(
        manifest
          ? recordsAt(manifest, stored!.objects, from, to)
          : { count: to - from, x: slice(records, from, to) },
      ),
    }));
  const evaluated = [...(validation ? partsOf(validation) : []), ...partsOf(test, stored?.test)];
  return { buckets: tokens.buckets, probe: first.map(bucketOfBatch), evaluated };
}

function slice({ x, count }: Records, from: number, to: number) {
  const each = x.length / count;
  return x.subarray(from * each, to * each);
}

/** Training records `[from, to)`. */
function trainRecords({ train, stored }: DataSet, from: number, to: number): Batch {
  if (stored) return recordsAt(stored.train, stored.objects, from, to);
  const part = (values: Batch['x']) => {
    const each = values.length / train.count;
    return values.slice(from * each, to * each);
  };
  const { weight } = train;
  return {
    count: to - from,
    x: part(train.x),
    y: part(train.y),
    ...(weight && { weight: weight.slice(from, to) }),
  };
}

/** `tf` must be on its `cpu` backend. */
export async function referenceProbe(
  tf: typeof TensorFlow,
  model: ModelDescription,
  data: DataHead,
  seed: number,
): Promise<Probe> {
  const engine = await createEagerEngine({
    tf,
    backend: 'cpu',
    engineClass: 'reference',
    model,
    manifest: data,
  });
  try {
    return await makeProbe(engine, layoutOf(model.weights), data.first, seed);
  } finally {
    engine.dispose();
  }
}

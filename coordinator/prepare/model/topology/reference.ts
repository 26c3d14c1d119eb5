/** The admission probe of a run: TF.js's `cpu` backend on the first records of the training set. */
import type * as TensorFlow from '@tensorflow/tfjs';
import { makeProbe } from '../../../../engine/admission.js';
import { createEagerEngine } from '../../../../engine/eager/engine.js';
import type { Batch } from '../../../../engine/engine.js';
import { elementsOf } from '../../../../shared/data/manifest.js';
import type { Probe } from '../../../../shared/engines/probe.js';
import type { ModelDescription } from '../../../../shared/models/description.js';
import { layoutOf } from '../../../../shared/numerics/layout.js';
import { recordsAt } from '../../data/built/records-at.js';
import type { DataSet } from '../../data/source.js';

/** Enough for batch normalization to have statistics, and few enough for a slow backend. */
const CASE_SAMPLES = 4;
const CASES = 2;
/** Sequences have enough of everything in one sample. */
const CASE_POSITIONS = 32;

/** The part of a data set that the model is built for, with its first training records. */
export type DataHead = Pick<DataSet, 'name' | 'x' | 'y' | 'label' | 'named' | 'columns' | 'normalisation'> & {
  /** Whether training records have weights. */
  weighted?: true;
  first: Batch[];
  trainRecords: number;
  testRecords: number;
  /** Absent where there is no validation set. */
  validationRecords?: number;
};

export function headOf(data: DataSet): DataHead {
  const { name, x, y, label, named, columns, normalisation, train, test, validation } = data;
  const positions = elementsOf(y);
  const count = Math.min(positions >= CASE_POSITIONS ? 1 : CASE_SAMPLES, train.count);
  const first = Array.from({ length: CASES }, (_, at) => {
    const from = (at * CASE_SAMPLES) % Math.max(1, train.count - count + 1);
    return trainRecords(data, from, from + count);
  });
  const records = {
    trainRecords: train.count,
    testRecords: test.count,
    ...(validation ? { validationRecords: validation.count } : {}),
  };
  const weighted = first[0]!.weight ? { weighted: true as const } : {};
  return {
    ...{ name, x, y, label, ...weighted, ...(named && { named }), ...(columns && { columns }) },
    ...{ normalisation, first, ...records },
  };
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

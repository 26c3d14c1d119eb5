/**
 * One evaluation in this process, over the same parts as in a run and by the same code that a worker
 * runs, so that it gives the run's numbers.
 */
import { createHash } from 'node:crypto';
import { openData } from '../coordinator/data/sources.js';
import { ObjectStore, storeSplit } from '../coordinator/data/store.js';
import type { RecordFormat } from '../coordinator/record/checkpoint-format.js';
import { type EvaluationTotals, evaluationParts, sumParts } from '../shared/evaluation-parts.js';
import type { ModelDescription } from '../shared/models/description.js';
import { UserError } from '../shared/user-error.js';
import { Batches } from '../worker/batches.js';
import { startEngineThread } from '../worker/node/engine-thread.js';
import { MemoryCache } from '../worker/object-cache.js';

export interface EvaluationRequest {
  /** The data set, of which the test part is used. */
  spec: string;
  model: ModelDescription;
  /** What the model was trained on. */
  records: RecordFormat;
  weights: Float32Array;
  engine: string;
}

/** @throws UserError for data that cannot be read, or that the model cannot take */
export async function evaluateOn(
  request: EvaluationRequest,
): Promise<{ totals: EvaluationTotals; engineClass: string }> {
  const { spec, model, records, weights } = request;
  const objects = new ObjectStore();
  const own = storeSplit(objects, await openData(spec), 'test');
  refuseOtherRecords(spec, own, records);
  // Other data is seen as the training data was.
  const manifest = { ...own, normalisation: records.normalisation, label: records.label };
  const test = new Batches({
    manifest,
    fetchObject: async (hash) => objects.get(hash)!,
    cache: new MemoryCache(0),
    sha256: async (bytes) => createHash('sha256').update(bytes).digest('hex'),
  });
  const compute = await startEngineThread({ model, manifest, shardSamples: 0, wanted: request.engine });
  try {
    const loaded = compute.allocate(weights.length);
    loaded.set(weights);
    await compute.setWeights(loaded);
    const parts: EvaluationTotals[] = [];
    for (const { from, to } of evaluationParts(manifest.records)) {
      parts.push({ samples: to - from, ...(await compute.evaluate(await test.range(from, to))) });
    }
    return { totals: sumParts(parts), engineClass: compute.engineClass };
  } finally {
    await compute.close();
  }
}

function refuseOtherRecords(spec: string, own: RecordFormat, trained: RecordFormat): void {
  const describe = ({ x, y, label }: RecordFormat) =>
    `${x.dtype}[${x.shape}] with ${label.kind === 'class' ? `${label.classes} classes` : `${y.dtype}[${y.shape}]`}`;
  if (describe(own) === describe(trained)) return;
  throw new UserError(
    `--data ${spec} has ${describe(own)}, the model was trained on ${describe(trained)}`,
    2,
  );
}

/**
 * One evaluation in this process, over the same parts as in a run and by the same code that a worker
 * runs, so that it gives the run's numbers.
 */
import { createHash } from 'node:crypto';
import { COORDINATOR_OPTIONS, type GivenCoordinatorOptions } from '../../coordinator/options/options.js';
import type { DataSet } from '../../coordinator/prepare/data/source.js';
import { openData, shownData } from '../../coordinator/prepare/data/sources/sources.js';
import { withValidation } from '../../coordinator/prepare/data/split/validation.js';
import { ObjectStore, storeSplit } from '../../coordinator/prepare/data/store.js';
import { startEngineThread } from '../../engine/node/engine-thread.js';
import { type EvaluationTotals, evaluationParts, sumParts } from '../../shared/data/evaluation-parts.js';
import { concatenated, type RecordFormat } from '../../shared/data/manifest.js';
import { varianceOf } from '../../shared/data/metrics.js';
import type { ModelDescription } from '../../shared/models/description.js';
import { UserError } from '../../shared/user-error.js';
import { Batches } from '../../worker/data/batches.js';
import { MemoryCache } from '../../worker/data/object-cache.js';

export type PartName = 'test' | 'validation' | 'train' | 'all';

export interface EvaluationRequest {
  /** The data set, and which part of it is used. */
  spec: string;
  part: PartName;
  /** How the run has set a validation set apart; undefined: these are other data. */
  split?: GivenCoordinatorOptions | undefined;
  model: ModelDescription;
  /** What the model was trained on. */
  records: RecordFormat;
  weights: Float32Array;
  engine: string;
  /** The file of the model's program, where it is one. */
  modelFile?: string | undefined;
  /** Hears what is being done where reading the data takes its time. */
  preparing?(what: string): void;
}

export interface EvaluationResult {
  totals: EvaluationTotals;
  /** Of the targets as they are stored; 0 for classes. */
  variance(): number;
  engineClass: string;
  /** What was evaluated, in words. */
  evaluated: string;
  /** How the data were read, in words. */
  notes: string[];
  /** Classes that the model does not know: their records are in none of the totals. */
  unknownClasses: { name: string; records: number }[];
}

/** @throws UserError for data that cannot be read, or that the model cannot take */
export async function evaluateOn(request: EvaluationRequest): Promise<EvaluationResult> {
  const { spec, model, records, weights, preparing = () => undefined } = request;
  // Other data is seen as the training data was.
  const read = await openData(spec, { trained: records, preparing });
  const { validation, fold, seed = COORDINATOR_OPTIONS.seed.default } = request.split ?? {};
  const data = withValidation(read, { validation, fold, seed });
  refuseOtherRecords(shownData(spec), data, records);
  const { part, text, unknown } = partOf(data, request.part);
  if (part.count === 0)
    throw new UserError(`--data ${shownData(spec)}: ${text}: none has a class that the model knows`, 2);
  const objects = new ObjectStore(data.stored?.objects);
  const stored = partStored(data, request.part);
  const seen = { ...data, normalisation: records.normalisation, test: part, stored };
  const manifest = storeSplit(objects, seen, 'test');
  const test = new Batches({
    manifest,
    fetchObject: async (hash) => objects.get(hash)!,
    cache: new MemoryCache(0),
    sha256: async (bytes) => createHash('sha256').update(bytes).digest('hex'),
  });
  const { engine: wanted, modelFile } = request;
  const compute = await startEngineThread({ model, modelFile, manifest, shardSamples: 0, wanted });
  try {
    const loaded = compute.allocate(weights.length);
    loaded.set(weights);
    await compute.setWeights(loaded);
    const parts: EvaluationTotals[] = [];
    for (const { from, to } of evaluationParts(manifest.records)) {
      parts.push({ samples: to - from, ...(await compute.evaluate(await test.range(from, to))) });
    }
    const { engineClass } = compute;
    const notes = [...(data.notes ?? []), ...(data.warnings ?? [])];
    return {
      totals: sumParts(parts),
      variance: () => varianceOf(data.label, part.y),
      engineClass,
      evaluated: text,
      notes,
      unknownClasses: unknown,
    };
  } finally {
    await compute.close();
  }
}

/** A part that is stored already takes the place of the test set. */
const partStored = ({ stored }: DataSet, part: PartName): DataSet['stored'] =>
  stored && (part === 'train' || part === 'test') ? { ...stored, test: stored[part] } : undefined;

/** Records of one part, or of both. */
export function partOf(data: DataSet, name: PartName) {
  const { train, test, parts } = data;
  const unknown: NonNullable<DataSet['unknownClasses']> = data.unknownClasses ?? { train: [], test: [] };
  const { validation } = data;
  if (name === 'validation') {
    if (!validation)
      throw new UserError('--part validation: these data have none; give --part test, train or all', 2);
    return {
      part: validation,
      text: `validation part: ${validation.count} records of ${data.name}`,
      unknown: unknown.validation ?? [],
    };
  }
  if (name !== 'all')
    return { part: data[name], text: `${name} part: ${parts?.[name] ?? data.name}`, unknown: unknown[name] };
  const all = validation ? [train, validation, test] : [train, test];
  const part = all.reduce((before, next) => ({
    count: before.count + next.count,
    x: concatenated(before.x, next.x),
    y: concatenated(before.y, next.y),
  }));
  const sums = new Map<string, number>();
  for (const { name, records } of [...unknown.train, ...(unknown.validation ?? []), ...unknown.test])
    sums.set(name, (sums.get(name) ?? 0) + records);
  return {
    part,
    text: `both parts: ${parts?.train}, and ${parts?.test}`,
    unknown: [...sums].map(([name, records]) => ({ name, records })),
  };
}

function refuseOtherRecords(spec: string, own: RecordFormat, trained: RecordFormat): void {
  const parts = (named: RecordFormat['named']) =>
    named
      ? ` of ${[...named.inputs, ...named.outputs].map(({ name, shape }) => `${name}[${shape}]`).join(', ')}`
      : '';
  const describe = ({ x, y, label, named }: RecordFormat) =>
    `${x.dtype}[${x.shape}] with ${label.kind === 'value' ? `${y.dtype}[${y.shape}]` : `${label.classes} classes${label.kind === 'multilabel' ? ' at once' : ''}`}${parts(named)}`;
  if (describe(own) !== describe(trained)) {
    throw new UserError(
      `--data ${spec} has ${describe(own)}, the model was trained on ${describe(trained)}`,
      2,
    );
  }
  const vocabularyOf = ({ tokens }: RecordFormat) => JSON.stringify([tokens?.unit, tokens?.vocabulary]);
  if (vocabularyOf(own) !== vocabularyOf(trained))
    throw new UserError(
      `--data ${spec} has ${own.tokens ? 'texts with another vocabulary' : 'no texts'}, the model was trained on ${trained.tokens ? 'texts' : 'none'}: give the table with the texts (csv:FILE?text=COLUMN)`,
      2,
    );
  const namesOf = ({ label }: RecordFormat) => (label.kind === 'value' ? undefined : label.names);
  if (`${namesOf(own)}` === `${namesOf(trained)}`) return;
  throw new UserError(
    `--data ${spec} has classes ${namesOf(own) ?? 'without names'}, the model was trained on ${namesOf(trained) ?? 'classes without names'}`,
    2,
  );
}

/** What a run works on: data and model, opened and checked, and the objects that workers fetch. */
import type { Program } from '../../engine/compiled/program.js';
import { sameModule } from '../../engine/node/module/load-module.js';
import { createAugment } from '../../shared/data/augment/augment.js';
import type { Manifest } from '../../shared/data/manifest.js';
import { varianceOf } from '../../shared/data/metrics.js';
import { hasSeveralOutputs } from '../../shared/data/named-parts.js';
import type { ModelDescription } from '../../shared/models/description.js';
import { layoutOf } from '../../shared/numerics/layout.js';
import type { ObjectBytes } from '../../shared/protocol/messages.js';
import type { RunEvent } from '../../shared/status/events.js';
import { UserError } from '../../shared/user-error.js';
import { type BuildCache, keyOf } from './build-key.js';
import { classWeightsOf } from './data/labels/class-weights.js';
import type { GivenData } from './data/source.js';
import { openData, shownData } from './data/sources/sources.js';
import { refuseForTexts } from './data/split/texts.js';
import { evaluatedRecords, withValidation } from './data/split/validation.js';
import { contentHash, ObjectStore, storeSplit } from './data/store.js';
import { buildModel, type ModelSource } from './model/build-model.js';
import { endsOf, namesOfModel } from './model/ends.js';
import { headOf } from './model/topology/reference.js';
import type { BuildRequest } from './model/topology/request.js';
import { isOwnLoss, type OwnFunction } from './model/traced/own-function.js';
import { needsTracing, type ScoreRequest, scoredFor, scoreRequest } from './model/traced/own-metrics.js';

/** What of a run's configuration decides what it works on. */
export interface PrepareOptions {
  /** A spec, or what a program has given in its place. */
  data: string | GivenData;
  loss: BuildRequest['loss'];
  seed: number;
  batchSize: number;
  shards: number | 'auto';
  localSteps?: number | undefined;
  /** How a model's file is trained further. */
  freeze?: string | undefined;
  head?: boolean | undefined;
  /** The program of a model that goes on, where it is one. */
  modelFile?: string | undefined;
  /** The file of its first weights, if the model has none of its own. */
  from?: string | undefined;
  augment?: string | undefined;
  maxLength?: number | undefined;
  lossWeights?: string | undefined;
  labelSmoothing?: number | undefined;
  classWeight?: string | undefined;
  validation?: number | undefined;
  fold?: string | undefined;
  shuffle?: string | undefined;
  metrics?: string | undefined;
  monitor?: string | undefined;
  /** Metrics that a program has given, by their names. */
  ownMetrics?: Record<string, OwnFunction> | undefined;
}

/** Samples of a full shard; under `auto` a guess at the share of one worker, by which engines are timed. */
export function shardSamplesOf({ batchSize, shards }: Pick<PrepareOptions, 'batchSize' | 'shards'>): number {
  return Math.ceil(batchSize / (shards === 'auto' ? 2 : shards));
}

export interface Prepared {
  description: ModelDescription;
  /** Initial weights, as a flat vector; zeros where a checkpoint has others. */
  weights: Float32Array;
  train: Manifest;
  /** All that is evaluated: the validation set, where there is one, and behind it the test set. */
  test: Manifest;
  /** Records of the validation set; 0: there is none. */
  validationRecords: number;
  /** The variances of targets of both, as they are stored; 0 for classes, and where no score needs them. */
  variances: { validation: number; test: number };
  objects: ObjectStore;
  /** The hashes of the objects that a worker fetches first. */
  hashes: { model: string; train: string; test: string; probe: string; program: string };
  objectBytes: ObjectBytes;
  /** SHA-256 of what the data sets hold, wherever their files lie. */
  contents: { train: string; test: string };
  /** How the data were read: to be told to people. */
  notes: RunEvent[];
  /** Whether the compiled engines, the universal one among them, can compute the model. */
  isCompiled: boolean;
  /** Writes down what was built, for a coordinator that goes on. @throws errors of the file system */
  saveBuildCache(): Promise<void>;
}

/** What a run brings to its preparation, if it has it. */
export interface PrepareContext {
  /** Where `saveBuildCache` writes, and a model of a checkpoint need not be built again. */
  cache?: BuildCache | undefined;
  /** The weights of the checkpoint that the model is of. */
  storedWeights?: Float32Array | undefined;
  /** Hears what is being done, as it begins. */
  preparing?: (what: string) => void;
}

/**
 * @param model a description is that of a checkpoint
 * @throws UserError for data or a model that cannot be used, or that do not fit each other
 */
export async function prepare(
  configuration: PrepareOptions,
  model: ModelSource,
  { cache, storedWeights, preparing = () => undefined }: PrepareContext = {},
): Promise<Prepared> {
  const { data: source, freeze, head = false, from, modelFile, ...others } = configuration;
  const tuning = freeze === undefined && !head ? undefined : { freeze: patternsOf(freeze), head };
  const { loss, seed } = others;
  // Before anything takes time: the documents of a model that goes on may be known, and its program is then not loaded.
  if (typeof model === 'object' && model.module) sameModule(model.module, modelFile, '--model');
  preparing(`reading the data: ${typeof source === 'string' ? shownData(source) : source.name}`);
  const read = await openData(source, {
    namesOf: () => namesOfModel(model),
    endsOf: async (shapes, part) => {
      const { input, output } = await endsOf(model, shapes, loss, part);
      // A new last layer reaches every number.
      return { ...(input && { input }), ...(output && !head && { output }) };
    },
    maxLength: configuration.maxLength,
    preparing,
  });
  refuseForTexts(configuration, read);
  const { augment } = configuration;
  const { named } = read;
  if (augment !== undefined && named && named.inputs.length > 1)
    throw new UserError(
      `--augment is for one input of pictures, and ${read.name} has the inputs ${named.inputs.map(({ name }) => name).join(', ')}: leave it out`,
      2,
    );
  if (augment !== undefined) createAugment(augment, configuration.seed, read);
  const data = withValidation(read, configuration);
  const run = { ...others, shardSamples: shardSamplesOf(others) };
  const { labelSmoothing, classWeight } = configuration;
  if (classWeight !== undefined && hasSeveralOutputs(named))
    throw new UserError(
      `--class-weight is for one output, and ${read.name} has ${named.outputs.map(({ name }) => name).join(', ')}: leave it out, and give records weights instead`,
      2,
    );
  const byClass = classWeight === undefined ? undefined : classWeightsOf(classWeight, data);
  const { lossWeights } = configuration;
  const terms = { loss, lossWeights, labelSmoothing, classWeights: byClass?.weights };
  const scores = scoreRequest(configuration.metrics, configuration.monitor, configuration.ownMetrics);
  const request = { model, data: headOf(data), ...terms, seed, tuning, scores, from, modelFile, run };
  // One that is given again is held against that of the checkpoint.
  const isTraced = isOwnLoss(loss) || needsTracing(scores);
  const recalled =
    typeof model === 'object' && !isTraced
      ? await recall(await withScores(model, scores), request, cache)
      : undefined;
  if (!recalled) preparing(`building the model: ${nameOf(model)}`);
  const built = recalled ?? (await build(request));
  const { weights, probe, program, notes: ofModel } = built;
  const objects = new ObjectStore(data.stored?.objects);
  const description = withFrozen(objects, built.description, storedWeights ?? weights);
  const train = storeSplit(objects, data, 'train');
  const test = storeSplit(objects, { ...data, test: evaluatedRecords(data) }, 'test');
  const hashes = {
    model: objects.put(json(description)),
    train: objects.put(json(train)),
    test: objects.put(json(test)),
    probe: objects.put(probe),
    program: objects.put(program),
  };
  const contents = { train: contentHash(train), test: contentHash(test) };
  const lengthOf = (hash: string) => objects.get(hash)!.length;
  const objectBytes = {
    model: lengthOf(hashes.model),
    train: lengthOf(hashes.train),
    test: lengthOf(hashes.test),
    probe: lengthOf(hashes.probe),
    program: lengthOf(hashes.program),
  };
  const saveBuildCache = async () => {
    if (cache && !recalled) await cache.write(keyOf(description, request), { probe, program });
  };
  const notes: RunEvent[] = [
    ...[...(data.notes ?? []), ...(byClass ? [byClass.note] : []), ...ofModel].map((text) => ({
      type: 'data' as const,
      text,
    })),
    ...(data.warnings ?? []).map((text) => ({ type: 'warning' as const, text })),
  ];
  const { refused } = JSON.parse(program.toString()) as Program;
  const isCompiled = refused === undefined;
  return {
    description,
    weights,
    train,
    test,
    validationRecords: data.validation?.count ?? 0,
    variances: wantsVariance(configuration)
      ? {
          validation: data.validation ? varianceOf(data.label, data.validation.y) : 0,
          test: varianceOf(data.label, data.test.y),
        }
      : { validation: 0, test: 0 },
    objects,
    hashes,
    objectBytes,
    contents,
    isCompiled,
    notes,
    saveBuildCache,
  };
}

/** Puts the values of frozen weights where workers fetch them once, and tells of that in the description. */
function withFrozen(
  objects: ObjectStore,
  description: ModelDescription,
  values: Float32Array,
): ModelDescription {
  const { moving, total } = layoutOf(description.weights);
  if (moving === total) return description;
  const frozen = values.slice(moving, total);
  return { ...description, frozenSha256: objects.put(Buffer.from(frozen.buffer)) };
}

const patternsOf = (freeze = ''): string[] =>
  freeze
    .split(',')
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '');

/** It takes all targets of what is evaluated. */
const wantsVariance = ({ metrics = '', monitor }: PrepareOptions): boolean =>
  [...metrics.split(','), monitor].includes('r2');

function nameOf(model: ModelSource): string {
  if (typeof model === 'string') return model;
  return typeof model === 'function' ? 'by your function' : 'of the checkpoint';
}

async function build(request: BuildRequest) {
  const { probe, program, ...built } = await buildModel(request);
  return { ...built, probe: json(probe), program: json(program) };
}

/** The checkpoint's model, with what evaluations are to count from now on. */
async function withScores(
  model: ModelDescription,
  request: ScoreRequest | undefined,
): Promise<ModelDescription> {
  const { scored: before, ...others } = model;
  const scored = await scoredFor(request, before, () => {
    throw new Error('there is nothing to trace');
  });
  if (JSON.stringify(scored) === JSON.stringify(before)) return model;
  const { tracedLoss, labelSmoothing, classWeights, outputs } = model;
  const format = scored || tracedLoss || labelSmoothing || classWeights || outputs ? 2 : 1;
  return { ...others, format, ...(scored && { scored }) };
}

async function recall(description: ModelDescription, request: BuildRequest, cache?: BuildCache) {
  const documents = await cache?.read(keyOf(description, request));
  const { total } = layoutOf(description.weights);
  return documents && { description, weights: new Float32Array(total), notes: [], ...documents };
}

const json = (document: object): Buffer => Buffer.from(JSON.stringify(document));

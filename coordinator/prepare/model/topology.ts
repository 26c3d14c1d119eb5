/**
 * Builds a TF.js layers model, checks that it fits the data, and takes it apart again: topology with all
 * initializers seeded, and the weights that these give.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import { createProgram, type Program } from '../../../engine/compiled/program.js';
import { createTracer } from '../../../engine/compiled/trace/trace-source.js';
import { loadTensorFlow } from '../../../engine/node/tensorflow.js';
import type { Probe } from '../../../shared/engines/probe.js';
import type { ModelDescription, TracedFunction } from '../../../shared/models/description.js';
import { withoutDrawing } from '../../../shared/models/initializers/orthogonal.js';
import { lastActivation } from '../../../shared/models/last-activation.js';
import { registerLayers } from '../../../shared/models/layers.js';
import { weightsInOrder } from '../../../shared/models/weights-in-order.js';
import { layoutOf, type WeightSpec } from '../../../shared/numerics/layout.js';
import { sizeOf } from '../../../shared/numerics/shape.js';
import { messageOf, UserError } from '../../../shared/user-error.js';
import type { DataShapes } from '../data/source.js';
import type { ModelShapes } from '../zoo/model.js';
import { findModel, modelsInstead } from '../zoo/zoo.js';
import { type OtherFile, readOtherWeights, tellFit } from './file/from-weights.js';
import { type GivenWeights, setWeights } from './file/given-weights.js';
import { refuseOtherEnds } from './file/other-ends.js';
import { readModelFile } from './file/read.js';
import { type ChosenLoss, chooseLoss } from './file/training-config.js';
import { noWeights, type Tuning, tuned } from './file/tune.js';
import { uniquelyNamed } from './file/unique-names.js';
import { checkEnd, checkShapes, defaultLoss, lossTerms } from './fit.js';
import { graphsWanted, type RunSizes } from './graph-sizes.js';
import { checkLayers } from './layers/check.js';
import { constraintOf } from './layers/constraints.js';
import { freezeInner, freezeStored, frozenWeights } from './layers/frozen.js';
import { type Topology, topologyOf } from './layers/topology-json.js';
import { isModelFile } from './model-spec.js';
import { type DataHead, referenceProbe } from './reference.js';
import { seedTopology } from './seeds.js';
import { isOwnLoss, type LossSource, ownLoss } from './traced/own-function.js';
import { type ScoreRequest, scoredFor } from './traced/own-metrics.js';
import type { Subject } from './traced/plain-inputs.js';
import { traceOwn } from './traced/trace-own.js';

const tf = loadTensorFlow();

/** Builds a model for the shapes of the data. */
export type ModelFunction = (tensorflow: typeof TensorFlow, shapes: ModelShapes) => TensorFlow.LayersModel;

/** A name of the zoo with its arguments, the path of a model file, a function, or a model built before. */
export type ModelSource = string | ModelFunction | ModelDescription;

export interface BuildRequest {
  model: ModelSource;
  data: DataHead;
  /** A name, or the user's own. */
  loss: LossSource | undefined;
  /** What changes the loss: of a model that was built before, its own counts. */
  labelSmoothing?: number | undefined;
  classWeights?: number[] | undefined;
  seed: number;
  /** What of a model's file is trained further; a model built before has it done already. */
  tuning?: Tuning | undefined;
  /** What evaluations count besides; undefined: nothing. */
  scores?: ScoreRequest | undefined;
  /** The file of the model's first weights, if it is not the model's own. */
  from?: string | undefined;
  /** If it is absent, no graphs are traced. */
  run?: RunSizes;
}

export interface BuiltModel {
  description: ModelDescription;
  /** The flat vector, in model order. */
  weights: Float32Array;
  probe: Probe;
  program: Program;
  /** What people should know of how the model's file was read. */
  notes: string[];
}

/** @throws UserError if the model cannot be had, or does not fit the data */
export async function buildTopology(request: BuildRequest): Promise<BuiltModel> {
  // Otherwise TF.js prints an advertisement for its native backend on Node.
  tf.enableProdMode();
  await tf.setBackend('cpu');
  registerLayers(tf);
  const { topology, given, trains, notes = [] } = await startingPoint(request);
  checkLayers(topology, isRegistered);
  const seeded = seedTopology(topology, request.seed);
  const model = await load(seeded);
  try {
    if (given && request.from) notes.push(...tellFit(model, given, request.from));
    if (given) setWeights(tf, model, given);
    if (model.trainableWeights.length === 0)
      throw new UserError('the model has no weights that are trained: set trainable to true in some layer');
    const named = isOwnLoss(request.loss) ? undefined : request.loss;
    const loss = trains?.loss ?? named ?? defaultLoss(model, request.data);
    checkShapes(model, request.data, loss);
    const subject = subjectOf(request.data, model);
    const tracedLoss = await tracedLossOf(request, subject);
    const before = typeof request.model === 'object' ? request.model.scored : undefined;
    const scored = await scoredFor(request.scores, before, (own) => traceOwn(tf, own, subject(), 'metric'));
    if (!tracedLoss) checkEnd(model, loss, request.data, trains?.fromLogits);
    const terms = lossTerms(request, tracedLoss ? undefined : loss, trains?.labelSmoothing);
    const description: ModelDescription = {
      format: tracedLoss || scored || Object.keys(terms).length > 0 ? 2 : 1,
      name: nameOf(request.model, model),
      topology: seeded,
      weights: weightSpecs(model, request.model),
      loss,
      ...(tracedLoss && { tracedLoss }),
      ...(scored && { scored }),
      ...terms,
      // The model may leave dimensions open; the data does not.
      inputShape: request.data.x.shape,
      outputShape: model.outputs[0]!.shape.slice(1) as number[],
      layers: model.layers.map((layer) => ({
        name: layer.name,
        type: layer.getClassName(),
        outputShape: JSON.stringify(outputShapeOf(layer)),
        parameters: layer.countParams(),
      })),
    };
    const layout = layoutOf(description.weights);
    const weights = new Float32Array(layout.total);
    const variables = weightsInOrder(model, description.weights);
    for (const [i, slot] of layout.slots.entries()) weights.set(variables[i]!.read().dataSync(), slot.offset);
    const probe = await referenceProbe(tf, description, request.data, request.seed);
    const program = await compile(description, request);
    return { description, weights, probe, program, notes: [...(trains?.notes ?? []), ...notes] };
  } finally {
    model.dispose();
  }
}

/** What functions of the user's own are traced for, made when it is asked for. */
const subjectOf =
  ({ x, y, label }: DataHead, model: TensorFlow.LayersModel): (() => Subject) =>
  () => {
    const outputShape = tf.tidy(() => {
      const output = model.apply(tf.zeros([1, ...x.shape])) as TensorFlow.Tensor;
      return output.shape.slice(1);
    });
    return { label, labelShape: y.shape, outputShape, end: lastActivation(model) };
  };

/** The user's own loss as a graph: that of a run that goes on, which must be the same if it is given again. */
async function tracedLossOf(
  { model: source, loss }: BuildRequest,
  subject: () => Subject,
): Promise<TracedFunction | undefined> {
  const before = typeof source === 'object' ? source.tracedLoss : undefined;
  if (!isOwnLoss(loss) || (before && loss === 'function')) return before;
  const own = await ownLoss(loss);
  const traced = traceOwn(tf, own, subject(), 'loss');
  if (typeof source !== 'object') return traced;
  if (before?.sha256 === traced.sha256) return before;
  throw new UserError(
    `${own.called} is not the loss of the run: its graph has SHA-256 ${traced.sha256}, that of the run (${before?.name ?? source.loss}) ${before?.sha256 ?? 'none'}; leave it out, or start anew in another --run-dir`,
    2,
  );
}

/** The model's graphs, in all sizes that the run needs. */
async function compile(description: ModelDescription, { data, run }: BuildRequest): Promise<Program> {
  if (!run) return createProgram([], () => ({ nodes: [], outputs: [] }));
  const tracer = await createTracer(tf, description, data);
  try {
    const wanted = graphsWanted(run, { ...data, probeSamples: data.first[0]!.count });
    return createProgram(wanted, (one) => tracer.trace(one));
  } finally {
    tracer.dispose();
  }
}

interface StartingPoint {
  topology: Topology;
  /** A file's weights, and how it calls layers that have another name in the topology. */
  given?: GivenWeights | undefined;
  /** What a file, or a model that was built before, says of its training. */
  trains?: ChosenLoss;
  /** What people should know of what is trained further. */
  notes?: string[];
}

async function startingPoint(request: BuildRequest): Promise<StartingPoint> {
  const { model, tuning, from } = request;
  if (typeof model === 'object') {
    const { topology, loss } = model;
    return { topology, trains: { loss, fromLogits: undefined, notes: [] } };
  }
  if (typeof model === 'string' && isModelFile(model)) {
    const { topology: ours, stored, weights: own, training } = await readModelFile(model);
    const { weights = own } = await weightsFrom(request, stored);
    if (tuning && !weights) throw new UserError(noWeights(`${model} has none`), 2);
    if (!tuning?.head) refuseOtherEnds(`--model ${model}`, training.userDefinedMetadata, request.data);
    // A new last layer has other labels than the file's loss was for.
    const asked = typeof request.loss === 'function' ? 'function' : request.loss;
    const trains = chooseLoss(`--model ${model}`, tuning?.head ? {} : training, asked);
    // What TF.js does not know is gone once it has built the model.
    checkLayers(ours, isRegistered);
    const { topology, before: namesBefore } = uniquelyNamed(ours);
    // Built once, so that what the file leaves to defaults is written out: an initializer that is not
    // named has no place for a seed.
    const built = await withoutDrawing(() => load(freezeStored(topology)));
    return { ...startWith(built, weights && { weights, namesBefore }, request), trains };
  }
  if (tuning && !from) throw new UserError(noWeights(`${nameOfSource(model)} begins with random ones`), 2);
  const built = typeof model === 'function' ? model(tf, shapesFor(request)) : buildFromZoo(model, request);
  const { weights } = await weightsFrom(request, topologyOf(built));
  if (!weights) {
    freezeInner(built);
    const { topology } = uniquelyNamed(topologyOf(built));
    built.dispose();
    return { topology };
  }
  const { topology, before: namesBefore } = uniquelyNamed(topologyOf(built));
  built.dispose();
  return startWith(await withoutDrawing(() => load(topology)), { weights, namesBefore }, request);
}

/** @param layers the model's, as its file has them. @returns nothing without `--from` */
async function weightsFrom(
  { from, data, tuning }: BuildRequest,
  layers: Topology,
): Promise<Partial<OtherFile>> {
  if (from === undefined) return {};
  const other = await readOtherWeights(from, layers);
  if (!tuning?.head) refuseOtherEnds(`--from ${from}`, other.metadata, data);
  return other;
}

/** @param built is disposed of */
function startWith(
  built: TensorFlow.LayersModel,
  given: GivenWeights | undefined,
  request: BuildRequest,
): StartingPoint {
  const { tuning, from } = request;
  try {
    freezeInner(built);
    if (tuning) return tuned(tf, built, given!, shapesFor(request), tuning, from);
    return { topology: topologyOf(built), given };
  } finally {
    built.dispose();
  }
}

const nameOfSource = (model: string | ModelFunction): string =>
  typeof model === 'string' ? model : 'a model by a function';

/** A program's own layer is known to the TF.js of that program. */
const isRegistered = (className: string): boolean =>
  className in tf.serialization.SerializationMap.getMap().classNameMap;

function buildFromZoo(spec: string, request: BuildRequest): TensorFlow.LayersModel {
  const found = findModel(spec);
  if (!found) throw new UserError(`--model ${spec}: unknown model; ${modelsInstead(spec)}`, 2);
  return found.model.build(tf, shapesFor(request), found.args);
}

/** What the function builds, by its layers alone. */
export function topologyOfFunction(
  model: ModelFunction,
  data: DataShapes,
  loss: LossSource | undefined,
): Topology {
  tf.enableProdMode();
  const built = model(tf, shapesFor({ data, loss }));
  const topology = built.toJSON(null, false) as Topology;
  built.dispose();
  return topology;
}

function nameOf(source: ModelSource, { name }: TensorFlow.LayersModel): string {
  if (typeof source === 'function') return name;
  return typeof source === 'string' ? source : source.name;
}

function shapesFor({ data, loss }: { data: DataShapes; loss: LossSource | undefined }): ModelShapes {
  const inputShape = data.x.shape;
  const labelShape = data.y.shape;
  const { label } = data;
  if (label.kind === 'value') {
    const outputs = sizeOf(labelShape);
    return { inputShape, labelShape, outputs, outputActivation: 'linear' };
  }
  if (loss === 'binaryCrossentropy')
    return { inputShape, labelShape, outputs: 1, outputActivation: 'sigmoid' };
  return { inputShape, labelShape, outputs: label.classes, outputActivation: 'softmax' };
}

async function load(topology: Topology): Promise<TensorFlow.LayersModel> {
  try {
    return await tf.models.modelFromJSON(topology as never);
  } catch (error) {
    // TF.js adds lines on how its own users may mend it.
    const [reason] = messageOf(error).split(/\. This may be due|\n/);
    throw new UserError(`the model cannot be built: ${reason}`);
  }
}

function weightSpecs(model: TensorFlow.LayersModel, source: ModelSource): WeightSpec[] {
  const trainable = new Set(model.trainableWeights);
  const frozen = frozenWeights(model);
  const specs = model.weights.map((weight): WeightSpec => {
    const common = { name: weight.originalName, shape: weight.shape as number[] };
    const constraint = constraintOf(weight);
    return {
      ...common,
      trainable: trainable.has(weight),
      ...(frozen.has(weight) ? { frozen: true } : {}),
      ...(constraint ? { constraint } : {}),
    };
  });
  // A checkpoint of this model has its weights in this order.
  if (typeof source === 'object') return specsAsIn(source, specs);
  // TF.js has the trainable ones first.
  return [...specs.filter(({ frozen }) => !frozen), ...specs.filter(({ frozen }) => frozen)];
}

/** In the order of a model that was built before, of which nothing may be frozen yet: by an older version. */
function specsAsIn({ weights }: ModelDescription, specs: readonly WeightSpec[]): WeightSpec[] {
  const left = [...specs];
  return weights.map(({ name, frozen }) => {
    const at = left.findIndex((spec) => spec.name === name);
    if (at < 0) throw new UserError(`the model of the checkpoint has no weight ${name} any more`);
    const { frozen: _, ...spec } = left.splice(at, 1)[0]!;
    return frozen ? { ...spec, frozen } : spec;
  });
}

/** The output shape of the layer's last use: TF.js has none for a nested model, or for a layer that is used twice. */
function outputShapeOf(layer: TensorFlow.layers.Layer): TensorFlow.Shape | TensorFlow.Shape[] {
  const { outputShapes } = layer.inboundNodes.at(-1)!;
  const shapes = outputShapes as TensorFlow.Shape[];
  return shapes.length === 1 ? shapes[0]! : shapes;
}

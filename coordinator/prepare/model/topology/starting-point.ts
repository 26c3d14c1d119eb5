/** Where a model comes from: the zoo, a function, a file, or a run; with the weights that it begins with, if any. */
import type * as TensorFlow from '@tensorflow/tfjs';
import { loadModule, sameModule } from '../../../../engine/node/module/load-module.js';
import { loadTensorFlow } from '../../../../engine/node/tensorflow.js';
import { type LabelKind, tokenNumbers } from '../../../../shared/data/manifest.js';
import { withoutDrawing } from '../../../../shared/models/initializers/orthogonal.js';
import type { ModelModule } from '../../../../shared/models/layers/model-module.js';
import { sizeOf } from '../../../../shared/numerics/shape.js';
import { messageOf, UserError } from '../../../../shared/user-error.js';
import type { DataShapes } from '../../data/source.js';
import type { ModelShapes, OutputShapes } from '../../zoo/model.js';
import { findModel, modelsInstead } from '../../zoo/zoo.js';
import { type OtherFile, readOtherWeights } from '../file/from-weights.js';
import type { GivenWeights } from '../file/given-weights.js';
import { isModelFile } from '../file/model-spec.js';
import { refuseOtherEnds } from '../file/other-ends.js';
import { readModelFile } from '../file/read.js';
import { type ChosenLoss, chooseLoss } from '../file/training-config.js';
import { noWeights, tuned } from '../file/tune.js';
import { uniquelyNamed } from '../file/unique-names.js';
import { checkLayers } from '../layers/check.js';
import { endNames } from '../layers/end-names.js';
import { freezeInner, freezeStored } from '../layers/frozen.js';
import { type Topology, topologyOf } from '../layers/topology-json.js';
import { isModelModule, moduleModel } from '../module/module-model.js';
import { isLossPerOutput, lossesAsked } from '../traced/loss-per-output.js';
import type { LossSource } from '../traced/own-function.js';
import type { BuildRequest, ModelFunction } from './request.js';

const tf = loadTensorFlow();

export interface StartingPoint {
  topology: Topology;
  /** A file's weights, and how it calls layers that have another name in the topology. */
  given?: GivenWeights | undefined;
  /** What a file, or a model that was built before, says of its training. */
  trains?: ChosenLoss;
  /** Whose program the layer of the topology runs. */
  module?: ModelModule | undefined;
  /** What people should know of what is trained further. */
  notes?: string[];
}

/** @throws UserError */
export async function startingPoint(request: BuildRequest): Promise<StartingPoint> {
  const { model, tuning, from } = request;
  if (typeof model === 'object') {
    const { topology, loss, module } = model;
    if (module) await loadModule(sameModule(module, request.modelFile, '--model'), '--model');
    return { topology, module, trains: { loss, fromLogits: undefined, notes: [] } };
  }
  if (typeof model === 'string' && isModelFile(model)) {
    const { topology: ours, stored, weights: own, training } = await readModelFile(model);
    const { weights = own } = await weightsFrom(request, stored);
    if (tuning && !weights) throw new UserError(noWeights(`${model} has none`), 2);
    if (!tuning?.head) refuseOtherEnds(`--model ${model}`, training.userDefinedMetadata, request.data);
    // A new last layer has other labels than the file's loss was for.
    const asked = typeof request.loss === 'function' ? 'function' : request.loss;
    const names = endNames(ours)?.outputs;
    const trains = chooseLoss(`--model ${model}`, tuning?.head ? {} : training, asked, names);
    // What TF.js does not know is gone once it has built the model.
    checkLayers(ours, isRegistered);
    const { topology, before: namesBefore } = uniquelyNamed(ours);
    // Built once, so that what the file leaves to defaults is written out: an initializer that is not
    // named has no place for a seed.
    const built = await withoutDrawing(() => load(freezeStored(topology)));
    return { ...startWith(built, weights && { weights, namesBefore }, request), trains };
  }
  if (typeof model === 'string' && isModelModule(model)) return startWithModule(model, request);
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

async function startWithModule(file: string, request: BuildRequest): Promise<StartingPoint> {
  if (request.tuning)
    throw new UserError(
      `--freeze and --head are for layers: --model ${file} is a program, which has none`,
      2,
    );
  const { built, module } = await moduleModel(tf, file, shapesFor(request), request.data);
  const topology = topologyOf(built);
  built.dispose();
  const { weights } = await weightsFrom(request, topology);
  return { topology, module, given: weights && { weights } };
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
export const isRegistered = (className: string): boolean =>
  className in tf.serialization.SerializationMap.getMap().classNameMap;

function buildFromZoo(spec: string, request: BuildRequest): TensorFlow.LayersModel {
  const found = findModel(spec);
  if (!found) throw new UserError(`--model ${spec}: unknown model; ${modelsInstead(spec)}`, 2);
  const { named, name } = request.data;
  if (named)
    throw new UserError(
      `--model ${spec} has one input and one output, ${name} has ${named.inputs.length} inputs and ${named.outputs.length} outputs: give a model file with them`,
      2,
    );
  const shapes = shapesFor(request);
  return withoutHugeWeights(spec, shapes, () => found.model.build(tf, shapes, found.args));
}

/** Numbers in one weight: half a gigabyte. Drawing them takes minutes before anybody sees that the data ask for them. */
const HUGE = 2 ** 27;

/** @throws UserError, before it is drawn, where the data are so wide that a model of the zoo would have such a weight */
function withoutHugeWeights<T>(spec: string, { inputShape }: ModelShapes, run: () => T): T {
  const layer = tf.layers.Layer.prototype as unknown as {
    addWeight(name: string, shape: number[], ...rest: unknown[]): unknown;
  };
  const { addWeight } = layer;
  layer.addWeight = function (name, shape, ...rest) {
    if (sizeOf(shape) > HUGE)
      throw new UserError(
        `--model ${spec} would have ${Math.round(sizeOf(shape) / 1e6)} million numbers in one weight, since a record has the shape [${inputShape}]: make the records smaller (of pictures images:DIR?size=64x64), or build a model of your own`,
        2,
      );
    return addWeight.call(this, name, shape, ...rest);
  };
  try {
    return run();
  } finally {
    layer.addWeight = addWeight;
  }
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

function shapesFor({ data, loss }: { data: DataShapes; loss: LossSource | undefined }): ModelShapes {
  const { named } = data;
  const inputShape = data.x.shape;
  const asked = isLossPerOutput(loss) ? undefined : loss;
  const tokens = data.tokens && { tokens: tokenNumbers(data.tokens) };
  const one = { inputShape, ...tokens, ...targetShapes(data.y.shape, data.label, asked) };
  if (!named) return one;
  const losses = isLossPerOutput(loss)
    ? lossesAsked(
        loss,
        named.outputs.map(({ name }) => name),
      )
    : [];
  const inputs = named.inputs.map(({ name, shape }) => [name, { shape }]);
  const outputs = named.outputs.map(({ name, shape, label }, at) => [
    name,
    targetShapes(shape, label, losses[at] ?? asked),
  ]);
  return { ...one, named: { inputs: Object.fromEntries(inputs), outputs: Object.fromEntries(outputs) } };
}

function targetShapes(labelShape: number[], label: LabelKind, loss: LossSource | undefined): OutputShapes {
  if (label.kind === 'value') return { labelShape, outputs: sizeOf(labelShape), outputActivation: 'linear' };
  if (label.kind === 'multilabel')
    return { labelShape: [], outputs: label.classes, outputActivation: 'sigmoid' };
  if (loss === 'binaryCrossentropy') return { labelShape, outputs: 1, outputActivation: 'sigmoid' };
  return { labelShape, outputs: label.classes, outputActivation: 'softmax' };
}

/** @throws UserError */
export async function load(topology: Topology): Promise<TensorFlow.LayersModel> {
  try {
    return await tf.models.modelFromJSON(topology as never);
  } catch (error) {
    // TF.js adds lines on how its own users may mend it.
    const [reason] = messageOf(error).split(/\. This may be due|\n/);
    throw new UserError(`the model cannot be built: ${reason}`);
  }
}

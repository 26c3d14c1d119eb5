/**
 * Builds a TF.js layers model, checks that it fits the data, and takes it apart again: topology with all
 * initializers seeded, and the weights that these give.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import { createProgram, type Program } from '../../../engine/compiled/program.js';
import { createTracer } from '../../../engine/compiled/trace/trace-source.js';
import { loadTensorFlow } from '../../../engine/node/tensorflow.js';
import type { Probe } from '../../../shared/engines/probe.js';
import type { ModelDescription } from '../../../shared/models/description.js';
import { withoutDrawing } from '../../../shared/models/initializers/orthogonal.js';
import { lastActivation } from '../../../shared/models/last-activation.js';
import { registerLayers } from '../../../shared/models/layers.js';
import { setWeight } from '../../../shared/models/write-weights.js';
import { layoutOf } from '../../../shared/numerics/layout.js';
import type { LossName } from '../../../shared/numerics/losses.js';
import { sizeOf } from '../../../shared/numerics/shape.js';
import { messageOf, UserError } from '../../../shared/user-error.js';
import type { DataShapes } from '../data/source.js';
import type { ModelShapes } from '../zoo/model.js';
import { findModel, modelsInstead } from '../zoo/zoo.js';
import { constraintOf } from './constraints.js';
import { matchWeights, type StoredWeight } from './file/match-weights.js';
import { readModelFile } from './file/read.js';
import { uniquelyNamed } from './file/unique-names.js';
import { weightPlaces } from './file/weight-places.js';
import { freezeInner, freezeStored } from './frozen.js';
import { graphsWanted, type RunSizes } from './graph-sizes.js';
import { checkLayers } from './layers/check.js';
import type { Topology } from './layers/topology-json.js';
import { isModelFile } from './model-spec.js';
import { type DataHead, referenceProbe } from './reference.js';
import { seedTopology } from './seeds.js';

const tf = loadTensorFlow();

/** Builds a model for the shapes of the data. */
export type ModelFunction = (tensorflow: typeof TensorFlow, shapes: ModelShapes) => TensorFlow.LayersModel;

/** A name of the zoo with its arguments, a path that ends in .json, a function, or a model built before. */
export type ModelSource = string | ModelFunction | ModelDescription;

export interface BuildRequest {
  model: ModelSource;
  data: DataHead;
  loss: LossName | undefined;
  seed: number;
  /** If it is absent, no graphs are traced. */
  run?: RunSizes;
}

export interface BuiltModel {
  description: ModelDescription;
  /** The flat vector, in model order. */
  weights: Float32Array;
  probe: Probe;
  program: Program;
}

/** @throws UserError if the model cannot be had, or does not fit the data */
export async function buildTopology(request: BuildRequest): Promise<BuiltModel> {
  // Otherwise TF.js prints an advertisement for its native backend on Node.
  tf.enableProdMode();
  await tf.setBackend('cpu');
  registerLayers(tf);
  const { topology, given } = await startingPoint(request);
  checkLayers(topology, isRegistered);
  const seeded = seedTopology(topology, request.seed);
  const model = await load(seeded);
  try {
    if (given) setWeights(model, given.weights, given.namesBefore);
    if (model.trainableWeights.length === 0)
      throw new UserError('the model has no weights that are trained: set trainable to true in some layer');
    const loss = request.loss ?? defaultLoss(request, model);
    checkShapes(model, request, loss);
    checkEnd(model, loss, request.data);
    const description: ModelDescription = {
      format: 1,
      name: nameOf(request.model, model),
      topology: seeded,
      weights: weightSpecs(model),
      loss,
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
    for (const [i, slot] of layout.slots.entries())
      weights.set(model.weights[i]!.read().dataSync(), slot.offset);
    const probe = await referenceProbe(tf, description, request.data, request.seed);
    return { description, weights, probe, program: await compile(description, request) };
  } finally {
    model.dispose();
  }
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
  given?: { weights: StoredWeight[]; namesBefore: ReadonlyMap<string, string> };
}

async function startingPoint(request: BuildRequest): Promise<StartingPoint> {
  const { model } = request;
  if (typeof model === 'object') return { topology: model.topology };
  if (typeof model === 'string' && isModelFile(model)) {
    const { topology: stored, weights } = await readModelFile(model);
    // What TF.js does not know is gone once it has built the model.
    checkLayers(stored, isRegistered);
    const { topology, before: namesBefore } = uniquelyNamed(stored);
    // Built once, so that what the file leaves to defaults is written out: an initializer that is not
    // named has no place for a seed.
    const built = await withoutDrawing(() => load(freezeStored(topology)));
    freezeInner(built);
    const complete = built.toJSON(null, false) as Topology;
    built.dispose();
    return { topology: complete, ...(weights ? { given: { weights, namesBefore } } : {}) };
  }
  const built = typeof model === 'function' ? model(tf, shapesFor(request)) : buildFromZoo(model, request);
  freezeInner(built);
  const { topology } = uniquelyNamed(built.toJSON(null, false) as Topology);
  built.dispose();
  return { topology };
}

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
  loss: LossName | undefined,
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

function shapesFor({ data, loss }: { data: DataShapes; loss: LossName | undefined }): ModelShapes {
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

/** One output tells two classes apart by one probability. */
function defaultLoss({ data: { label, y } }: BuildRequest, { outputs }: TensorFlow.LayersModel): LossName {
  if (label.kind === 'value') return 'meanSquaredError';
  const isBinary = label.classes === 2 && y.shape.length === 0 && outputsOf(outputs[0]!) === 1;
  return isBinary ? 'binaryCrossentropy' : 'categoricalCrossentropy';
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

function setWeights(
  model: TensorFlow.LayersModel,
  stored: StoredWeight[],
  namesBefore: ReadonlyMap<string, string>,
): void {
  const places = weightPlaces(model, namesBefore);
  for (const [i, { shape, values }] of matchWeights(places, stored).entries()) {
    tf.tidy(() => setWeight(places[i]!.variable, tf.tensor(values, [...shape])));
  }
}

function weightSpecs(model: TensorFlow.LayersModel): ModelDescription['weights'] {
  const trainable = new Set(model.trainableWeights);
  return model.weights.map((weight) => {
    const constraint = constraintOf(weight);
    return {
      name: weight.originalName,
      shape: weight.shape as number[],
      trainable: trainable.has(weight),
      ...(constraint ? { constraint } : {}),
    };
  });
}

/** The output shape of the layer's last use: TF.js has none for a nested model, or for a layer that is used twice. */
function outputShapeOf(layer: TensorFlow.layers.Layer): TensorFlow.Shape | TensorFlow.Shape[] {
  const { outputShapes } = layer.inboundNodes.at(-1)!;
  const shapes = outputShapes as TensorFlow.Shape[];
  return shapes.length === 1 ? shapes[0]! : shapes;
}

/** @throws UserError naming both shapes and what can be done */
function checkShapes(model: TensorFlow.LayersModel, { data }: BuildRequest, loss: LossName): void {
  if (model.inputs.length !== 1 || model.outputs.length !== 1) {
    throw new UserError(
      `the model has ${model.inputs.length} inputs and ${model.outputs.length} outputs: one of each is needed`,
    );
  }
  const input = model.inputs[0]!.shape.slice(1);
  const fits =
    input.length === data.x.shape.length &&
    input.every((size, i) => size === null || size === data.x.shape[i]);
  if (!fits) {
    throw new UserError(
      `the model takes inputs of shape [${input}], ${data.name} has [${data.x.shape}]: give another --model or --data`,
    );
  }
  const outputShape = model.outputs[0]!.shape.slice(1);
  const outputs = outputsOf(model.outputs[0]!);
  const { label, y } = data;
  const isClass = loss === 'categoricalCrossentropy' || loss === 'binaryCrossentropy';
  if (isClass !== (label.kind === 'class')) {
    const kind = label.kind === 'class' ? 'classes' : 'numbers';
    throw new UserError(`--loss ${loss} does not fit ${data.name}, whose labels are ${kind}`, 2);
  }
  if (label.kind !== 'class') return;
  if (y.shape.length > 0) {
    const wanted = [...y.shape, label.classes];
    if (loss === 'categoricalCrossentropy' && `${outputShape}` === `${wanted}`) return;
    throw new UserError(
      `${data.name} has a class for each of [${y.shape}] positions: it needs --loss categoricalCrossentropy and a model with outputs [${wanted}], such as gpt or lstm, not [${outputShape}]`,
      2,
    );
  }
  if (loss === 'binaryCrossentropy' ? outputs !== 1 || label.classes !== 2 : outputs !== label.classes) {
    throw new UserError(
      `the model has ${outputs} outputs, ${data.name} ${label.classes} classes, with --loss ${loss}: change the model's last layer, or the loss`,
    );
  }
}

/** How many numbers come of a record, where the model leaves no dimension open. */
const outputsOf = ({ shape }: TensorFlow.SymbolicTensor): number =>
  sizeOf(shape.slice(1).map((length) => length ?? 1));

/** Activations whose results the loss can take. */
const ENDS: Partial<Record<LossName, readonly string[]>> = {
  categoricalCrossentropy: ['softmax', 'linear'],
  binaryCrossentropy: ['sigmoid', 'linear', 'hardSigmoid', 'hardSigmoidOfSixth'],
};

/** @throws UserError naming the layer, its activation, and what the loss needs */
function checkEnd(model: TensorFlow.LayersModel, loss: LossName, { label }: DataHead): void {
  const output = model.outputs[0]!;
  const found = lastActivation(model);
  const { name } = output.sourceLayer;
  const layer = `the model's last layer "${name}" (${output.sourceLayer.getClassName()}) ends in ${found}`;
  if (found === 'softmax' && output.shape.at(-1) === 1) {
    throw new UserError(`${layer}, which of one number is always 1: change its activation to sigmoid`);
  }
  const together = output.shape.at(-1);
  if (found === 'softmax' && label.kind === 'class' && together !== label.classes) {
    throw new UserError(
      `${layer}, which makes probabilities of ${together} numbers at a time, not of ${label.classes}: put a Flatten in front of it`,
    );
  }
  const ends = ENDS[loss];
  if (!ends || ends.includes(found)) return;
  throw new UserError(
    `${layer}, whose results are no probabilities for --loss ${loss}: change its activation to ${ends[0]}, or to linear for logits`,
  );
}

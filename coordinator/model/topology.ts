/**
 * Builds a TF.js layers model, checks that it fits the data, and takes it apart again: topology with all
 * initializers seeded, and the weights that these give.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import { layoutOf } from '../../shared/layout.js';
import type { LossName } from '../../shared/losses.js';
import type { ModelDescription } from '../../shared/models/description.js';
import { registerLayers } from '../../shared/models/layers/layers.js';
import type { ModelShapes } from '../../shared/models/model.js';
import { findModel, modelNames } from '../../shared/models/zoo.js';
import type { Probe } from '../../shared/probe.js';
import { messageOf, UserError } from '../../shared/user-error.js';
import { createProgram, type Program } from '../../worker/engine/compiled/program.js';
import { createTracer } from '../../worker/engine/compiled/trace/trace-source.js';
import { loadTensorFlow } from '../../worker/node/tensorflow.js';
import { graphsWanted, type RunSizes } from './graph-sizes.js';
import { readModelFile } from './model-file.js';
import { isModelFile } from './model-spec.js';
import { type DataHead, referenceProbe } from './reference.js';
import { seedTopology, type Topology } from './seeds.js';

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
  /** Without it no graphs are made. */
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
  // Else TF.js advertises its native backend to whoever runs it on Node.
  tf.enableProdMode();
  await tf.setBackend('cpu');
  registerLayers(tf);
  const { topology, weights: given } = await startingPoint(request);
  const seeded = seedTopology(topology, request.seed);
  const model = await load(seeded);
  try {
    if (given) setWeights(model, given);
    const loss = request.loss ?? defaultLoss(request);
    checkShapes(model, request, loss);
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
        outputShape: JSON.stringify(layer.outputShape),
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

async function startingPoint(
  request: BuildRequest,
): Promise<{ topology: Topology; weights?: Map<string, Float32Array> }> {
  const { model } = request;
  if (typeof model === 'object') return { topology: model.topology };
  if (typeof model === 'string' && isModelFile(model)) {
    const { topology, ...weights } = await readModelFile(model);
    // Built once, so that what the file leaves to defaults is written out: an initializer that is not
    // named has no place for a seed.
    const built = await load(topology);
    const complete = built.toJSON(null, false) as Topology;
    built.dispose();
    return { topology: complete, ...weights };
  }
  const built = typeof model === 'function' ? model(tf, shapesFor(request)) : buildFromZoo(model, request);
  const topology = built.toJSON(null, false) as Topology;
  built.dispose();
  return { topology };
}

function buildFromZoo(spec: string, request: BuildRequest): TensorFlow.LayersModel {
  const found = findModel(spec);
  if (!found) throw new UserError(`--model ${spec}: unknown model; give ${modelNames()} or a FILE.json`, 2);
  return found.model.build(tf, shapesFor(request), found.args);
}

function nameOf(source: ModelSource, { name }: TensorFlow.LayersModel): string {
  if (typeof source === 'function') return name;
  return typeof source === 'string' ? source : source.name;
}

function shapesFor({ data, loss }: BuildRequest): ModelShapes {
  const inputShape = data.x.shape;
  const labelShape = data.y.shape;
  const { label } = data;
  if (label.kind === 'value') {
    const outputs = labelShape.reduce((a, b) => a * b, 1);
    return { inputShape, labelShape, outputs, outputActivation: 'linear' };
  }
  if (loss === 'binaryCrossentropy')
    return { inputShape, labelShape, outputs: 1, outputActivation: 'sigmoid' };
  return { inputShape, labelShape, outputs: label.classes, outputActivation: 'softmax' };
}

function defaultLoss({ data }: BuildRequest): LossName {
  return data.label.kind === 'value' ? 'meanSquaredError' : 'categoricalCrossentropy';
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

/** By name: converters list weights layer by layer, TF.js trainable ones first. */
function setWeights(model: TensorFlow.LayersModel, given: Map<string, Float32Array>): void {
  for (const weight of model.weights) {
    const values = given.get(weight.originalName);
    const size = weight.shape.reduce<number>((a, b) => a * (b ?? 1), 1);
    if (values?.length !== size) {
      throw new UserError(`the model file has no weight ${weight.originalName} of shape [${weight.shape}]`);
    }
    weight.write(tf.tensor(values, weight.shape as number[]));
  }
}

function weightSpecs(model: TensorFlow.LayersModel): ModelDescription['weights'] {
  const trainable = new Set(model.trainableWeights);
  return model.weights.map((weight) => ({
    name: weight.originalName,
    shape: weight.shape as number[],
    trainable: trainable.has(weight),
  }));
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
  const outputs = outputShape.reduce<number>((a, b) => a * (b ?? 1), 1);
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

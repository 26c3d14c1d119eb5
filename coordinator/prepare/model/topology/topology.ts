/**
 * Builds a TF.js layers model, checks that it fits the data, and takes it apart again: topology with all
 * initializers seeded, and the weights that these give.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import { createProgram, type Program } from '../../../../engine/compiled/program.js';
import { isProgram } from '../../../../engine/compiled/start.js';
import { createTracer } from '../../../../engine/compiled/trace/trace-source.js';
import { loadTensorFlow } from '../../../../engine/node/tensorflow.js';
import type { ModelDescription, TracedFunction } from '../../../../shared/models/description.js';
import { outputNamesOf } from '../../../../shared/models/end-names.js';
import { lastActivation } from '../../../../shared/models/last-activation.js';
import { registerLayers } from '../../../../shared/models/layers.js';
import { weightsInOrder } from '../../../../shared/models/weights-in-order.js';
import { layoutOf } from '../../../../shared/numerics/layout.js';
import type { LossName } from '../../../../shared/numerics/losses.js';
import { UserError } from '../../../../shared/user-error.js';
import { tellFit } from '../file/from-weights.js';
import { setWeights } from '../file/given-weights.js';
import type { ChosenLoss } from '../file/training-config.js';
import { checkLayers } from '../layers/check.js';
import { checkFreeLength, checkTokens } from '../layers/masked/check-tokens.js';
import { lossesAsked } from '../traced/loss-per-output.js';
import { isOwnLoss, ownLoss } from '../traced/own-function.js';
import { scoredFor } from '../traced/own-metrics.js';
import type { Subject } from '../traced/plain-inputs.js';
import { traceOwn } from '../traced/trace-own.js';
import { checkEnd, checkInputs, checkOutput, defaultLoss, lossTerms, type Target } from './fit.js';
import { graphsWanted } from './graph-sizes.js';
import { type DataHead, referenceProbe } from './reference.js';
import type { BuildRequest, BuiltModel, ModelSource } from './request.js';
import { seedTopology } from './seeds.js';
import { isRegistered, load, startingPoint } from './starting-point.js';
import { targetsOf, trainedOutputs } from './trained-outputs.js';
import { weightSpecs } from './weight-specs.js';

const tf = loadTensorFlow();

/** @throws UserError if the model cannot be had, or does not fit the data */
export async function buildTopology(request: BuildRequest): Promise<BuiltModel> {
  // Otherwise TF.js prints an advertisement for its native backend on Node.
  tf.enableProdMode();
  await tf.setBackend('cpu');
  registerLayers(tf);
  const { topology, given, trains, module, notes = [] } = await startingPoint(request);
  if (!module) checkLayers(topology, isRegistered);
  const seeded = seedTopology(topology, request.seed);
  const model = await load(seeded);
  try {
    if (given && request.from) notes.push(...tellFit(model, given, request.from));
    if (given) setWeights(tf, model, given);
    if (model.trainableWeights.length === 0)
      throw new UserError('the model has no weights that are trained: set trainable to true in some layer');
    const targets = targetsOf(model, request.data);
    checkInputs(model, request.data);
    const outputs = targets.length > 1 ? trainedOutputs(model, request, targets, trains?.each) : undefined;
    const loss = outputs ? outputs[0]!.loss : lossOf(model, request, targets[0]!, trains);
    const { tokens, name } = request.data;
    if (tokens) {
      checkFreeLength(model.inputs[0]!.shape.slice(1), name);
      checkTokens(seeded, tokens, name);
    }
    const subject = subjectOf(request.data, model);
    const tracedLoss = await tracedLossOf(request, subject);
    const before = typeof request.model === 'object' ? request.model.scored : undefined;
    const scored = await scoredFor(request.scores, before, (own) => traceOwn(tf, own, subject(), 'metric'));
    if (!tracedLoss && !outputs) checkEnd(model, loss, targets[0]!, trains?.fromLogits);
    const terms = outputs
      ? { outputs }
      : lossTerms(request, tracedLoss ? undefined : loss, trains?.labelSmoothing);
    const description: ModelDescription = {
      format: module || tracedLoss || scored || Object.keys(terms).length > 0 ? 2 : 1,
      name: nameOf(request.model, model),
      topology: seeded,
      ...(module && { module }),
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

/** The loss of the only output. @throws UserError */
function lossOf(
  model: TensorFlow.LayersModel,
  { loss: asked, lossWeights, model: source }: BuildRequest,
  target: Target,
  trains: ChosenLoss | undefined,
): LossName {
  if (lossWeights !== undefined && typeof source !== 'object')
    throw new UserError(
      '--loss-weights is for a model with several outputs, and this one has one: leave it out',
      2,
    );
  const named = isOwnLoss(asked) ? undefined : lossesAsked(asked, outputNamesOf(model))[0];
  const loss = trains?.loss ?? named ?? defaultLoss(model.outputs[0]!, target);
  checkOutput(model, 0, target, loss);
  return loss;
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
  const { module } = description;
  if (module) return { format: 1, graphs: {}, refused: isProgram(module) };
  if (!run) return createProgram([], () => ({ nodes: [], outputs: [] }));
  const tracer = await createTracer(tf, description, data);
  try {
    const wanted = graphsWanted(run, { ...data, probeSamples: data.first[0]!.count });
    return createProgram(wanted, (one) => tracer.trace(one));
  } finally {
    tracer.dispose();
  }
}

function nameOf(source: ModelSource, { name }: TensorFlow.LayersModel): string {
  if (typeof source === 'function') return name;
  return typeof source === 'string' ? source : source.name;
}

/** The output shape of the layer's last use: TF.js has none for a nested model, or for a layer that is used twice. */
function outputShapeOf(layer: TensorFlow.layers.Layer): TensorFlow.Shape | TensorFlow.Shape[] {
  const { outputShapes } = layer.inboundNodes.at(-1)!;
  const shapes = outputShapes as TensorFlow.Shape[];
  return shapes.length === 1 ? shapes[0]! : shapes;
}

/**
 * Traces a TF.js model: one training step, or one evaluation, of a fixed number of samples becomes a graph.
 *
 * The model runs once, forward and backward, on a backend that only records. Everything that this patches
 * (Math.random, Variable.assign, gradients, the backend) is restored, also after an error. A trace is made
 * twice: if the two differ, the model hides state or randomness that a graph cannot hold. Of the same model of texts
 * in other lengths once is enough.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { FedRecords } from '../../../shared/data/manifest.js';
import { hasSeveralOutputs } from '../../../shared/data/named-parts.js';
import { messageOf } from '../../../shared/user-error.js';
import {
  evaluationOf,
  gradientsOf,
  type ModelStep,
  predictionsOf,
  type StepInputs,
} from '../../eager/model-step.js';
import {
  constantOf,
  createNode,
  type Dtype,
  type Graph,
  type Output,
  type Value,
  type Values,
} from '../graph/graph.js';
import { storeGraph } from '../graph/graph-json.js';
import { withoutDeadCode } from '../passes/dead-code.js';
import { installRecorder, type Recorder, TRACE_BACKEND } from './backend.js';
import { replaceGradients } from './gradients.js';
import { KnownSeeds } from './recognize-random.js';

export type TraceKind = 'gradient' | 'evaluation' | 'prediction';

export interface TraceRequest extends ModelStep {
  manifest: FedRecords;
  kind: TraceKind;
  samples: number;
  /** Positions of each record's x, where it is not as long as it is stored. */
  length?: number;
  /** Whether the model has been traced twice in another length. */
  isTried?: boolean;
}

/** What each sample counts: [samples]. */
const SAMPLE_WEIGHT = 'sampleWeight';

/** Seeds of the two traces: any two numbers, far enough apart. */
const BASES = [0.25, 0.5];

/**
 * Inputs of the graph: `x` and `y` as stored, `sampleWeight` of a gradient where records have weights, `weight:I` by
 * place in the layout. Outputs: `loss`, `metric`; of
 * a gradient `gradient:I` (sums over the samples) and `change:I` (times samples) where there is one; of an
 * evaluation of classes `predicted` and `confidence`, and what `scoring` gives; of a prediction `output` alone, of `x` as it is stored (`output:I` of `x:I` where there are several): for
 * classes probabilities, also where the model ends in logits.
 * @throws Error naming the operation that stands in the way
 */
export function traceModel(request: TraceRequest): Graph {
  const bases = request.isTried ? BASES.slice(0, 1) : BASES;
  const [first, second] = bases.map((base) => traceOnce(request, base));
  if (!second) return first!;
  const [a, b] = [first!, second].map((graph) => JSON.stringify(storeGraph(graph)));
  if (a !== b) throw new Error('the model computes something else each time: it hides state or randomness');
  return first!;
}

function traceOnce(request: TraceRequest, base: number): Graph {
  const { tf, model } = request;
  const [backend, random] = [tf.getBackend(), Math.random];
  const { assign } = tf.Variable.prototype;
  const seeds = new KnownSeeds(base);
  let draws = 0;
  const recorder = installRecorder(tf, {
    written(values, shape, dtype) {
      const draw = seeds.explain(values, dtype);
      if (!draw) return constantOf(isSplat(values) ? values.slice(0, 1) : values.slice(), shape, dtype);
      return { shape, dtype, source: { kind: 'random', name: `random:${draws++}`, draw } };
    },
  });
  const restoreGradients = replaceGradients(tf, recorder);
  const weights = request.weights.map((weight) => weight.read() as TensorFlow.Variable);
  const before = bindWeights(weights, recorder);
  const assigned = new Map<TensorFlow.Variable, Value>();
  Math.random = () => seeds.next();
  tf.Variable.prototype.assign = function (this: TensorFlow.Variable, value: TensorFlow.Tensor) {
    if (!before.has(this)) throw new Error(`the model changes ${this.name}, which is none of its weights`);
    const after = recorder.valueOf(value);
    recorder.rebind(this, after);
    assigned.set(this, after);
  };
  try {
    tf.setBackend(TRACE_BACKEND);
    const outputs: Output[] = [];
    tf.tidy(() => {
      if (request.kind === 'prediction') {
        const given = predictionsOf(request, predictionInputs(request, recorder));
        for (const [i, output] of given.entries())
          outputs.push({ name: partName('output', i, given.length), value: recorder.valueOf(output) });
        return;
      }
      const inputs = stepInputs(request, recorder);
      if (request.kind === 'evaluation') {
        const { scores, ...results } = evaluationOf(request, inputs);
        for (const [name, tensor] of Object.entries({ ...results, ...scores })) {
          outputs.push({ name, value: recorder.valueOf(tensor) });
        }
        return;
      }
      const { loss, metric, gradients } = gradientsOf(request, inputs);
      outputs.push({ name: 'loss', value: recorder.valueOf(loss) });
      outputs.push({ name: 'metric', value: recorder.valueOf(metric) });
      for (const [i, gradient] of gradients.entries()) {
        if (gradient) outputs.push({ name: `gradient:${i}`, value: recorder.valueOf(gradient) });
      }
      metric.dispose();
      for (const [i, variable] of weights.entries()) {
        const after = assigned.get(variable);
        if (!after) continue;
        const change = tf.mul(
          tf.sub(recorder.tensorOf(after), recorder.tensorOf(before.get(variable)!)),
          request.samples,
        );
        outputs.push({ name: `change:${i}`, value: recorder.valueOf(change) });
      }
    });
    return withoutDeadCode({ nodes: recorder.nodes, outputs });
  } catch (error) {
    throw new Error(`${model.name} cannot be traced: ${messageOf(error)}`, { cause: error });
  } finally {
    Math.random = random;
    tf.Variable.prototype.assign = assign;
    restoreGradients();
    tf.setBackend(backend);
    recorder.uninstall();
  }
}

/** Zeros and ones come in full size. */
const isSplat = (values: Values): boolean =>
  values.length > 0 && values.every((value) => value === values[0]);

function bindWeights(weights: TensorFlow.Variable[], recorder: Recorder): Map<TensorFlow.Variable, Value> {
  return new Map(
    weights.map((variable, i) => {
      const { shape, dtype } = variable;
      const value: Value = { shape, dtype: dtype as Dtype, source: { kind: 'input', name: `weight:${i}` } };
      recorder.rebind(variable, value);
      return [variable, value];
    }),
  );
}

/** The inputs and outputs of a prediction: `x` and `output`; where there are several, with their places behind. */
export const partName = (name: 'x' | 'output', at: number, count: number): string =>
  count === 1 ? name : `${name}:${at}`;

/** A tensor for each input of the model, in the order of the records. */
function predictionInputs({ manifest, samples }: TraceRequest, recorder: Recorder): TensorFlow.Tensor[] {
  const { x, named } = manifest;
  const parts = named && named.inputs.length > 1 ? named.inputs : [x];
  return parts.map(({ shape }, at) =>
    storedInput(recorder, partName('x', at, parts.length), [samples, ...shape], x.dtype, 'float32'),
  );
}

/** @param stored how it is given. @param dtype what the step asks for */
function storedInput(
  recorder: Recorder,
  name: string,
  shape: number[],
  stored: Dtype,
  dtype: Dtype,
): TensorFlow.Tensor {
  const given: Value = { shape, dtype: stored, source: { kind: 'input', name } };
  if (stored === dtype) return recorder.tensorOf(given);
  const cast = createNode('Cast', { x: given }, {}, [{ shape, dtype }]);
  recorder.nodes.push(cast);
  return recorder.tensorOf(cast.outputs[0]!);
}

/** Tensors for the records as stored, in the dtypes that the step asks for. */
function stepInputs({ manifest, kind, samples, length }: TraceRequest, recorder: Recorder): StepInputs {
  const input = (name: 'x' | 'y', shape: number[], dtype: Dtype) =>
    storedInput(recorder, name, shape, manifest[name].dtype, dtype);
  // As the eager engine: classes among other numbers are float32.
  const isClass = manifest.label.kind === 'class' && !hasSeveralOutputs(manifest.named);
  const labels = [samples, ...manifest.y.shape];
  const weight: Value = {
    shape: [samples],
    dtype: 'float32',
    source: { kind: 'input', name: SAMPLE_WEIGHT },
  };
  return {
    x: input('x', [samples, ...(length === undefined ? manifest.x.shape : [length])], 'float32'),
    target: input('y', labels, isClass ? 'int32' : 'float32'),
    ...(manifest.weighted && kind === 'gradient' ? { weight: recorder.tensorOf(weight) } : {}),
  };
}

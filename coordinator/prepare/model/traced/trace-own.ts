/** Turns a loss of the user's own into a graph, and refuses what a graph cannot hold. */
import { createHash } from 'node:crypto';
import type * as TensorFlow from '@tensorflow/tfjs';
import { openGraph } from '../../../../engine/compiled/graph/open-graph.js';
import type { Spec } from '../../../../engine/compiled/trace/spec.js';
import { traceFunction } from '../../../../engine/compiled/trace/trace-function.js';
import { correctGradients } from '../../../../engine/eager/corrected-gradients.js';
import { isReplayed } from '../../../../engine/eager/traced/kernels.js';
import type { TracedFunction } from '../../../../shared/models/description.js';
import { messageOf, UserError } from '../../../../shared/user-error.js';
import { checkNumbers } from './check-numbers.js';
import { madeBy, type NamedFunction, type PerSampleFunction } from './own-function.js';
import { plainInputs, type Subject } from './plain-inputs.js';

/** The graph must hold for one sample, and for a number that is no multiple of others. */
const OTHERS = [1, 7];

/** @param tf on its `cpu` backend; @throws UserError naming the function, the operation, and what is known */
export function traceOwn(
  tf: typeof TensorFlow,
  own: NamedFunction,
  subject: Subject,
  kind: 'loss' | 'metric',
): TracedFunction {
  const { called, name } = own;
  const compute = madeBy(own, tf);
  correctGradients(tf);
  try {
    const graph = openGraph((samples) => traced(tf, compute, subject, samples), OTHERS);
    const sha256 = createHash('sha256').update(JSON.stringify(graph)).digest('hex');
    const made: TracedFunction = { name, sha256, graph: { ...graph } };
    checkNumbers(tf, compute, made, subject, kind);
    return made;
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${called}: the ${kind} cannot be used: ${messageOf(error)}`, 1, { cause: error });
  }
}

function traced(tf: typeof TensorFlow, compute: PerSampleFunction, subject: Subject, samples: number) {
  const { yTrue, yPred } = plainInputs(tf, subject, samples);
  const specOf = ({ shape, dtype }: TensorFlow.Tensor): Spec => ({ shape, dtype: dtype as Spec['dtype'] });
  const specs = { yTrue: specOf(yTrue), yPred: specOf(yPred) };
  tf.dispose([yTrue, yPred]);
  const graph = traceFunction(tf, ({ yTrue, yPred }) => compute(yTrue!, yPred!), specs);
  const { shape } = graph.outputs[0]!.value;
  if (`${shape}` !== `${samples}`)
    throw new Error(
      `it gives a tensor of shape [${shape}] for ${samples} samples with yTrue [${specs.yTrue.shape}] and yPred [${specs.yPred.shape}]: one number for each sample is needed, [${samples}], for example by .mean(-1)`,
    );
  const unknown = graph.nodes.find(({ kernel }) => !isReplayed(kernel));
  if (unknown) throw new Error(`the operation ${unknown.kernel} cannot stand in it; ${KNOWN}`);
  if (graph.outputs[0]!.value.dtype !== 'float32')
    throw new Error(`it gives numbers of ${graph.outputs[0]!.value.dtype}: float32 is needed, by .toFloat()`);
  return graph;
}

const KNOWN =
  'known are arithmetic, comparisons, tf.where, reductions, softmax, one-hot, gather, and what moves values; no convolution, pooling, resizing or sorting';

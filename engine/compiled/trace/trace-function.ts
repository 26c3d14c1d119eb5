/** Traces a function of tensors, as a loss or a metric is one: it runs once on the backend that only records. */
import type * as TensorFlow from '@tensorflow/tfjs';
import { messageOf } from '../../../shared/user-error.js';
import { constantOf, type Graph, type GraphNode, type Value } from '../graph/graph.js';
import { storeGraph } from '../graph/graph-json.js';
import { withoutDeadCode } from '../passes/dead-code.js';
import { installRecorder, TRACE_BACKEND } from './backend.js';
import type { Spec } from './spec.js';

type Tensor = TensorFlow.Tensor;

/**
 * @param inputs of the graph, by name
 * @returns a graph with one output, `result`
 * @throws Error that names the operation, or what else cannot be traced
 */
export function traceFunction(
  tf: typeof TensorFlow,
  compute: (inputs: Record<string, Tensor>) => unknown,
  inputs: Record<string, Spec>,
): Graph {
  const [first, second] = [traceOnce(tf, compute, inputs), traceOnce(tf, compute, inputs)];
  const [a, b] = [first, second].map((graph) => JSON.stringify(storeGraph(graph)));
  if (a !== b) throw new Error('it computes something else each time: it hides state');
  return first;
}

function traceOnce(
  tf: typeof TensorFlow,
  compute: (inputs: Record<string, Tensor>) => unknown,
  inputs: Record<string, Spec>,
): Graph {
  const [backend, random] = [tf.getBackend(), Math.random];
  const recorder = installRecorder(tf, {
    written: (values, shape, dtype) => {
      const isSplat = values.length > 0 && values.every((value) => value === values[0]);
      return constantOf(isSplat ? values.slice(0, 1) : values.slice(), shape, dtype);
    },
  });
  Math.random = () => {
    throw new Error('it draws random numbers');
  };
  try {
    tf.setBackend(TRACE_BACKEND);
    return tf.tidy(() => {
      const tensors = Object.entries(inputs).map(([name, { shape, dtype }]) => {
        const value: Value = { shape, dtype, source: { kind: 'input', name } };
        return [name, recorder.tensorOf(value)] as const;
      });
      const result = checkTensor(tf, compute(Object.fromEntries(tensors)));
      const outputs = [{ name: 'result', value: recorder.valueOf(result) }];
      const graph = withoutDeadCode({ nodes: recorder.nodes, outputs });
      for (const node of graph.nodes) checkNumbers(node);
      return graph as unknown as TensorFlow.TensorContainer;
    }) as unknown as Graph;
  } catch (error) {
    throw new Error(plainly(messageOf(error)), { cause: error });
  } finally {
    Math.random = random;
    tf.setBackend(backend);
    recorder.uninstall();
  }
}

function checkTensor(tf: typeof TensorFlow, result: unknown): Tensor {
  if (result instanceof tf.Tensor) return result;
  if (result instanceof Promise) throw new Error('it is asynchronous: it must return a tensor at once');
  const isForeign = typeof result === 'object' && result !== null && 'dataId' in result;
  throw new Error(
    isForeign
      ? 'it returns a tensor of another copy of TF.js: use the tf that it is given'
      : `it returns ${typeof result === 'object' ? 'an object' : `${result}`} where a tensor is needed`,
  );
}

/** JSON has no infinity. */
function checkNumbers({ kernel, inputs, attributes }: GraphNode): void {
  const constants = Object.values(inputs).flatMap(({ source }) =>
    source.kind === 'constant' ? Array.from(source.values) : [],
  );
  const numbers = Object.values(attributes)
    .flat()
    .filter((value) => typeof value === 'number');
  if ([...constants, ...numbers].every(Number.isFinite)) return;
  throw new Error(`the operation ${kernel} is given a number that is not finite`);
}

/** TF.js's own words for a kernel that a backend lacks, and for tensors that it does not know. */
function plainly(message: string): string {
  const [, kernel] = /Kernel '(\w+)' not registered for backend/.exec(message) ?? [];
  return kernel ? `the operation ${kernel} cannot be traced` : message;
}

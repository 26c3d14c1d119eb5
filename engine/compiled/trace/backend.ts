/**
 * A backend of TF.js that computes nothing: it writes down which kernels are called on what. While it is
 * installed, TF.js's own gradient functions write the backward pass.
 *
 * A tensor that was disposed still stands for its value: values are immutable and take no memory.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import {
  constantOf,
  createNode,
  type Dtype,
  type GraphNode,
  type Shape,
  sizeOf,
  type Value,
  type Values,
} from '../graph/graph.js';
import { SHAPES } from './shapes.js';
import type { RawAttributes } from './spec.js';

export const TRACE_BACKEND = 'swarmgrad-trace';

type Tf = typeof TensorFlow;
type DataId = object;

export interface Recorder {
  readonly nodes: GraphNode[];
  /** The value that a tensor stands for. */
  valueOf(tensor: TensorFlow.Tensor | TensorFlow.TensorInfo): Value;
  /** A tensor that stands for `value`; `uint8` has none. */
  tensorOf(value: Value): TensorFlow.Tensor;
  /** Makes the tensors of that data stand for `value` from now on. */
  rebind(tensor: TensorFlow.Tensor, value: Value): void;
  record(kernel: string, inputs: Record<string, Value>, raw: RawAttributes): readonly Value[];
  /** Takes backend and kernels out of TF.js again. */
  uninstall(): void;
}

export interface RecorderHooks {
  /** A tensor made from numbers: a constant, or what stands for it. */
  written(values: Values, shape: Shape, dtype: Dtype): Value;
}

/** Installs the backend under its name; the caller selects it. */
export function installRecorder(tf: Tf, hooks: RecorderHooks): Recorder {
  const nodes: GraphNode[] = [];
  const values = new WeakMap<DataId, Value>();
  const counts = new WeakMap<DataId, number>();

  const put = (value: Value): DataId => {
    const id = {};
    values.set(id, value);
    counts.set(id, 1);
    return id;
  };
  const shaped = (value: Value, shape: Shape): Value => {
    if (value.shape.length === shape.length && value.shape.every((length, i) => length === shape[i]))
      return value;
    return record('Reshape', { x: value }, { shape: [...shape] })[0]!;
  };
  const standsFor = (tensor: TensorFlow.TensorInfo): Value => {
    const known = values.get(tensor.dataId);
    if (known) return shaped(known, tensor.shape);
    // A tensor of another backend, which the model keeps: its numbers cannot change while we watch.
    const { dtype } = tensor;
    if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') throw new Error(`a tensor of ${dtype}`);
    const captured = (tensor as TensorFlow.Tensor).dataSync() as Values;
    const value = constantOf(captured.slice(), tensor.shape, dtype);
    values.set(tensor.dataId, value);
    return value;
  };
  const record = (kernel: string, inputs: Record<string, Value>, raw: RawAttributes): readonly Value[] => {
    const rule = SHAPES[kernel];
    if (!rule) throw new Error(`the operation ${kernel} cannot be compiled`);
    const { outputs, attributes } = rule(inputs, raw, tf);
    const node = createNode(kernel, inputs, attributes ?? {}, outputs);
    nodes.push(node);
    return node.outputs;
  };

  class TraceBackend extends tf.KernelBackend {
    override write(
      data: TensorFlow.backend_util.BackendValues,
      shape: number[],
      dtype: TensorFlow.DataType,
    ): DataId {
      if (dtype === 'string' || dtype === 'complex64')
        throw new Error(`a tensor of ${dtype} cannot be compiled`);
      const typed = Array.isArray(data) ? Float32Array.from(data as unknown as number[]) : (data as Values);
      return put(hooks.written(typed, shape, dtype));
    }
    override move(): void {
      throw new Error('a tensor was moved onto the tracing backend');
    }
    override readSync(id: DataId): TensorFlow.backend_util.BackendValues {
      const value = values.get(id)!;
      const { source } = value;
      if (source.kind !== 'constant') {
        throw new Error('it reads the numbers of a tensor while it computes (dataSync, data or array)');
      }
      const { values: known } = source;
      const size = sizeOf(value.shape);
      return known.length === size ? known : new Float32Array(size).fill(known[0]!);
    }
    override async read(id: DataId): Promise<TensorFlow.backend_util.BackendValues> {
      return this.readSync(id);
    }
    override incRef(id: DataId): void {
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    decRef(id: DataId): void {
      counts.set(id, (counts.get(id) ?? 1) - 1);
    }
    override refCount(id: DataId): number {
      return counts.get(id) ?? 0;
    }
    override disposeData(id: DataId, force = false): boolean {
      const left = (counts.get(id) ?? 1) - 1;
      counts.set(id, left);
      return force || left <= 0;
    }
    override numDataIds(): number {
      return 0;
    }
    override floatPrecision(): 32 {
      return 32;
    }
    override epsilon(): number {
      return 1e-7;
    }
    override timerAvailable(): boolean {
      return false;
    }
    override memory(): { unreliable: boolean } {
      return { unreliable: true };
    }
    override dispose(): void {}
  }

  tf.registerBackend(TRACE_BACKEND, () => new TraceBackend(), 0);
  const kernels = Object.keys(SHAPES);
  for (const kernelName of [...kernels, 'Identity']) {
    tf.registerKernel({
      kernelName,
      backendName: TRACE_BACKEND,
      kernelFunc: ({ inputs, attrs }) => {
        const present = Object.entries(inputs).filter(([, tensor]) => tensor != null);
        const read = Object.fromEntries(
          present.map(([name, tensor]) => [name, standsFor(tensor as TensorFlow.TensorInfo)]),
        );
        const outputs =
          kernelName === 'Identity' ? Object.values(read) : record(kernelName, read, attrs ?? {});
        const tensors = outputs.map((value) => ({
          dataId: put(value),
          shape: [...value.shape],
          dtype: value.dtype as 'float32',
        }));
        const single = tensors.length === 1 && kernelName !== 'Unpack' && kernelName !== 'SplitV';
        return single ? tensors[0]! : tensors;
      },
    });
  }

  return {
    nodes,
    valueOf: (tensor) => standsFor(tensor),
    tensorOf: (value) =>
      tf.engine().makeTensorFromTensorInfo({
        dataId: put(value),
        shape: [...value.shape],
        dtype: value.dtype as 'float32',
      }),
    rebind: (tensor, value) => void values.set(tensor.dataId, value),
    record,
    uninstall() {
      for (const kernelName of [...kernels, 'Identity']) tf.unregisterKernel(kernelName, TRACE_BACKEND);
      tf.removeBackend(TRACE_BACKEND);
    },
  };
}

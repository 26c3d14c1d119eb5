/**
 * One ONNX model for any number of samples, from the same model lowered for three. Lowering knows every shape, so a
 * number of samples stands in it as a number; what differs between the three is what follows from it. Where one size
 * of a Reshape differs, the runtime finds it; all else is computed from the length of the input's first axis.
 */
import { sameShape } from '../../../../engine/compiled/graph/graph.js';
import {
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
  tensorBytes,
} from '../../../../engine/compiled/onnx/encode.js';

/** The name of the first axis of input and output. */
const BATCH = 'batch';

export interface Lowered {
  model: OnnxModel;
  samples: number;
}

/** The elements of a list as `offset + slope * samples`. */
interface Linear {
  offsets: number[];
  slopes: number[];
}

/** Three lowerings that do not differ by their numbers alone: a size of the model may be the number of samples. */
export class Unlike extends Error {}

/**
 * @param lowered of three numbers of samples, which must be no size that the model itself has
 * @param inputs those whose first axis is the batch
 * @throws Unlike
 */
export function freeBatch(
  lowered: readonly [Lowered, Lowered, Lowered],
  inputs: readonly string[],
): OnnxModel {
  const [{ model }] = lowered;
  const shapes = lowered.map(({ model }) => JSON.stringify(model.nodes));
  const isAlike = lowered.every(
    (other, i) => shapes[i] === shapes[0] && other.model.constants.length === model.constants.length,
  );
  if (!isAlike) throw new Unlike('the operators depend on the number of samples');
  const lists = new Map<string, Linear>();
  const constants = model.constants.flatMap((constant, i) => {
    const twins = lowered.map((other) => other.model.constants[i]!);
    if (twins.every((twin) => isEqual(twin, constant))) return [constant];
    lists.set(constant.name, linearOf(lowered, twins));
    return [];
  });
  const free = new FreeLists(lists, model.inputs.find(({ name }) => inputs.includes(name))!.name);
  const nodes = model.nodes.map((node) => free.nodeOf(node));
  const open = (value: OnnxValue): OnnxValue => ({ ...value, shape: [BATCH, ...value.shape.slice(1)] });
  return {
    nodes: [...free.nodes, ...nodes],
    constants: [...constants, ...free.constants],
    // Weights are inputs too.
    inputs: model.inputs.map((value) => (inputs.includes(value.name) ? open(value) : value)),
    outputs: model.outputs.map(open),
  };
}

const isEqual = (a: OnnxTensor, b: OnnxTensor): boolean =>
  a.name === b.name &&
  a.type === b.type &&
  sameShape(a.shape, b.shape) &&
  Buffer.compare(a.bytes, b.bytes) === 0;

function linearOf(lowered: readonly Lowered[], twins: readonly OnnxTensor[]): Linear {
  const [first] = twins as [OnnxTensor];
  const isList = twins.every(({ type, shape, name }) => {
    return type === 'int64' && sameShape(shape, first.shape) && name === first.name;
  });
  if (!isList) throw new Unlike(`a constant of shape [${first.shape}] depends on the number of samples`);
  const [a, b, c] = twins.map(wholeNumbers) as [number[], number[], number[]];
  const [n, m, k] = lowered.map(({ samples }) => samples) as [number, number, number];
  const slopes = a.map((value, i) => (b[i]! - value) / (m - n));
  const offsets = a.map((value, i) => value - slopes[i]! * n);
  if (!slopes.every((slope, i) => Number.isInteger(slope) && c[i] === offsets[i]! + slope * k))
    throw new Unlike('a size is no multiple of the number of samples');
  return { slopes, offsets };
}

function wholeNumbers({ bytes }: OnnxTensor): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / 8 }, (_, i) => Number(view.getBigInt64(8 * i, true)));
}

/** Puts what is computed from the number of samples in the place of lists that follow from it. */
class FreeLists {
  /** To be run before all others. */
  readonly nodes: OnnxNode[] = [];
  readonly constants: OnnxTensor[] = [];
  private readonly computed = new Map<string, string>();

  constructor(
    private readonly lists: ReadonlyMap<string, Linear>,
    private readonly input: string,
  ) {}

  nodeOf(node: OnnxNode): OnnxNode {
    const [, sizes] = node.inputs;
    const list = sizes === undefined ? undefined : this.lists.get(sizes);
    if (node.op === 'Reshape' && list && list.slopes.filter((slope) => slope !== 0).length === 1)
      return { ...node, inputs: [node.inputs[0]!, this.inferred(sizes!, list)] };
    // Without sizes the parts are equal.
    if (node.op === 'Split' && list?.slopes.every((slope, i) => slope > 0 && list.offsets[i] === 0))
      if (new Set(list.slopes).size === 1) return { ...node, inputs: [node.inputs[0]!] };
    return { ...node, inputs: node.inputs.map((name) => this.listOf(name)) };
  }

  private inferred(name: string, { offsets, slopes }: Linear): string {
    return this.add(
      `${name}_inferred`,
      slopes.map((slope, i) => (slope === 0 ? offsets[i]! : -1)),
    );
  }

  /** `offsets + slopes * samples` */
  private listOf(name: string): string {
    const list = this.lists.get(name);
    if (!list) return name;
    const known = this.computed.get(name);
    if (known !== undefined) return known;
    if (this.nodes.length === 0) {
      this.emit('Shape', [this.input], 'input_shape');
      this.emit('Gather', ['input_shape', this.add('first_axis', [0])], BATCH);
    }
    const scaled = this.emit('Mul', [BATCH, this.add(`${name}_slopes`, list.slopes)], `${name}_scaled`);
    const result = this.emit('Add', [scaled, this.add(`${name}_offsets`, list.offsets)], `${name}_sizes`);
    this.computed.set(name, result);
    return result;
  }

  private emit(op: string, inputs: readonly string[], output: string): string {
    this.nodes.push({ op, domain: '', inputs, outputs: [output], attributes: {} });
    return output;
  }

  private add(name: string, values: readonly number[]): string {
    if (!this.constants.some((constant) => constant.name === name))
      this.constants.push({
        name,
        type: 'int64',
        shape: [values.length],
        bytes: tensorBytes('int64', values),
      });
    return name;
  }
}

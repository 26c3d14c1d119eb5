/**
 * Writes ONNX operators one after the other. The same operator on the same inputs is written once; reshapes
 * of reshapes become one; a transpose that moves only axes of length 1 becomes a reshape.
 */
import { type Shape, sameShape, sizeOf, type Values } from '../graph/graph.js';
import {
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxType,
  type OnnxValue,
  tensorBytes,
} from './encode.js';

export type OnnxAttributes = Readonly<Record<string, OnnxAttribute>>;

/** Name of a tensor in the ONNX graph. */
export type Name = string;

/** ONNX's numbers for the types that a Cast may have. */
const CAST_TO: Readonly<Record<OnnxType, number>> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 };

/** An end or a start that lies beyond every axis. */
export const FAR = 2 ** 31 - 1;

/** Constants with more elements are not compared with others. */
const COMPARED_ELEMENTS = 4096;

export class OnnxBuilder {
  private nodes: OnnxNode[] = [];
  private readonly constants: OnnxTensor[] = [];
  private readonly known = new Map<string, Name[]>();
  private readonly roots = new Map<Name, { name: Name; shape: Shape }>();
  private count = 0;

  emit(op: string, inputs: readonly Name[], attributes: OnnxAttributes = {}, domain = ''): Name {
    return this.emitAll(op, inputs, 1, attributes, domain)[0]!;
  }

  emitAll(
    op: string,
    inputs: readonly Name[],
    outputs: number,
    attributes: OnnxAttributes = {},
    domain = '',
  ): Name[] {
    const key = `${domain}.${op}|${inputs.join()}|${JSON.stringify(attributes)}|${outputs}`;
    const known = this.known.get(key);
    if (known) return known;
    const names = Array.from({ length: outputs }, () => this.fresh(op));
    this.nodes.push({ op, domain, inputs, outputs: names, attributes });
    this.known.set(key, names);
    return names;
  }

  constant(type: OnnxType, shape: Shape, values: Values | readonly number[]): Name {
    const isSmall = values.length <= COMPARED_ELEMENTS;
    const key = isSmall ? `constant|${type}|${shape}|${Array.from(values)}` : undefined;
    const known = key && this.known.get(key);
    if (known) return known[0]!;
    const name = this.fresh('constant');
    this.constants.push({ name, type, shape, bytes: tensorBytes(type, values) });
    if (key) this.known.set(key, [name]);
    return name;
  }

  scalar(value: number, type: OnnxType = 'float32'): Name {
    return this.constant(type, [], [value]);
  }

  ints(values: readonly number[]): Name {
    return this.constant('int64', [values.length], values);
  }

  /** All elements equal `value`. */
  filled(value: number, shape: Shape): Name {
    return this.constant('float32', shape, new Float32Array(sizeOf(shape)).fill(value));
  }

  reshape(name: Name, from: Shape, to: Shape): Name {
    if (sameShape(from, to)) return name;
    const root = this.roots.get(name) ?? { name, shape: from };
    if (sameShape(root.shape, to)) return root.name;
    const reshaped = this.emit('Reshape', [root.name, this.ints(to)]);
    this.roots.set(reshaped, root);
    return reshaped;
  }

  transpose(name: Name, shape: Shape, perm: readonly number[]): Name {
    const moved = perm.filter((axis) => shape[axis] !== 1);
    if (moved.every((axis, i) => i === 0 || axis > moved[i - 1]!)) {
      return this.reshape(
        name,
        shape,
        perm.map((axis) => shape[axis]!),
      );
    }
    return this.emit('Transpose', [name], { perm });
  }

  expand(name: Name, from: Shape, to: Shape): Name {
    return sameShape(from, to) ? name : this.emit('Expand', [name, this.ints(to)]);
  }

  cast(name: Name, to: OnnxType): Name {
    return this.emit('Cast', [name], { to: CAST_TO[to] });
  }

  slice(
    name: Name,
    starts: readonly number[],
    ends: readonly number[],
    axes: readonly number[],
    steps: readonly number[] = axes.map(() => 1),
  ): Name {
    return this.emit('Slice', [name, ...[starts, ends, axes, steps].map((list) => this.ints(list))]);
  }

  /** Negative lengths crop. */
  pad(name: Name, before: readonly number[], after: readonly number[], value = 0): Name {
    if ([...before, ...after].every((length) => length === 0)) return name;
    return this.emit('Pad', [name, this.ints([...before, ...after]), this.scalar(value)]);
  }

  sum(name: Name, axes: readonly number[]): Name {
    return this.emit('ReduceSum', [name, this.ints(axes)], { keepdims: 0 });
  }

  /** The model, without what `outputs` do not need. */
  finish(inputs: readonly OnnxValue[], outputs: readonly (OnnxValue & { from: Name })[]): OnnxModel {
    this.nameOutputs(outputs, new Set(inputs.map(({ name }) => name)));
    const alive = new Set(outputs.map(({ name }) => name));
    const kept: OnnxNode[] = [];
    for (const node of [...this.nodes].reverse()) {
      if (!node.outputs.some((name) => alive.has(name))) continue;
      for (const name of node.inputs) alive.add(name);
      kept.push(node);
    }
    const constants = this.constants.filter(({ name }) => alive.has(name));
    return { nodes: kept.reverse(), constants, inputs, outputs };
  }

  /** Gives tensors the names of outputs where they are made: an Identity at the end would copy them. */
  private nameOutputs(outputs: readonly (OnnxValue & { from: Name })[], inputs: ReadonlySet<Name>): void {
    const made = new Set(this.nodes.flatMap((node) => node.outputs));
    const renamed = new Map<Name, Name>();
    const copies: OnnxNode[] = [];
    for (const { name, from } of outputs) {
      if (made.has(from) && !renamed.has(from) && !inputs.has(from)) renamed.set(from, name);
      else copies.push({ op: 'Identity', domain: '', inputs: [from], outputs: [name], attributes: {} });
    }
    const rename = (name: Name): Name => renamed.get(name) ?? name;
    this.nodes = [...this.nodes, ...copies].map((node) => ({
      ...node,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    }));
  }

  private fresh(prefix: string): Name {
    return `${prefix}_${this.count++}`;
  }
}

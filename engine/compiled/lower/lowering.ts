/**
 * The state of one lowering: in which forms each value of the graph exists in the ONNX graph so far, and the
 * moves between them, made only on demand.
 *
 * Forms: `plain` is TF.js's own order (images are NHWC); `channelsFirst` is NCHW, of values of rank 4; and
 * `blocked` is NCHWc, with all channels in blocks of the target's size. Plain and channels-first values may be
 * stored with an axis of length 1 in place of a repeated one: the operator that reads them broadcasts.
 */
import {
  type Graph,
  type GraphNode,
  type Shape,
  sizeOf,
  splatValue,
  type Uses,
  usesOf,
  type Value,
} from '../graph/graph.js';
import { type Name, OnnxBuilder } from '../onnx/builder.js';
import { enterBlocks, leaveBlocks } from './blocks.js';
import {
  channelsFirstShape,
  channelsLastShape,
  type Stored,
  TO_CHANNELS_FIRST,
  TO_CHANNELS_LAST,
} from './forms.js';
import type { Target } from './target.js';

interface Forms {
  plain?: Stored;
  channelsFirst?: Stored;
  blocked?: Name;
}

export class Lowering {
  readonly onnx = new OnnxBuilder();
  /** Inputs of the graph that somebody has asked for. */
  readonly inputs: Value[] = [];
  private readonly forms = new Map<Value, Forms>();
  private readonly uses: Uses;

  constructor(
    graph: Graph,
    readonly target: Target,
  ) {
    this.uses = usesOf(graph);
  }

  // ---- asking

  /** The value in TF.js's order of axes, with every axis at its full length. */
  plain(value: Value): Name {
    const stored = this.plainStored(value);
    const name = this.onnx.expand(stored.name, stored.shape, value.shape);
    this.of(value).plain = { name, shape: value.shape };
    return name;
  }

  /** The value in TF.js's order of axes; an axis of length 1 may stand for a repeated one. */
  plainStored(value: Value): Stored {
    const forms = this.of(value);
    if (forms.plain) return forms.plain;
    if (forms.blocked)
      forms.plain = { name: leaveBlocks(this, forms.blocked, value, true), shape: value.shape };
    else {
      const { name, shape } = forms.channelsFirst!;
      forms.plain = {
        name: this.onnx.transpose(name, shape, TO_CHANNELS_LAST),
        shape: channelsLastShape(shape),
      };
    }
    return forms.plain;
  }

  channelsFirst(value: Value): Name {
    const stored = this.channelsFirstStored(value);
    const shape = channelsFirstShape(value.shape);
    const name = this.onnx.expand(stored.name, stored.shape, shape);
    this.of(value).channelsFirst = { name, shape };
    return name;
  }

  /** A value of lower rank counts as having axes of length 1 in front. */
  channelsFirstStored(value: Value): Stored {
    const forms = this.of(value);
    if (forms.channelsFirst) return forms.channelsFirst;
    if (forms.blocked && !forms.plain) {
      const shape = channelsFirstShape(value.shape);
      forms.channelsFirst = { name: leaveBlocks(this, forms.blocked, value, false), shape };
    } else {
      const { name, shape } = forms.plain!;
      const four = [...new Array<number>(4 - shape.length).fill(1), ...shape];
      const moved = this.onnx.transpose(this.onnx.reshape(name, shape, four), four, TO_CHANNELS_FIRST);
      forms.channelsFirst = { name: moved, shape: channelsFirstShape(four) };
    }
    return forms.channelsFirst;
  }

  blocked(value: Value): Name {
    const forms = this.of(value);
    forms.blocked ??= enterBlocks(
      this,
      value,
      () => this.plain(value),
      forms.channelsFirst && (() => this.channelsFirst(value)),
    );
    return forms.blocked;
  }

  /** Whether the value exists in NCHW only, so that work on it is best done there. */
  isChannelsFirst(value: Value): boolean {
    const { plain, channelsFirst } = this.of(value);
    return value.shape.length === 4 && channelsFirst !== undefined && plain === undefined;
  }

  isBlocked(value: Value): boolean {
    if (this.target.blockSize === 0 || value.shape.length !== 4) return false;
    const { plain, channelsFirst, blocked } = this.of(value);
    return blocked !== undefined && plain === undefined && channelsFirst === undefined;
  }

  readersOf(value: Value): readonly GraphNode[] {
    return this.uses.readers.get(value) ?? [];
  }

  /** Whether its channels come in whole blocks. Large whole numbers would be rounded on the way. */
  canBlock({ shape, dtype }: Value): boolean {
    const { blockSize } = this.target;
    const isExact = dtype === 'float32' || dtype === 'bool';
    return blockSize > 0 && isExact && shape.length === 4 && shape[3]! % blockSize === 0;
  }

  /** A value with as many elements as `length`, as a vector. */
  vector(value: Value, length = sizeOf(value.shape)): Name {
    const { name, shape } = this.plainStored(value);
    if (sizeOf(shape) === length) return this.onnx.reshape(name, shape, [length]);
    return this.onnx.reshape(this.plain(value), value.shape, [length]);
  }

  // ---- telling

  /** @param shape as stored, of the value's rank or less */
  setPlain(value: Value, name: Name, shape: Shape = value.shape): void {
    const rank = value.shape.length;
    const full = [...new Array<number>(Math.max(0, rank - shape.length)).fill(1), ...shape];
    this.of(value, true).plain = { name: this.onnx.reshape(name, shape, full), shape: full };
  }

  setChannelsFirst(value: Value, name: Name, shape: Shape = channelsFirstShape(value.shape)): void {
    this.of(value, true).channelsFirst = { name, shape };
  }

  setBlocked(value: Value, name: Name): void {
    this.of(value, true).blocked = name;
  }

  /** `output` is `input` itself. */
  alias(output: Value, input: Value): void {
    this.forms.set(output, { ...this.of(input) });
  }

  private of(value: Value, isNew = false): Forms {
    const known = this.forms.get(value);
    if (known) return known;
    const forms: Forms = {};
    this.forms.set(value, forms);
    if (!isNew) this.enter(value, forms);
    return forms;
  }

  private enter(value: Value, forms: Forms): void {
    const { source, shape, dtype } = value;
    switch (source.kind) {
      case 'input':
      case 'random':
        this.inputs.push(value);
        forms.plain = { name: source.name, shape };
        return;
      case 'constant': {
        const splat = splatValue(value);
        const stored = splat === undefined ? shape : shape.map(() => 1);
        const values = splat === undefined ? source.values : [splat];
        forms.plain = { name: this.onnx.constant(dtype, stored, values), shape: stored };
        return;
      }
      case 'node':
        throw new Error(`${source.node.kernel} was not lowered before its result was asked for`);
    }
  }
}

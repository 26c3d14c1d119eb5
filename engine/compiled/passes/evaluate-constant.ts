/** Kernels on constants, computed here: the few that occur in masks, scales and gradients of constants. */
import {
  type Attributes,
  arrayOf,
  constantOf,
  type GraphNode,
  inputsOf,
  type Shape,
  sizeOf,
  type Value,
  type Values,
} from '../graph/graph.js';

/** Results with more elements stay in the graph, where they take no room. */
const LARGEST = 65_536;

type Elementwise = (a: number, b: number, c: number) => number;

const ELEMENTWISE: Readonly<Record<string, Elementwise>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Multiply: (a, b) => a * b,
  RealDiv: (a, b) => a / b,
  Maximum: Math.max,
  Minimum: Math.min,
  Pow: (a, b) => a ** b,
  Neg: (a) => -a,
  Sqrt: (a) => Math.sqrt(a),
  Square: (a) => a * a,
  Rsqrt: (a) => 1 / Math.sqrt(a),
  Greater: (a, b) => Number(a > b),
  GreaterEqual: (a, b) => Number(a >= b),
  Less: (a, b) => Number(a < b),
  LessEqual: (a, b) => Number(a <= b),
  Equal: (a, b) => Number(a === b),
  NotEqual: (a, b) => Number(a !== b),
  LogicalAnd: (a, b) => Number(a !== 0 && b !== 0),
  LogicalOr: (a, b) => Number(a !== 0 || b !== 0),
  LogicalNot: (a) => Number(a === 0),
  Cast: (a) => a,
  Select: (condition, a, b) => (condition === 0 ? b : a),
  BroadcastTo: (a) => a,
};

/** Results that depend on where an element stands, not on its value alone. */
const RESHAPES = ['Reshape', 'ExpandDims'];

/** The constant that `node` makes; undefined if it makes none, or a large one. */
export function evaluateConstant(node: GraphNode): Value | undefined {
  const [output] = node.outputs;
  if (!output || node.outputs.length > 1) return undefined;
  const { shape, dtype } = output;
  if (node.kernel === 'Fill')
    return constantOf(arrayOf(dtype, [node.attributes.value as number]), shape, dtype);
  if (node.kernel === 'OnesLike') return constantOf(arrayOf(dtype, [1]), shape, dtype);
  if (node.kernel === 'ZerosLike') return constantOf(arrayOf(dtype, [0]), shape, dtype);
  if (node.kernel === 'Range') return range(node.attributes, output);
  const inputs = inputsOf(node).map((value) => ({ shape: value.shape, values: constantValues(value) }));
  if (inputs.length === 0 || inputs.some(({ values }) => !values)) return undefined;
  const known = inputs as { shape: Shape; values: Values }[];
  if (RESHAPES.includes(node.kernel)) return constantOf(known[0]!.values, shape, dtype);
  const isSplat = known.every(({ values }) => values.length === 1);
  if (isSplat && ['Transpose', 'Tile', 'Slice'].includes(node.kernel)) {
    return constantOf(known[0]!.values, shape, dtype);
  }
  const compute = ELEMENTWISE[node.kernel];
  if (!compute || (!isSplat && sizeOf(shape) > LARGEST)) return undefined;
  const readers = known.map((input) => readerOf(input, shape));
  const [a, b, c] = readers;
  const count = isSplat ? 1 : sizeOf(shape);
  const truncate = node.kernel === 'Cast' && dtype === 'int32' ? Math.trunc : (value: number) => value;
  const results = Array.from({ length: count }, (_, i) => truncate(compute(a!(i), b?.(i) ?? 0, c?.(i) ?? 0)));
  return constantOf(arrayOf(dtype, results), shape, dtype);
}

const constantValues = ({ source }: Value): Values | undefined =>
  source.kind === 'constant' ? source.values : undefined;

function range({ start, step }: Attributes, { shape, dtype }: Value): Value {
  const values = Array.from({ length: shape[0]! }, (_, i) => (start as number) + i * (step as number));
  return constantOf(arrayOf(dtype, values), shape, dtype);
}

/** Reads the input's element for an element of the output, by the rules of broadcasting. */
function readerOf(input: { shape: Shape; values: Values }, output: Shape): (index: number) => number {
  const { values } = input;
  if (values.length === 1) return () => values[0]!;
  const lead = output.length - input.shape.length;
  const strides = new Array<number>(output.length).fill(0);
  let stride = 1;
  for (let axis = input.shape.length - 1; axis >= 0; axis--) {
    if (input.shape[axis] !== 1) strides[axis + lead] = stride;
    stride *= input.shape[axis]!;
  }
  return (index) => {
    let rest = index;
    let at = 0;
    for (let axis = output.length - 1; axis >= 0; axis--) {
      at += (rest % output[axis]!) * strides[axis]!;
      rest = Math.floor(rest / output[axis]!);
    }
    return values[at]!;
  };
}

/** Kernels that work element by element, in whichever form their inputs are. */
import {
  type Dtype,
  inputOf,
  inputsOf,
  type Shape,
  sameShape,
  sizeOf,
  splatValue,
  type Value,
} from '../../graph/graph.js';
import type { Name } from '../../onnx/builder.js';
import { blockedElementwise, blockedPerChannel } from '../blocked/elementwise.js';
import type { Stored } from '../forms.js';
import type { Lowering } from '../lowering.js';
import { inputsNamed, numberOf, outputOf, type Rule, type Rules } from '../rule.js';

type Compute = (names: Name[]) => Name;

/** `output` = `compute` of `inputs`, broadcast; in NCHW where an image exists only there. */
export function elementwise(low: Lowering, output: Value, inputs: readonly Value[], compute: Compute): void {
  if (blockedElementwise(low, output, inputs, compute)) return;
  const isFirst = output.shape.length === 4 && inputs.some((value) => low.isChannelsFirst(value));
  const stored = inputs.map((value) => (isFirst ? low.channelsFirstStored(value) : low.plainStored(value)));
  const shape = broadcastShape(stored.map((one) => one.shape));
  const names = stored.map((one) => lined(low, one, stored));
  const result = compute(names);
  const isLined = stored.every((one) => isLine(one, stored));
  const name = isLined ? low.onnx.reshape(result, [sizeOf(shape)], shape) : result;
  if (isFirst) low.setChannelsFirst(output, name, shape);
  else low.setPlain(output, name, shape);
}

/**
 * The runtime is slow at repeating a number along a last axis of length 1. So single numbers have no axes, and
 * what they meet becomes one line where nothing else takes part.
 */
function lined(low: Lowering, one: Stored, all: readonly Stored[]): Name {
  const isLined = all.every((other) => isLine(other, all));
  if (!isLined) return one.name;
  return low.onnx.reshape(one.name, one.shape, sizeOf(one.shape) === 1 ? [] : [sizeOf(one.shape)]);
}

/** Whether it is a single number, or of the one large shape with a last axis of length 1. */
function isLine({ shape }: Stored, all: readonly Stored[]): boolean {
  const large = all.find((other) => sizeOf(other.shape) > 1)?.shape;
  if (large?.at(-1) !== 1 || !all.some((other) => sizeOf(other.shape) === 1)) return false;
  return sizeOf(shape) === 1 || sameShape(shape, large);
}

function broadcastShape(shapes: readonly Shape[]): number[] {
  const rank = Math.max(...shapes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, axis) =>
    Math.max(...shapes.map((shape) => shape[shape.length - rank + axis] ?? 1)),
  );
}

const unary =
  (op: string): Rule =>
  (low, node) =>
    elementwise(low, outputOf(node), inputsOf(node), ([x]) => low.onnx.emit(op, [x!]));

/** An expression of its one input. */
const formula =
  (compute: (low: Lowering, x: Name, node: Parameters<Rule>[1]) => Name): Rule =>
  (low, node) =>
    elementwise(low, outputOf(node), inputsOf(node), ([x]) => compute(low, x!, node));

/** Lowers a kernel of two inputs, after casting both to one dtype. */
const binary =
  (
    op: string,
    compute: (low: Lowering, names: Name[]) => Name = (low, names) => low.onnx.emit(op, names),
  ): Rule =>
  (low, node) => {
    const inputs = inputsOf(node);
    const dtype = commonDtype(inputs);
    elementwise(low, outputOf(node), inputs, (names) =>
      compute(
        low,
        names.map((name, i) => (inputs[i]!.dtype === dtype ? name : low.onnx.cast(name, dtype))),
      ),
    );
  };

function commonDtype(values: readonly Value[]): Dtype {
  const dtypes = values.map(({ dtype }) => dtype);
  if (dtypes.includes('float32')) return 'float32';
  return dtypes.every((dtype) => dtype === 'bool') ? 'bool' : 'int32';
}

/** Arithmetic has no bool. */
const arithmetic =
  (op: string): Rule =>
  (low, node) => {
    const inputs = inputsOf(node);
    const common = commonDtype(inputs);
    const dtype = common === 'bool' ? 'int32' : common;
    elementwise(low, outputOf(node), inputs, (names) =>
      low.onnx.emit(
        op,
        names.map((name, i) => (inputs[i]!.dtype === dtype ? name : low.onnx.cast(name, dtype))),
      ),
    );
  };

/** The same, where one of the two may be a number for each channel of a blocked image. */
const perChannel =
  (op: string): Rule =>
  (low, node) =>
    blockedPerChannel(low, node) || arithmetic(op)(low, node);

const divide: Rule = (low, node) => {
  const [a, b] = inputsNamed(node, 'a', 'b') as [Value, Value];
  const divisor = splatValue(b);
  const toFloat = (name: Name, { dtype }: Value) =>
    dtype === 'float32' ? name : low.onnx.cast(name, 'float32');
  if (divisor !== undefined && sizeOf(b.shape) === 1) {
    elementwise(low, outputOf(node), [a], ([x]) =>
      low.onnx.emit('Mul', [toFloat(x!, a), low.onnx.scalar(1 / divisor)]),
    );
    return;
  }
  elementwise(low, outputOf(node), [a, b], ([x, y]) =>
    low.onnx.emit('Div', [toFloat(x!, a), toFloat(y!, b)]),
  );
};

/** dy where z > 0. One pass: HardSigmoid with so steep a slope is a step. */
const reluGradient: Rule = (low, node) => {
  elementwise(low, outputOf(node), inputsNamed(node, 'dy', 'z'), ([dy, z]) => {
    const { onnx } = low;
    if (low.target.gpu)
      return onnx.emit('Where', [onnx.emit('Greater', [z!, onnx.scalar(0)]), dy!, onnx.scalar(0)]);
    return onnx.emit('Mul', [
      dy!,
      onnx.emit('HardSigmoid', [z!], { alpha: { float: 3e38 }, beta: { float: 0 } }),
    ]);
  });
};

const cast: Rule = (low, node) => {
  const [x] = inputsOf(node) as [Value];
  const output = outputOf(node);
  if (x.dtype === output.dtype) low.alias(output, x);
  else elementwise(low, output, [x], ([name]) => low.onnx.cast(name!, output.dtype));
};

const select: Rule = (low, node) => {
  const [condition, t, e] = inputsNamed(node, 'condition', 't', 'e') as [Value, Value, Value];
  const output = outputOf(node);
  // A condition of lower rank chooses whole rows.
  if (condition.shape.length < output.shape.length) {
    const rows = [...condition.shape, ...new Array(output.shape.length - condition.shape.length).fill(1)];
    const chosen = low.onnx.reshape(low.plain(condition), condition.shape, rows);
    low.setPlain(output, low.onnx.emit('Where', [chosen, low.plain(t), low.plain(e)]));
    return;
  }
  elementwise(low, output, [condition, t, e], (names) => low.onnx.emit('Where', names));
};

const step: Rule = formula((low, x, node) => {
  const { onnx } = low;
  const isPositive = onnx.emit('Greater', [x, onnx.scalar(0)]);
  const below = (node.attributes.alpha as number | undefined) ?? 0;
  // TF.js: NaN stays NaN. A step of NaN does not occur where gradients are finite.
  return onnx.emit('Where', [isPositive, onnx.scalar(1), onnx.scalar(below)]);
});

const add: Rule = (low, node) => {
  const all = inputsOf(node);
  const same = all.every(({ shape, dtype }) => sameShape(shape, all[0]!.shape) && dtype === all[0]!.dtype);
  if (!same) throw new Error('AddN of different shapes');
  elementwise(low, outputOf(node), all, (names) =>
    names.length === 1 ? names[0]! : low.onnx.emit('Sum', names),
  );
};

const eluGradient: Rule = (low, node) => {
  const { onnx } = low;
  elementwise(low, outputOf(node), inputsNamed(node, 'dy', 'y'), ([dy, y]) => {
    const below = onnx.emit('Mul', [dy!, onnx.emit('Add', [y!, onnx.scalar(1)])]);
    return onnx.emit('Where', [onnx.emit('GreaterOrEqual', [y!, onnx.scalar(0)]), dy!, below]);
  });
};

const clip = (low: Lowering, x: Name, least: number, most: number): Name =>
  low.onnx.emit('Clip', [x, low.onnx.scalar(least), low.onnx.scalar(most)]);

const unaries = {
  ...{ Relu: 'Relu', Neg: 'Neg', Exp: 'Exp', Log: 'Log', Sqrt: 'Sqrt', Tanh: 'Tanh', Sigmoid: 'Sigmoid' },
  ...{
    Softplus: 'Softplus',
    Erf: 'Erf',
    Abs: 'Abs',
    Sign: 'Sign',
    Floor: 'Floor',
    Ceil: 'Ceil',
    Round: 'Round',
  },
  ...{ Reciprocal: 'Reciprocal', Sin: 'Sin', Cos: 'Cos', Tan: 'Tan', Sinh: 'Sinh', Cosh: 'Cosh' },
  ...{ Asin: 'Asin', Acos: 'Acos', Atan: 'Atan', Elu: 'Elu', Selu: 'Selu', LogicalNot: 'Not' },
};

export const ELEMENTWISE: Rules = {
  ...Object.fromEntries(Object.entries(unaries).map(([kernel, op]) => [kernel, unary(op)])),
  Rsqrt: formula((low, x) => low.onnx.emit('Div', [low.onnx.scalar(1), low.onnx.emit('Sqrt', [x])])),
  Square: formula((low, x) => low.onnx.emit('Mul', [x, x])),
  Relu6: formula((low, x) => clip(low, x, 0, 6)),
  ClipByValue: formula((low, x, node) =>
    clip(low, x, numberOf(node, 'clipValueMin'), numberOf(node, 'clipValueMax')),
  ),
  Log1p: formula((low, x) => low.onnx.emit('Log', [low.onnx.emit('Add', [x, low.onnx.scalar(1)])])),
  Expm1: formula((low, x) => low.onnx.emit('Sub', [low.onnx.emit('Exp', [x]), low.onnx.scalar(1)])),
  LeakyRelu: formula((low, x, node) =>
    low.onnx.emit('LeakyRelu', [x], { alpha: { float: numberOf(node, 'alpha') } }),
  ),
  Step: step,
  Cast: cast,
  EluGrad: eluGradient,
  ReluGradient: reluGradient,
  Select: select,
  AddN: add,

  Add: perChannel('Add'),
  Sub: perChannel('Sub'),
  Multiply: perChannel('Mul'),
  Maximum: arithmetic('Max'),
  Minimum: arithmetic('Min'),
  RealDiv: divide,
  FloorDiv: binary('Div', (low, names) => {
    const quotient = low.onnx.emit(
      'Div',
      names.map((name) => low.onnx.cast(name, 'float32')),
    );
    return low.onnx.cast(low.onnx.emit('Floor', [quotient]), 'int32');
  }),
  Pow: arithmetic('Pow'),
  SquaredDifference: binary('Sub', (low, names) => {
    const difference = low.onnx.emit('Sub', names);
    return low.onnx.emit('Mul', [difference, difference]);
  }),
  Greater: arithmetic('Greater'),
  GreaterEqual: arithmetic('GreaterOrEqual'),
  Less: arithmetic('Less'),
  LessEqual: arithmetic('LessOrEqual'),
  Equal: binary('Equal'),
  NotEqual: binary('Equal', (low, names) => low.onnx.emit('Not', [low.onnx.emit('Equal', names)])),
  LogicalAnd: binary('And'),
  LogicalOr: binary('Or'),
  Prelu: (low, node) => {
    const { onnx } = low;
    elementwise(low, outputOf(node), [inputOf(node, 'x'), inputOf(node, 'alpha')], ([x, alpha]) =>
      onnx.emit('Where', [
        onnx.emit('GreaterOrEqual', [x!, onnx.scalar(0)]),
        x!,
        onnx.emit('Mul', [x!, alpha!]),
      ]),
    );
  },
};

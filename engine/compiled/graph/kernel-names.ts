/** Kernels that work number by number, by TF.js's names: results have the shape of what goes in, broadcast where two do. */

/** Of one tensor. */
export const ELEMENTWISE: readonly string[] = [
  ...['Relu', 'Relu6', 'Neg', 'Exp', 'Log', 'Log1p', 'Expm1', 'Sqrt', 'Rsqrt', 'Square', 'Tanh', 'Sigmoid'],
  ...['Softplus', 'Erf', 'Elu', 'Selu', 'Abs', 'Sign', 'Floor', 'Ceil', 'Round', 'Reciprocal', 'Sin', 'Cos'],
  ...['Tan', 'Sinh', 'Cosh', 'Asin', 'Acos', 'Atan', 'OnesLike', 'ZerosLike', 'LogicalNot'],
];
export const ARITHMETIC: readonly string[] = [
  'Add',
  'Sub',
  'Multiply',
  'Maximum',
  'Minimum',
  'Pow',
  'SquaredDifference',
  'Mod',
  'FloorDiv',
];
export const COMPARISONS: readonly string[] = [
  ...['Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual', 'LogicalAnd', 'LogicalOr'],
];

/**
 * A kernel of one update rule, declared where the rule is: its vectors, of which `g` is the gradient, and scalars in the
 * order in which the export of the same name in assembly/kernels.ts takes them (between them stands there what the mean
 * is made of, behind them the number of elements), and what it does in plain TypeScript. From that both kinds of kernels
 * run it.
 */
export interface UpdateKernel<Vectors extends string, Scalars extends string> {
  readonly name: string;
  readonly vectors: readonly Vectors[];
  readonly scalars: readonly Scalars[];
  /** The same bits as in WebAssembly. Scalars come rounded to float32. */
  typescript(vectors: Record<Vectors, Float32Array>, scalars: Record<Scalars, number>): void;
}

/** Keeps the names' own types. */
export const updateKernel = <const Vectors extends string, const Scalars extends string>(
  kernel: UpdateKernel<Vectors, Scalars>,
): UpdateKernel<Vectors, Scalars> => kernel;

/** Arrays of plain values as programs hand them over: of numpy, or of one's own. */
import { sizeOf } from '../../../../shared/numerics/shape.js';

export type ElementKind = 'bool' | 'integer' | 'float' | 'text';

export interface PlainArray {
  /** What it is called in errors: its file and its name. */
  title: string;
  /** Records first. */
  shape: readonly number[];
  /** As its owner calls it: `uint8`, `float64`, `str`. */
  dtype: string;
  kind: ElementKind;
  /** Row by row, whatever the order in the file; numbers, or texts where `kind` is `text`. */
  values: ArrayLike<number> | readonly string[];
}

/** Numbers of an array that holds some. */
export const numbersOf = ({ values }: PlainArray): ArrayLike<number> => values as ArrayLike<number>;

/** `x_train (60000, 28, 28) uint8`, as Python writes shapes. */
export const described = (name: string, { shape, dtype }: Pick<PlainArray, 'shape' | 'dtype'>): string =>
  `${name} (${shape.join(', ')}${shape.length === 1 ? ',' : ''}) ${dtype}`;

/** Values of one record. */
export const recordSizeOf = ({ shape }: PlainArray): number => sizeOf(shape.slice(1));

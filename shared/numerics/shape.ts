/** @returns how many elements a tensor of this shape has: 1 for a scalar, `[]` */
export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, length) => product * length, 1);

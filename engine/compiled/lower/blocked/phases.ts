/** Phases of an image (the pixels at the same place of a stride), put together again. */
import type { Name } from '../../onnx/builder.js';
import type { Lowering } from '../lowering.js';

export interface Phase {
  /** [images, height, width, block] */
  name: Name;
  height: number;
  width: number;
}

/** @param phases row by row; @returns [images, height, width, block] */
export function mergePhases(
  { onnx }: Lowering,
  phases: readonly Phase[],
  [down, right]: readonly [number, number],
  [images, height, width]: readonly [number, number, number],
  block: number,
): Name {
  const [rows, columns] = [Math.ceil(height / down), Math.ceil(width / right)];
  const parts = phases.map((phase) => {
    const even = onnx.pad(phase.name, [0, 0, 0, 0], [0, rows - phase.height, columns - phase.width, 0]);
    return onnx.reshape(even, [images, rows, columns, block], [1, images * rows, columns, block]);
  });
  let name = parts[0]!;
  if (parts.length > 1) {
    const all = onnx.emit('Concat', parts, { axis: 0 });
    const split = [down, right, images * rows, columns, block];
    const apart = onnx.reshape(all, [down * right, images * rows, columns, block], split);
    name = onnx.emit('Transpose', [apart], { perm: [2, 0, 3, 1, 4] });
  }
  const even = [images, rows * down, columns * right, block];
  const whole = onnx.reshape(name, [images * rows, down, columns, right, block], even);
  if (even[1] === height && even[2] === width) return whole;
  return onnx.slice(whole, [0, 0], [height, width], [1, 2]);
}

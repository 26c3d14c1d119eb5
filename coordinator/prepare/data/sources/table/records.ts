/** Examples as records: what the model is fed, in float32. */
import type { Columns, Scaling } from '../../../../../shared/data/manifest.js';
import { UserError } from '../../../../../shared/user-error.js';
import { scaled } from '../../scaling/scaling.js';
import type { Records } from '../../source.js';
import type { Example } from './examples.js';

/** @throws UserError for the first value that names no row of the layer's table */
export function refuseNoIndices(
  examples: readonly Example[],
  features: Columns['features'],
  { layer, below }: { layer: string; below: number },
): void {
  for (const { file, line, values } of examples) {
    for (const [at, scaling] of features.entries()) {
      const value = scaled(values[at]!, scaling);
      if (Number.isInteger(value) && value >= 0 && value < below) continue;
      throw new UserError(
        `${file}, line ${line}, column ${scaling.name}: ${value} is not an index of layer ${layer}, which has 0 to ${below - 1}`,
      );
    }
  }
}

/** @throws UserError where float32 cannot hold a scaled value: far from all that the model was trained on */
export function featuresOf(examples: readonly Example[], features: Columns['features']): Omit<Records, 'y'> {
  const width = features.length;
  const x = new Float32Array(examples.length * width);
  for (const [record, example] of examples.entries()) {
    for (const [at, scaling] of features.entries())
      x[record * width + at] = rounded(example, scaling.name, example.values[at]!, scaling);
  }
  return { count: examples.length, x };
}

/** The numbers to predict. @throws UserError likewise */
export const targetsOf = (examples: readonly Example[], name: string, scaling: Scaling): Float32Array =>
  Float32Array.from(examples, (example) => rounded(example, name, example.label as number, scaling));

function rounded({ file, line }: Example, name: string, value: number, scaling: Scaling): number {
  const fed = Math.fround(scaled(value, scaling));
  if (Number.isFinite(fed)) return fed;
  throw new UserError(
    `${file}, line ${line}, column ${name}: ${value} is ${scaled(value, scaling)} once standardized, beyond the numbers of float32`,
  );
}

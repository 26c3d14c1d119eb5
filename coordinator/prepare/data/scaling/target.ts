/** What is told of a regression's target: how it is scaled, and whether the model's end can give it. */
import { AS_IT_IS, type Scaling } from '../../../../shared/data/manifest.js';
import { significant } from '../../../../shared/status/figures.js';
import type { ModelEnds } from '../source.js';
import { scaled } from './scaling.js';

/** @param output the model's end, where it is the reason that the target is left as it is */
export function targetNote(name: string, scaling: Scaling, output: ModelEnds['output']): string {
  if (scaling !== AS_IT_IS) {
    const [mean, std] = [significant(scaling.mean), significant(scaling.std)];
    return `the target ${name} is standardized (mean ${mean}, deviation ${std}): losses are of deviations, mean absolute errors in units of ${name}`;
  }
  return `the target ${name} is not standardized${output ? `, since layer ${output.layer} ${output.why}` : ''}`;
}

/**
 * Tells of the first target that the model's last layer cannot give.
 * @param title names the target of a record, for people
 */
export function beyondRange(
  values: ArrayLike<number>,
  scaling: Scaling,
  output: ModelEnds['output'],
  title: (record: number) => string,
): string[] {
  const [least, greatest] = output?.range ?? [-Infinity, Infinity];
  for (let record = 0; record < values.length; record++) {
    const value = scaled(values[record]!, scaling);
    if (value >= least && value <= greatest) continue;
    const limits = greatest === Infinity ? `at least ${least}` : `from ${least} to ${greatest}`;
    const standardized = scaling === AS_IT_IS ? '' : ', standardized';
    return [
      `${title(record)} is ${significant(value)}${standardized}, and layer ${output!.layer} ${output!.why}, which is ${limits}: change its activation to linear`,
    ];
  }
  return [];
}

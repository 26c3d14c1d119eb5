/** What a model says of the table that it was trained on: no layer makes numbers of texts, or of nothing. */
import { type Columns, sourceOf } from '../../../shared/data/manifest.js';

/**
 * Names of columns, in the order of the inputs. Of a column of texts `categories` has the values, each of which is an
 * input of its own, 1 or 0; `fill` has what stands for a missing value, by column.
 */
export function columnsTold({ label, features, unknown }: Columns): Record<string, unknown> {
  const categories: Record<string, string[]> = {};
  for (const feature of features)
    if (feature.value !== undefined) (categories[sourceOf(feature)] ??= []).push(feature.value);
  const filled = features.filter(({ fill }) => fill !== undefined);
  return {
    ...{ label, features: features.map(({ name }) => name) },
    ...(Object.keys(categories).length > 0 ? { categories } : {}),
    ...(filled.length > 0 ? { fill: Object.fromEntries(filled.map((of) => [sourceOf(of), of.fill])) } : {}),
    ...(unknown ? { unknown } : {}),
  };
}

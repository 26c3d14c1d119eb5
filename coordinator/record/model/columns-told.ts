/** What a model says of the table that it was trained on: no layer makes numbers of texts, or of nothing. */
import { type Columns, sourceOf } from '../../../shared/data/manifest.js';

export interface ColumnsTold {
  /** The column of the label. */
  label: string;
  /** Between the classes in it, where it holds lists. */
  separator?: string;
  /** The inputs in their order: a column, or one text of a column of texts, `color=red`. */
  features: string[];
  /** Whether these are names, and not positions. */
  columnsNamed: boolean;
  /** The texts of each column of texts: its input `color=red` is 1 where the text is red, else 0. */
  categories?: Record<string, string[]>;
  /** What stands for a missing value, before it is scaled, by column. */
  fill?: Record<string, number>;
  /** Other texts than those in `categories` make all inputs of their column 0; absent: they have no meaning. */
  unknown?: 'zeros';
}

export function columnsTold({ named, label, separator, features, unknown }: Columns): ColumnsTold {
  const categories: Record<string, string[]> = {};
  const fill: Record<string, number> = {};
  for (const feature of features) {
    const column = sourceOf(feature);
    if (feature.value !== undefined) (categories[column] ??= []).push(feature.value);
    if (feature.fill !== undefined) fill[column] = feature.fill;
  }
  return {
    ...{ label, features: features.map(({ name }) => name), columnsNamed: named },
    ...(Object.keys(categories).length > 0 ? { categories } : {}),
    ...(Object.keys(fill).length > 0 ? { fill } : {}),
    ...(unknown ? { unknown } : {}),
    ...(separator === undefined ? {} : { separator }),
  };
}

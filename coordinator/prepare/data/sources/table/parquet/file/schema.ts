/** What the schema of a Parquet file says of columns beyond their values. */
import type { FileMetaData, SchemaTree } from 'hyparquet';
import { Fault } from '../../values/value-column.js';

/** The names of a column of class labels, as Hugging Face's `datasets` writes them beside the schema. */
export function classNamesIn({ key_value_metadata }: FileMetaData): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [name, feature] of Object.entries(featuresIn(key_value_metadata))) {
    const { _type, names } = (feature ?? {}) as { _type?: string; names?: unknown };
    if (_type === 'ClassLabel' && Array.isArray(names)) found.set(name, names.map(String));
  }
  return found;
}

function featuresIn(metadata: FileMetaData['key_value_metadata']): Record<string, unknown> {
  const text = metadata?.find(({ key }) => key === 'huggingface')?.value;
  try {
    return JSON.parse(text ?? '{}')?.info?.features ?? {};
  } catch {
    return {};
  }
}

/** Rows' numbers that pandas keeps beside a table. */
export const isIndex = (name: string): boolean => /^__index_level_\d+__$/.test(name);

/** What becomes of a column's values before they are cells. */
export function conversionOf(
  { element }: SchemaTree,
  classes: readonly string[] | undefined,
): (value: unknown) => unknown {
  const isTime = element.logical_type?.type === 'TIME' || element.converted_type?.startsWith('TIME_');
  if (isTime) return (value) => value && new Fault('a time of day: write it as a number');
  if (!classes) return (value) => value ?? null;
  return (value) => {
    if (value === null || value === undefined) return null;
    const index = Number(value);
    // `datasets` writes -1 where a label is not known.
    if (index === -1) return null;
    return classes[index] ?? new Fault(`${index} is no class of ${classes.length}`);
  };
}

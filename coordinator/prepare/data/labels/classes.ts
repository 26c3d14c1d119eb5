/** What every reader tells of classes: those that nothing trains, and those that a model does not know. */
import type { UnknownClass } from '../source.js';

const LISTED = 8;

/** @param kind what has a class: `training row`. @returns a warning for classes that none of them has */
export function untrainedWarnings(
  kind: string,
  names: readonly string[],
  present: ReadonlySet<string>,
): string[] {
  const untrained = names.filter((name) => !present.has(name));
  if (untrained.length === 0) return [];
  const more = untrained.length > LISTED ? ` and ${untrained.length - LISTED} more` : '';
  return [`no ${kind} has class ${untrained.slice(0, LISTED).join(', ')}${more}: the model cannot learn it`];
}

/** @param names one for each record whose class is unknown */
export function countsOf(names: readonly string[]): UnknownClass[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, records]) => ({ name, records }));
}

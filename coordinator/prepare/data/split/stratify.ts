/**
 * Which training records are set apart for validation: seeded lists of indices, with the sizes that scikit-learn's
 * splitters give. Every class is shared out alike; numbers to predict are not looked at.
 */
import type { Random } from '../../../../shared/numerics/random.js';

/** The class of each record; undefined where records have none. */
export type ClassOf = ((record: number) => number) | undefined;

/**
 * `share` of the records, as `StratifiedShuffleSplit` sizes it: the whole is rounded, and classes get their part of it
 * by largest remainders.
 * @returns indices of records, ascending
 */
export function drawShare(count: number, share: number, classOf: ClassOf, random: Random): number[] {
  const wanted = Math.round(count * share);
  const groups = byClass(count, classOf);
  const quotas = groups.map((records) => (records.length * wanted) / count);
  const sizes = quotas.map(Math.floor);
  let left = wanted - sizes.reduce((sum, size) => sum + size, 0);
  // Of equal remainders the draw decides, so that no class is always the one that loses.
  const order = shuffled(
    groups.map((_, group) => group),
    random,
  );
  order.sort((a, b) => quotas[b]! - sizes[b]! - (quotas[a]! - sizes[a]!));
  for (const group of order) if (left-- > 0) sizes[group]!++;
  return groups
    .flatMap((records, group) => shuffled(records, random).slice(0, sizes[group]))
    .sort((a, b) => a - b);
}

/**
 * Fold `fold`, from 0, of `folds` that share all records out among them, with the sizes of `StratifiedKFold`, or of
 * `KFold` where there are no classes. The same seed gives the same folds.
 * @returns indices of records, ascending
 */
export function drawFold(
  count: number,
  { fold, folds }: { fold: number; folds: number },
  classOf: ClassOf,
  random: Random,
): number[] {
  const groups = byClass(count, classOf);
  // Classes one after the other, dealt out like cards: no fold has two records more of one than another fold.
  const dealt = groups.flatMap((records, group) => records.map(() => group));
  const sizes = groups.map(() => new Array<number>(folds).fill(0));
  for (const [at, group] of dealt.entries()) sizes[group]![at % folds]!++;
  return groups
    .flatMap((records, group) => {
      const from = sizes[group]!.slice(0, fold).reduce((sum, size) => sum + size, 0);
      return shuffled(records, random).slice(from, from + sizes[group]![fold]!);
    })
    .sort((a, b) => a - b);
}

/** The records of each class, in the order in which classes appear. */
function byClass(count: number, classOf: ClassOf): number[][] {
  const groups = new Map<number, number[]>();
  for (let record = 0; record < count; record++) {
    const group = classOf?.(record) ?? 0;
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group)!.push(record);
  }
  return [...groups.values()];
}

function shuffled(values: readonly number[], random: Random): number[] {
  const order = [...values];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

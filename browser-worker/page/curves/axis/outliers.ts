/** Which values a chart's axis goes over, where a few that are far away would press all others into one line. */

/** Above so many times the reference, values are far away. */
const FAR = 3;

export interface ShownRange {
  min: number;
  max: number;
  /** Whether values lie beyond it. */
  isCut: boolean;
}

/**
 * Values of a loss are held against those of the run's beginning: what is far above them tells that the run has
 * diverged, and not how far. Those of a gradient's norm are held against nine tenths of all.
 * @param runs values in the order of steps; what is not finite, or on a logarithmic axis not above 0, is passed over
 * @returns undefined where there is nothing to show
 */
export function shownRange(
  runs: readonly (readonly (number | null | undefined)[])[],
  { isLog, against }: { isLog: boolean; against: 'beginning' | 'most' },
): ShownRange | undefined {
  const lists = runs.map((values) =>
    values.filter(
      (value): value is number =>
        typeof value === 'number' && Number.isFinite(value) && (!isLog || value > 0),
    ),
  );
  const all = lists.flat().sort((a, b) => a - b);
  if (all.length === 0) return undefined;
  const [low, high] = [all[0]!, all.at(-1)!];
  const references = lists.filter(({ length }) => length > 0).map((values) => reference(values, against));
  const far = FAR * Math.max(...references);
  const near = all.filter((value) => value <= far);
  const max = near.at(-1) ?? high;
  // A single loss of nearly 0 takes up decades.
  const floor = isLog ? quantile(all, 0.01) / FAR : low;
  const min = all.find((value) => value >= floor) ?? low;
  return { min, max, isCut: max < high || min > low };
}

/** What a run's values are held against. */
function reference(values: readonly number[], against: 'beginning' | 'most'): number {
  const part = against === 'beginning' ? values.slice(0, Math.max(3, Math.ceil(values.length / 50))) : values;
  return quantile(
    [...part].sort((a, b) => a - b),
    against === 'beginning' ? 0.5 : 0.9,
  );
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;

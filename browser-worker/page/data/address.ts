/**
 * What is shown, in the address: a reload, and whoever is sent the link, see the same. The run and the curves' controls
 * are its query; which view is its fragment (`route.ts`).
 */

/** What curves stand over. */
export const X_KINDS = ['step', 'samples', 'epoch', 'time'] as const;
export type XKind = (typeof X_KINDS)[number];

export interface Shown {
  /** Id of the run; undefined: the first. */
  run: string | undefined;
  smoothing: number;
  isLog: boolean;
  /** Steps that are zoomed to; undefined: all. */
  range: { from: number; to: number } | undefined;
  /** What the curves stand over. */
  x: XKind;
  /** The step that is looked at; undefined: none. */
  step: number | undefined;
  /** Whether axes go over values that are far away, too. */
  isWhole: boolean;
}

export const USUAL: Shown = {
  ...{ run: undefined, smoothing: 0.6, isLog: true, range: undefined },
  ...{ x: 'step', step: undefined, isWhole: false },
};

/** Nonsense in an address counts as nothing. */
export function shownBy(search: string): Shown {
  const given = new URLSearchParams(search);
  const smoothing = Number(given.get('smooth') ?? Number.NaN);
  const [from, to] = [Number(given.get('from')), Number(given.get('to'))];
  const step = Number(given.get('step'));
  const isRange = Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 1 && to > from;
  return {
    run: given.get('run') ?? USUAL.run,
    smoothing: smoothing >= 0 && smoothing <= 0.98 ? smoothing : USUAL.smoothing,
    isLog: given.get('y') !== 'linear',
    range: isRange ? { from, to } : undefined,
    x: X_KINDS.find((kind) => kind === given.get('x')) ?? USUAL.x,
    step: Number.isSafeInteger(step) && step >= 1 ? step : undefined,
    isWhole: given.get('outliers') === 'shown',
  };
}

/** The query of `search` with what is shown; what is usual is left out, and what else there is stays. */
export function searchOf(search: string, shown: Shown): string {
  const { run, smoothing, isLog, range, x, step, isWhole } = shown;
  const query = new URLSearchParams(search);
  const put = (name: string, value: string | number | undefined) =>
    value === undefined ? query.delete(name) : query.set(name, String(value));
  put('run', run);
  put('smooth', smoothing === USUAL.smoothing ? undefined : smoothing);
  put('y', isLog ? undefined : 'linear');
  put('from', range?.from);
  put('to', range?.to);
  put('x', x === USUAL.x ? undefined : x);
  put('step', step);
  put('outliers', isWhole ? 'shown' : undefined);
  const text = query.toString();
  return text && `?${text}`;
}

let shown: Shown | undefined;

/** What the address shows, as of the last `show`. */
export const shownNow = (): Shown => (shown ??= shownBy(location.search));

/** Puts it into the address, without an entry of its own in the browser's history. */
export function show(change: Partial<Shown>): void {
  shown = { ...shownNow(), ...change };
  history.replaceState(null, '', location.pathname + searchOf(location.search, shown) + location.hash);
}

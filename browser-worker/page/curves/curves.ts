/**
 * The curves of one run as the page has them: a range of steps in at most some thousand buckets, with new
 * steps added at the end, so that a long run costs no more than a short one.
 */
import type { Column, HistoryView } from '../../../shared/status/monitoring.js';
import { fetchJson } from '../data/api.js';

/** Buckets asked for: about one for each two pixels of a wide chart. */
const POINTS = 800;

export interface Range {
  from: number;
  to: number;
}

export class Curves {
  view: HistoryView | undefined;
  private range: Range | undefined;
  private busy = false;

  constructor(private readonly run: string) {}

  /** Fetches `range`, or all. */
  async load(range: Range | undefined): Promise<void> {
    this.range = range;
    const { from, to } = range ?? {};
    const view = await fetchJson<HistoryView>('/api/history', { run: this.run, from, to, points: POINTS });
    if (this.range === range) this.view = view;
  }

  /** Adds what is new since; a zoomed range stays as it is. @returns whether anything has changed */
  async extend(): Promise<boolean> {
    const { view } = this;
    if (this.busy || this.range) return false;
    this.busy = true;
    try {
      const last = view?.curve.step.at(-1);
      if (!view || last === undefined || view.curve.step.length > 1.5 * POINTS) {
        await this.load(undefined);
        return true;
      }
      const first = last - ((last - 1) % view.every);
      const { run } = this;
      const tail = await fetchJson<HistoryView>('/api/history', { run, from: first, every: view.every });
      if (this.view !== view || this.range) return false;
      // The server had to merge buckets: the two do not fit.
      if (tail.every !== view.every) await this.load(undefined);
      else this.view = joined(view, tail, first);
      return true;
    } finally {
      this.busy = false;
    }
  }
}

/** `view` up to step `first`, and then `tail`. */
function joined(view: HistoryView, tail: HistoryView, first: number): HistoryView {
  const series = <S extends { step: number[] }>(before: S, after: S): S => {
    const kept = before.step.findLastIndex((step) => step < first) + 1;
    const join = (a: number[], b: number[]) => [...a.slice(0, kept), ...b];
    return Object.fromEntries(
      Object.entries(after).map(([name, value]) => {
        const old = before[name as keyof S] as unknown;
        // Steps, samples and times.
        if (Array.isArray(value)) return [name, join(old as number[], value)];
        const [a, b] = [old as Column, value as Column];
        return [name, { min: join(a.min, b.min), max: join(a.max, b.max), mean: join(a.mean, b.mean) }];
      }),
    ) as S;
  };
  return {
    ...tail,
    curve: series(view.curve, tail.curve),
    evaluations: series(view.evaluations, tail.evaluations),
  };
}

/**
 * An exponential moving average that begins unbiased (as Adam's moments are corrected).
 * @param amount 0: none, toward 1: over all
 */
export function smoothed(values: readonly number[], amount: number): number[] {
  if (amount <= 0) return [...values];
  let [sum, weight] = [0, 0];
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    sum = amount * sum + (1 - amount) * value;
    weight = amount * weight + (1 - amount);
    return sum / weight;
  });
}

/** The same of logarithms, for a logarithmic axis: one spike to 1e13 does not hold the line up there for a hundred steps. */
export const smoothedOnLog = (values: readonly number[], amount: number): number[] =>
  amount <= 0 ? [...values] : smoothed(values.map(Math.log), amount).map(Math.exp);

/** What each worker has given over the whole run, summed over its connections. */
import type { WorkerKind } from '../../shared/protocol/messages.js';

/** What a worker has given to a run. */
export interface Totals {
  name: string;
  kind: WorkerKind;
  engine: string;
  engineClass: string;
  samples: number;
  contributions: number;
}

/** What one row of totals stands for. */
export const keyOf = ({ name, kind, engineClass }: Pick<Totals, 'name' | 'kind' | 'engineClass'>): string =>
  JSON.stringify([name, kind, engineClass]);

/** Adds what `from` lists to `into`: one row for each (name, kind, engine class) that has given anything. */
export function mergeTotals(into: Totals[], from: readonly Totals[]): Totals[] {
  const merged = new Map<string, Totals>();
  for (const row of [...into, ...from].filter(({ contributions }) => contributions > 0)) {
    const key = keyOf(row);
    const before = merged.get(key);
    const { name, kind, engine, engineClass } = row;
    merged.set(key, {
      name,
      kind,
      engine,
      engineClass,
      samples: (before?.samples ?? 0) + row.samples,
      contributions: (before?.contributions ?? 0) + row.contributions,
    });
  }
  return [...merged.values()];
}

import { describe, expect, it } from 'vitest';
import { mergeTotals, type Totals } from './totals.js';

describe('totals', () => {
  const row = (name: string, engineClass: string, samples: number): Totals => ({
    name,
    kind: 'node',
    engine: engineClass.split('@')[0]!,
    engineClass,
    samples,
    contributions: 1,
  });

  it('have one row for each name, kind and engine class', () => {
    const into = [row('anna', 'wasm@1', 10), row('ben', 'wasm@1', 5)];
    const from = [row('anna', 'wasm@1', 7), row('anna', 'cpu@1', 2)];
    const merged = mergeTotals(into, from);
    expect(merged).toEqual([
      { ...row('anna', 'wasm@1', 17), contributions: 2 },
      row('ben', 'wasm@1', 5),
      row('anna', 'cpu@1', 2),
    ]);
    // Nothing that was given has changed.
    expect(into[0]!.samples).toBe(10);
  });

  it('do not confuse names that contain separators', () => {
    expect(mergeTotals([row('a","node', 'x', 1)], [row('a', 'x', 1)])).toHaveLength(2);
  });
});

/** Totals of workers that have left: bounded, whatever they call themselves, and nothing is lost of the sums. */
import { describe, expect, it } from 'vitest';
import type { Totals } from '../../scheduling/totals.js';
import { Past } from './past.js';

const row = (name: string, samples = 1): Totals => ({
  name,
  kind: 'node',
  engine: 'toy',
  engineClass: 'toy@1',
  samples,
  contributions: 1,
});
const sum = (rows: readonly Totals[]) => rows.reduce((total, { samples }) => total + samples, 0);

describe('what workers that have left gave', () => {
  it('is one row for each name, whichever connection gave it', () => {
    const past = new Past();
    for (let visit = 0; visit < 5; visit++) past.add(row('anna'), 'id');
    past.add({ ...row('idle'), contributions: 0 }, 'id');
    expect(past.rows()).toEqual([{ ...row('anna', 5), contributions: 5 }]);
  });

  it('takes few rows of one identity, under however many names it joins', () => {
    const past = new Past();
    for (let visit = 0; visit < 20_000; visit++) past.add(row(`name ${visit}`), 'one guest');
    past.add(row('anna'), 'another');
    const rows = past.rows();
    expect(rows.length).toBeLessThan(40);
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(['name 0', 'anna', 'others']));
    expect(sum(rows)).toBe(20_001);
  });

  it('takes bounded rows of all, also through a checkpoint', () => {
    let past = new Past();
    for (let visit = 0; visit < 5000; visit++) past.add(row(`name ${visit}`), `identity ${visit}`);
    for (let start = 0; start < 3; start++) {
      const rows = past.rows();
      expect([rows.length, sum(rows)]).toEqual([1001, 5000 + start]);
      past = new Past();
      for (const each of rows) past.add(each);
      past.add(row('name 0'), 'identity 0');
    }
  });
});

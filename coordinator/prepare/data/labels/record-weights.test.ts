/** Weights of records, from every source that has them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../test/support/files/temporary-folder.js';
import { refusalOf } from '../../../../test/support/refusal.js';
import { readOwnData } from '../arrays/own/open-own.js';
import { openData } from '../sources/sources.js';
import { withValidation } from '../split/validation.js';

const root = temporaryFolder();
let files = 0;
function fileOf(text: string, ending = 'csv'): string {
  const path = join(root, `${files++}.${ending}`);
  writeFileSync(path, text);
  return path;
}

const ROWS = Array.from({ length: 20 }, (_, i) => ({ size: i, how: i / 4, kind: i % 2 ? 'odd' : 'even' }));
const CSV = `size,how,kind\n${ROWS.map(({ size, how, kind }) => `${size},${how},${kind}`).join('\n')}\n`;

describe('a column of weights', () => {
  it.each([
    ['csv', CSV],
    ['jsonl', ROWS.map((row) => JSON.stringify(row)).join('\n')],
  ])('of %s goes with its row into training, and is no feature', async (scheme, text) => {
    const file = fileOf(text, scheme);
    const data = await openData(`${scheme}:${file}?label=kind&weight=how&normalize=none`);
    expect(data.x.shape).toEqual([1]);
    expect(data.columns!.features.map(({ name }) => name)).toEqual(['size']);
    expect(data.train.count).toBe(16);
    expect([...data.train.weight!]).toEqual([...data.train.x].map((size) => size / 4));
    expect(data.test.weight).toBeUndefined();
    expect(data.notes!.join('\n')).toContain('column how is what each training record counts:');
    // The training records of a validation split keep theirs.
    const { train, validation } = withValidation(data, { validation: 0.25, seed: 1 });
    expect([...train.weight!]).toEqual([...train.x].map((size) => size / 4));
    expect(validation!.weight).toBeUndefined();
    // A test file need not have it.
    const testfile = fileOf('size,kind\n1,odd\n2,even\n');
    const two = await openData(
      `${scheme}:${file}?label=kind&weight=how&testfile=${scheme === 'csv' ? testfile : file}`,
    );
    expect(two.train.weight!.length).toBe(20);
  });

  it('of parquet goes with its row as that of the same table as text', async () => {
    const fixtures = join(import.meta.dirname, '../sources/table/fixtures');
    const [text, parquet] = await Promise.all(
      ['csv', 'parquet'].map((scheme) =>
        openData(`${join(fixtures, `train.${scheme}`)}?label=survived&features=siblings&weight=fare`),
      ),
    );
    expect(parquet!.train.weight).toEqual(text!.train.weight);
    expect(new Set(parquet!.train.weight).size).toBeGreaterThan(10);
    expect(parquet!.train.x).toEqual(text!.train.x);
    expect(parquet!.test.weight).toBeUndefined();
  });

  it('is left out of data that a model is evaluated on, without a note', async () => {
    const trained = await openData(`csv:${fileOf(CSV)}?label=kind&weight=how`);
    const again = await openData(`csv:${fileOf(CSV)}?weight=how`, { trained });
    expect(again.notes!.join('\n')).not.toContain('left out');
  });

  it.each([
    ['4,-1,odd', /line 6, column how: -1 is no weight: give a number of at least 0/],
    ['4,heavy,odd', /line 6, column how: 'heavy' is no weight: give a number of at least 0$/],
    ['4,,odd', /line 6, column how: '' is no weight: .* \(missing=drop leaves such rows out\)/],
  ])('is refused for the row %s', async (row, message) => {
    const lines = CSV.split('\n');
    lines[5] = row;
    const file = fileOf(lines.join('\n'));
    const test = fileOf(CSV);
    expect(await refusalOf(openData(`csv:${file}?label=kind&weight=how&testfile=${test}`))).toMatch(message);
    if (row === '4,,odd') {
      const kept = await openData(`csv:${file}?label=kind&weight=how&missing=drop&testfile=${test}`);
      expect(kept.train.weight!.length).toBe(19);
    }
  });

  it.each([
    ['weight=kind&label=kind', 'kind is the label, and cannot be the weight too (option weight)'],
    ['weight=hwo&label=kind', 'has no column hwo (option weight)'],
  ])('is refused where it is asked for as %s', async (options, message) => {
    expect(await refusalOf(openData(`csv:${fileOf(CSV)}?${options}`))).toContain(message);
  });

  it('is refused where nothing would be learned', async () => {
    const file = fileOf(CSV.replace(/,[\d.]+,/g, ',0,'));
    expect(await refusalOf(openData(`csv:${file}?label=kind&weight=how`))).toContain(
      'all training records have weight 0, so nothing would be learned',
    );
  });
});

describe('sampleWeight of a program', () => {
  const x = { shape: [1] };
  const label = { kind: 'class' } as const;
  const test = { x: [1, 2], y: [0, 1] };
  const open = async (train: object, more: object = {}) =>
    openData(await readOwnData({ train, test, x, label, ...more }));

  it('goes with its record, in arrays and in records', async () => {
    const arrays = await open({ x: [5, 6, 7], y: [0, 1, 0], sampleWeight: [1, 0, 2.5] });
    expect(arrays.train.weight).toEqual(Float32Array.of(1, 0, 2.5));
    const records = await open([
      { x: [5], y: 0, sampleWeight: 1 },
      { x: [6], y: 1, sampleWeight: 0 },
      { x: [7], y: 0, sampleWeight: 2.5 },
    ]);
    expect(records.train).toEqual(arrays.train);
    expect(records.name).toBe(arrays.name);
    const unweighted = await open({ x: [5, 6, 7], y: [0, 1, 0] });
    expect(unweighted.name).not.toBe(arrays.name);
    expect(unweighted.train.weight).toBeUndefined();
  });

  it.each<[object, string]>([
    [{ x: [5, 6], y: [0, 1], sampleWeight: [1] }, 'train.sampleWeight has shape [1], train.x 2 records'],
    [{ x: [5, 6], y: [0, 1], sampleWeight: 3 }, 'train.sampleWeight must be an array, not 3'],
    [
      { x: [5, 6], y: [0, 1], sampleWeight: [1, Number.NaN] },
      'train.sampleWeight, record 1: NaN is no weight',
    ],
    [
      [
        { x: [5], y: 0 },
        { x: [6], y: 1, sampleWeight: 2 },
      ],
      'train.sampleWeight, record 0: undefined is no weight: give a number of at least 0',
    ],
  ])('is refused: %j', async (train, message) => {
    expect(await refusalOf(open(train))).toContain(message);
  });

  it('is refused for what is evaluated', async () => {
    const weighted = { ...test, sampleWeight: [1, 1] };
    expect(await refusalOf(open({ x: [5, 6], y: [0, 1] }, { test: weighted }))).toBe(
      'test.sampleWeight: evaluations count every record once, so leave it out',
    );
  });
});

/** Pictures in Parquet as Hugging Face's `datasets` writes them (fixtures/make-fixtures.py): the same pixels and classes. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../../../../../../test/support/refusal.js';
import type { DataSet, Records } from '../../../../source.js';
import { openData } from '../../../sources.js';

const fixtures = join(dirname(fileURLToPath(import.meta.url)), 'fixtures');
const fixture = (name: string) => join(fixtures, `${name}.parquet`);
const hub = join(fixtures, 'hub');
interface Expected {
  labels: string[];
  pixels: number[][];
}
const expected: Record<'train' | 'test', Expected> = JSON.parse(
  readFileSync(join(fixtures, 'expected.json'), 'utf8'),
);

/** Records as `CLASS PIXELS`, sorted: their order is drawn. */
function written({ label, x }: DataSet, records: Records): string[] {
  const names = (label as { names: string[] }).names;
  const size = x.shape.reduce((product, length) => product * length);
  const pixelsOf = (at: number) => records.x.subarray(at * size, (at + 1) * size);
  return Array.from(records.y as Int32Array, (y, at) => `${names[y]} ${pixelsOf(at)}`).sort();
}
const due = ({ labels, pixels }: Expected) => labels.map((label, at) => `${label} ${pixels[at]}`).sort();

describe('pictures in parquet', () => {
  it('are those that datasets wrote, with its parts, and its classes in their order', async () => {
    const data = await openData(`parquet:${hub}`);
    expect(data.x).toEqual({ shape: [5, 6, 3], dtype: 'uint8' });
    expect(data.label).toEqual({ kind: 'class', classes: 3, names: ['wolf', 'ant', 'bee'] });
    expect(written(data, data.train)).toEqual(due(expected.train));
    expect(written(data, data.test)).toEqual(due(expected.test));
    expect(data.parts!.train).toBe(`all 7 pictures of ${hub}/train*.parquet`);
    expect(data.notes!.join('\n')).toContain(
      'pictures of column image, their classes by column label; left out note',
    );
  });

  it('may lie in two files, be drawn from one, and be made as large as is asked for', async () => {
    const [train, test] = ['train', 'test'].map((part) => join(hub, `${part}-00000-of-00001.parquet`));
    const named = await openData(`${train}?testfile=${test}`);
    expect([named.train.count, named.test.count]).toEqual([7, 3]);
    const drawn = await openData(`${train}?test=0.3&size=4x2&grey=1`);
    expect([drawn.x.shape, drawn.train.count + drawn.test.count]).toEqual([[2, 4, 1], 7]);
  });

  it('are bytes alone where a column is named', async () => {
    const data = await openData(`${fixture('bytes')}?image=png&test=0.4&grey=1`);
    expect([data.x.shape, data.label]).toEqual([[5, 6, 1], { kind: 'class', classes: 2, names: ['a', 'b'] }]);
  });

  it.each<[string, string, string]>([
    ['odd', '', 'odd.parquet, row 4 cannot be read (there is none in this row): delete it, or skip-bad=1'],
    [
      'odd',
      '&seed=2',
      'odd.parquet, row 2 cannot be read (its bytes are not in the file, which only names b.png',
    ],
    ['odd', '&seed=4', 'odd.parquet, row 3 is no picture that can be read'],
    ['odd', '&label=other', 'odd.parquet, row 1, column other: no class: leave the row out of the file'],
    ['odd', '&label=nothing', '(column image), and no column nothing: label=COLUMN says which column'],
    ['odd', '&features=image,other', 'features=other: a picture is learned from alone'],
    ['odd', '&missing=drop', '--data option missing is for tables, and this file holds pictures'],
    ['odd', '&image=label', 'image=label is no column of pictures: neither bytes nor { bytes, path }'],
    ['odd', '&image=x', 'image=x is no column; columns are image, label, other'],
    ['several', '', 'has several columns of pictures (image, mask): image=COLUMN says which is learned from'],
    ['several', '&image=mask', '(column mask): label=COLUMN says which column holds their classes'],
    [
      'several',
      '&features=depth&label=score&size=4x4',
      '--data option size is for pictures, and this file holds',
    ],
  ])('are refused in words: %s%s', async (name, options, message) => {
    expect(await refusalOf(openData(`parquet:${fixture(name)}?test=0.3${options}`))).toContain(message);
  });

  it('are left out one by one where that is asked for', async () => {
    const odd = fixture('odd');
    const data = await openData(`${odd}?testfile=${odd}&skip-bad=1`);
    expect([data.train.count, data.test.count]).toEqual([1, 1]);
    expect(data.train.x).toEqual(data.test.x);
    expect(data.warnings!.filter((text) => text.startsWith(`left out: ${odd}, row `))).toHaveLength(6);
  });
});

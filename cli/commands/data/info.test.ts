import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { DataSet } from '../../../coordinator/prepare/data/source.js';
import { openData } from '../../../coordinator/prepare/data/sources/sources.js';
import { temporaryFolder } from '../../../test/support/files/temporary-folder.js';
import { main } from '../../main.js';
import { describeData } from './describe.js';
import { infoText } from './info-text.js';

const root = temporaryFolder();

const textOf = (data: DataSet, records = 1) => infoText(describeData(data, records));
const file = (name: string, content: string) => {
  const path = join(root, name);
  writeFileSync(path, content);
  return path;
};

const PICTURES: DataSet = {
  name: 'images:pets',
  x: { shape: [2, 4, 1], dtype: 'uint8' },
  y: { shape: [], dtype: 'int32' },
  label: { kind: 'class', classes: 2, names: ['cat', 'dog'] },
  normalisation: { scale: 1 / 255, mean: [0.5], std: [0.25] },
  train: {
    count: 2,
    x: Uint8Array.of(0, 0, 128, 255, 0, 0, 0, 255, ...Array(8).fill(255)),
    y: Int32Array.of(1, 0),
  },
  test: { count: 1, x: new Uint8Array(8), y: Int32Array.of(1) },
  parts: { train: '2 of the 3 pictures', test: '1 of the 3 pictures' },
  notes: ['a note'],
  warnings: ['few dogs'],
};

describe('what is told of a data set', () => {
  it('pictures: shapes, balance in both parts, scaling, and a drawing', () => {
    expect(textOf(PICTURES)).toBe(
      `images:pets
x  uint8[2, 4, 1]
y  int32[]: 2 classes

train  2 records, 1 kB: 2 of the 3 pictures
test   1 record, 1 kB: 1 of the 3 pictures

fed as (value / 255 - mean) / deviation: mean 0.5000, deviation 0.2500

class  train           test
cat        1  50.00 %     0  0.00 %
dog        1  50.00 %     1  100.00 %

training record 0: dog
    ++@@
      @@

a note
warning: few dogs`,
    );
  });

  it('rows: each column with its scale, and the values as they stand in the file', async () => {
    const path = file('t.csv', 'width,kind\n1000000,a\n0,b\n0.5,a\n3,b\n4,a\n5,b\n');
    const data = await openData(`csv:${path}?test=0.2&seed=4`);
    const { examples, columns } = describeData(data, 9);
    expect(columns!.features.map(({ name }) => name)).toEqual(['width']);
    const shown = examples.map(({ label, lines }) => `${lines} ${label}`);
    const all = ['width 1000000 a', 'width 0 b', 'width 0.5000 a', 'width 3 b', 'width 4 a', 'width 5 b'];
    expect(shown).toHaveLength(5);
    // Of a column whose scale is a million, float32 keeps no halves.
    for (const line of shown.filter((line) => !line.startsWith('width 0'))) expect(all).toContain(line);
    expect(textOf(data)).toMatch(/^column +mean +deviation\nwidth +\S+ +\S+$/m);
  });

  it('a regression: the target in its own unit', async () => {
    const path = file('r.csv', 'x,price\n1,100\n2,200\n3,300\n4,400\n5,500\n');
    const data = await openData(`csv:${path}?task=regression`);
    const { train, examples } = describeData(data, 1);
    expect(train.target!.mean).toBeCloseTo(mean(data), 3);
    expect([100, 200, 300, 400, 500]).toContain(Math.round(examples[0]!.label as number));
    expect(textOf(data)).toMatch(/y {2}float32\[1\]: a number to predict \(price\)/);
  });

  it('text: its characters, and the first ones as they are', async () => {
    const path = file('t.txt', 'ab\nab\nab\nab\nab\nab\nab\n');
    const description = describeData(await openData(`text:${path}?length=4&test=0.3`), 1);
    expect(description.vocabulary).toBe(3);
    expect(description.examples[0]).toEqual({ record: 0, lines: ['"ab\\na"'] });
    expect(infoText(description)).toContain('y  uint8[4]: 3 characters, one for each position');
  });

  it('of many classes, the most frequent and the rarest', () => {
    const y = Int32Array.from({ length: 300 }, (_, i) => Math.min(29, Math.floor(i / 10)));
    const data: DataSet = {
      ...PICTURES,
      label: { kind: 'class', classes: 30 },
      train: { count: 300, x: new Uint8Array(2400), y: y.fill(29, 0, 5) },
    };
    const text = textOf(data, 0);
    expect(text).toContain('the 12 with the most records and the 12 with the fewest, of 30');
    expect(text).toMatch(/^class +train +test\n29 +15 +5\.00 %/m);
    expect(text).not.toContain('training record');
  });
});

const mean = ({ label, train }: DataSet): number => {
  const { mean, std } = label.kind === 'value' ? label.scaling! : { mean: 0, std: 1 };
  return [...train.y].reduce((sum, value) => sum + value * std + mean, 0) / train.count;
};

describe('swarmgrad data info', () => {
  afterEach(() => vi.restoreAllMocks());

  async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    let [out, err] = ['', ''];
    vi.spyOn(console, 'log').mockImplementation((text) => void (out += text));
    vi.spyOn(console, 'error').mockImplementation((text) => void (err += text));
    return { code: await main(['data', 'info', ...args]), out, err };
  }

  it('prints one JSON object', async () => {
    const { code, out } = await run('digits?train=20&test=10', '--json', '--records', '1');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      x: { shape: [28, 28, 1], dtype: 'uint8' },
      train: { records: 20, classes: { length: 10, 0: { name: '0', count: 2 } } },
      examples: [{ record: 0, label: '0' }],
    });
  });

  it('refuses what is no data set, and no number of records', async () => {
    expect(await run('nonsense:x')).toMatchObject({
      code: 2,
      err: expect.stringContaining('unknown source'),
    });
    expect(await run('digits', '--records', 'x')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--records must be a whole number from 0 to 9999, not "x"'),
    });
  });
});

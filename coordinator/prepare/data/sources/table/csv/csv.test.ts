import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { sharedData } from '../../../../../../test/support/files/shared-data.js';
import { temporaryFolder } from '../../../../../../test/support/files/temporary-folder.js';
import { refusalOf } from '../../../../../../test/support/refusal.js';
import { openData } from '../../sources.js';

const root = temporaryFolder();
let files = 0;

function fileOf(text: string | Buffer): string {
  const path = join(root, `${files++}.csv`);
  writeFileSync(path, text);
  return path;
}

const asItIs = (spec: string) => `${spec}${spec.includes('?') ? '&' : '?'}normalize=none`;

/** All rows of train and test as `[features, label]`, not normalized, in an order of their own. */
async function rowsOf(spec: string): Promise<[number[], number][]> {
  const { x, train, test } = await openData(asItIs(spec));
  const width = x.shape[0]!;
  return [train, test]
    .flatMap(({ count, x, y }) =>
      Array.from({ length: count }, (_, i): [number[], number] => [
        [...x.subarray(i * width, (i + 1) * width)],
        y[i]!,
      ]),
    )
    .sort((a, b) => a[0][0]! - b[0][0]!);
}

const NUMBERS = '1,10,0\n2,20,1\n3,30,0\n4,40,1\n5,50,2\n';

describe('csv', () => {
  it('reads rows without a header: numbers, and classes in the last column', async () => {
    const file = fileOf(NUMBERS);
    const data = await openData(`csv:${file}`);
    expect(data.x).toEqual({ shape: [2], dtype: 'float32' });
    expect(data.y).toEqual({ shape: [], dtype: 'int32' });
    expect(data.label).toEqual({ kind: 'class', classes: 3, names: ['0', '1', '2'] });
    expect([data.train.count, data.test.count]).toEqual([4, 1]);
    expect(await rowsOf(`csv:${file}`)).toEqual([
      [[1, 10], 0],
      [[2, 20], 1],
      [[3, 30], 0],
      [[4, 40], 1],
      [[5, 50], 2],
    ]);
  });

  it('finds a header by names above numbers, and columns by their names', async () => {
    const file = fileOf('kind,size,weight\ncat,1,4.5\ndog,2,20\ncat,3,3.25\n');
    const data = await openData(`csv:${file}?label=kind`);
    expect(data.label).toEqual({ kind: 'class', classes: 2, names: ['cat', 'dog'] });
    expect(await rowsOf(`csv:${file}?label=kind`)).toEqual([
      [[1, 4.5], 0],
      [[2, 20], 1],
      [[3, 3.25], 0],
    ]);
  });

  it('takes text labels without a header for labels', async () => {
    const file = fileOf('1,2,cat\n3,4,dog\n5,6,cat\n');
    expect(await rowsOf(`csv:${file}`)).toHaveLength(3);
  });

  it('does not take a first row with an empty field for a header', async () => {
    const file = fileOf('1,,0\n2,5,1\n3,6,0\n');
    expect(await refusalOf(openData(`csv:${file}`))).toContain(
      `${file}, line 1, column 1: '' is not a number`,
    );
    expect(await rowsOf(`csv:${file}?drop=1`)).toHaveLength(3);
  });

  it('does as it is told about the header', async () => {
    const numbers = fileOf('7,8,9\n1,2,0\n3,4,1\n5,6,1\n');
    expect(await rowsOf(`csv:${numbers}?header=true`)).toHaveLength(3);
    expect(await rowsOf(`csv:${numbers}?header=true&label=9`)).toHaveLength(3);
    const names = fileOf('a,b,label\n1,2,x\n3,4,y\n');
    expect(await refusalOf(openData(`csv:${names}?header=false`))).toContain("line 1, column 0: 'a'");
    expect(await refusalOf(openData(`csv:${names}?header=perhaps`))).toContain('true, false or auto');
  });

  it('reads quoted fields, with commas, quotes and line ends in them', async () => {
    const file = fileOf(
      'size,"the ""kind"", in words"\n1,"small, round"\n"2","tall\nand thin"\n3,"a ""b"""\n',
    );
    const spec = `csv:${file}?label=${encodeURIComponent('the "kind", in words')}`;
    expect((await openData(spec)).label).toMatchObject({
      names: ['a "b"', 'small, round', 'tall\nand thin'],
    });
  });

  it('reads gzip, a byte order mark, CRLF, blanks around fields and empty lines', async () => {
    const file = fileOf(gzipSync('\ufeff1, 10 ,0\r\n\r\n2,20,1\r\n3,30, 1\r\n\r\n'));
    expect(await rowsOf(`csv:${file}`)).toEqual([
      [[1, 10], 0],
      [[2, 20], 1],
      [[3, 30], 1],
    ]);
  });

  it('numbers classes in the order of numbers where they are numbers, else of text', async () => {
    const numbers = fileOf('1,10\n2,9\n3,-1\n4,9\n5,10\n');
    expect((await openData(`csv:${numbers}`)).label).toMatchObject({ names: ['-1', '9', '10'] });
    const texts = fileOf('1,b\n2,10\n3,9\n');
    expect((await openData(`csv:${texts}?header=false`)).label).toMatchObject({ names: ['10', '9', 'b'] });
  });

  it('gives numbers to predict with task=regression', async () => {
    const data = await openData(asItIs(`csv:${fileOf('1,2.5\n2,-3\n3,1e3\n')}?task=regression`));
    expect(data.label).toEqual({ kind: 'value', scaling: { mean: 0, std: 1 } });
    expect(data.y).toEqual({ shape: [1], dtype: 'float32' });
    expect([...data.train.y, ...data.test.y].sort((a, b) => a - b)).toEqual([-3, 2.5, 1000]);
  });

  it('counts columns from 0, and from the end where negative', async () => {
    const file = fileOf('0,1,2\n1,3,4\n');
    expect(await rowsOf(`csv:${file}?label=0`)).toEqual([
      [[1, 2], 0],
      [[3, 4], 1],
    ]);
    expect(await rowsOf(`csv:${file}?label=-3`)).toEqual(await rowsOf(`csv:${file}?label=0`));
  });

  it('leaves out lines at the top, and columns', async () => {
    const file = fileOf('made by hand\n\nid,a,b,label\n7,1,2,0\n8,3,4,1\n');
    expect(await rowsOf(`csv:${file}?skip=1&drop=id`)).toEqual([
      [[1, 2], 0],
      [[3, 4], 1],
    ]);
    expect(await rowsOf(`csv:${file}?skip=1&drop=id,b`)).toEqual([
      [[1], 0],
      [[3], 1],
    ]);
  });

  it('splits by a share, each row once, the same way for the same seed', async () => {
    const text = Array.from({ length: 100 }, (_, i) => `${i},${i % 3}`).join('\n');
    const file = fileOf(text);
    const testRows = async (options: string) => [
      ...(await openData(asItIs(`csv:${file}?${options}`))).test.x,
    ];
    expect(await testRows('test=0.25')).toHaveLength(25);
    expect(await testRows('test=0.25')).toEqual(await testRows('test=0.25&seed=1'));
    expect(await testRows('test=0.25&seed=2')).not.toEqual(await testRows('test=0.25'));
    expect((await rowsOf(`csv:${file}?test=0.4`)).map(([[i]]) => i)).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    );
    expect(await testRows('test=0.001')).toHaveLength(1);
  });

  it('takes the test set from a file of its own, and numbers the classes of both together', async () => {
    const [train, test] = [fileOf('1,b\n2,c\n'), fileOf('3,a\n4,c\n5,b\n')];
    const data = await openData(asItIs(`csv:${train}?testfile=${test}`));
    expect(data.label).toMatchObject({ names: ['a', 'b', 'c'] });
    expect(data.warnings).toEqual(['no training row has class a: the model cannot learn it']);
    expect([...data.train.y]).toEqual([1, 2]);
    expect([...data.test.y]).toEqual([0, 2, 1]);
    expect([...data.test.x]).toEqual([3, 4, 5]);
  });

  it('normalizes each column by the training rows alone', async () => {
    const [train, test] = [fileOf('1,7,0\n3,7,1\n'), fileOf('1000,1000,0\n')];
    const data = await openData(`csv:${train}?testfile=${test}`);
    expect(data.columns?.features).toEqual([
      { name: '0', mean: 2, std: 1 },
      { name: '1', mean: 7, std: 1 },
    ]);
    expect([...data.train.x]).toEqual([-1, 0, 1, 0]);
    expect([...data.test.x]).toEqual([998, 993]);
    expect(data.normalisation).toEqual({ scale: 1, mean: [0], std: [1] });
  });
});

const uci = sharedData('uci');

describe.skipIf(uci.absent)('the real tables', () => {
  const open = (rest: string) => openData(`csv:${join(uci.path, rest)}`);
  const countsOf = async (rest: string) => {
    const { label, train, test } = await open(rest);
    if (label.kind !== 'class') throw new Error('not classes');
    const counts = Array(label.classes).fill(0);
    for (const y of [...train.y, ...test.y]) counts[y]++;
    return counts;
  };

  it('have their published classes and counts', async () => {
    expect(await countsOf('iris.csv?skip=1')).toEqual([50, 50, 50]);
    expect(await countsOf('wine_data.csv?skip=1')).toEqual([59, 71, 48]);
    expect(await countsOf('breast_cancer.csv?skip=1')).toEqual([212, 357]);
  });

  it('have their published widths', async () => {
    expect((await open('iris.csv?skip=1')).x.shape).toEqual([4]);
    expect((await open('wine_data.csv?skip=1')).x.shape).toEqual([13]);
    expect((await open('breast_cancer.csv?skip=1')).x.shape).toEqual([30]);
  });

  it('optdigits comes in two files', async () => {
    const test = encodeURIComponent(join(uci.path, 'optdigits.tes'));
    const data = await open(`optdigits.tra?testfile=${test}`);
    expect([data.train.count, data.test.count]).toEqual([3823, 1797]);
    expect(data.x.shape).toEqual([64]);
    const counts = Array(10).fill(0);
    for (const y of data.train.y) counts[y]++;
    expect(counts).toEqual([376, 389, 380, 389, 387, 376, 377, 387, 380, 382]);
  });

  it('boston is a regression with a header below a line of sizes', async () => {
    const data = await open('boston_house_prices.csv?skip=1&label=MEDV&task=regression&normalize=none');
    expect(data.x.shape).toEqual([13]);
    expect(data.train.count + data.test.count).toBe(506);
    // The mean of MEDV as it is commonly told.
    const mean = [...data.train.y, ...data.test.y].reduce((sum, y) => sum + y, 0) / 506;
    expect(mean).toBeCloseTo(22.5328, 3);
  });

  it('whose first line tells sizes are refused without skip, with the remedy', async () => {
    expect(await refusalOf(open('wine_data.csv'))).toContain('(skip=N leaves out lines at the top)');
  });
});

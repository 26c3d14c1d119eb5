/** JSON Lines as tables: values with types, lists as columns, keys that are missing, and what is refused. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { tableFiles } from '../../../../../../test/support/files/csv-files.js';
import { refusalOf } from '../../../../../../test/support/refusal.js';
import { openData } from '../../sources.js';

const fileOf = tableFiles();
let files = 0;
const written = (lines: (object | string)[], end = '\n') =>
  fileOf(
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join(end),
    `${files++}.jsonl`,
  );

async function read(lines: (object | string)[], options = '') {
  const file = written(lines);
  const spec = `${file}?label=y&testfile=${file}&normalize=none${options}`;
  const { x, train, columns, label } = await openData(spec);
  const width = x.shape.reduce((product, size) => product * size, 1);
  return {
    names: columns!.features.map(({ name }) => name),
    rows: Array.from({ length: train.count }, (_, i) => [...train.x.subarray(i * width, (i + 1) * width)]),
    labels: Array.from(train.y, (y) => (label.kind === 'class' ? label.names![y] : y)),
    x,
  };
}
const refused = (lines: (object | string)[], options = '') => refusalOf(read(lines, options));

describe('jsonl', () => {
  it('reads numbers, truth values and texts by key, in any order of keys', async () => {
    expect(
      await read([
        { a: 1.5, b: true, y: 'cat' },
        { y: 'dog', b: false, a: -2e3 },
      ]),
    ).toMatchObject({
      names: ['a', 'b'],
      rows: [
        [1.5, 1],
        [-2000, 0],
      ],
      labels: ['cat', 'dog'],
    });
    const texts = await read(
      [
        { k: 'red', y: 1 },
        { k: 'blue', y: 2 },
      ],
      '&categories=onehot',
    );
    expect(texts).toMatchObject({ names: ['k=blue', 'k=red'], labels: ['1', '2'] });
  });

  it('takes truth values, numbers and texts for classes', async () => {
    const labels = async (...values: unknown[]) => (await read(values.map((y, a) => ({ a, y })))).labels;
    expect(await labels(true, false)).toEqual(['true', 'false']);
    expect(await labels(2, 10, 2.0)).toEqual(['2', '10', '2']);
    expect(await labels('', 'x')).toEqual(['', 'x']);
    expect(
      await refused([
        { a: 1, y: 2 ** 60 },
        { a: 2, y: 3 },
      ]),
    ).toContain('write labels as texts');
  });

  it('takes a list for a column for each of its values, and shape=2x2x1 for a picture', async () => {
    const lines = [
      { p: [1, 2, 3, 4], y: 0 },
      { p: [5, 6, 7, 8], y: 1 },
    ];
    expect(await read(lines)).toMatchObject({
      names: ['p[0]', 'p[1]', 'p[2]', 'p[3]'],
      rows: [[1, 2, 3, 4], {}],
    });
    expect((await read(lines, '&shape=2x2x1')).x).toEqual({ shape: [2, 2, 1], dtype: 'uint8' });
    const nested = await read([
      {
        p: [
          [1, 2],
          [3, 4.5],
        ],
        y: 0,
      },
      {
        p: [
          [0, 0],
          [0, 0],
        ],
        y: 1,
      },
    ]);
    expect(nested.names).toEqual(['p[0][0]', 'p[0][1]', 'p[1][0]', 'p[1][1]']);
    expect(nested.rows[0]).toEqual([1, 2, 3, 4.5]);
  });

  it('takes the columns that are named, a list by its name', async () => {
    const lines = [
      { p: [1, 2], a: 3, id: {}, y: 0 },
      { p: [4, 5], a: 6, id: {}, y: 1 },
    ];
    expect((await read(lines, '&features=a,p')).names).toEqual(['a', 'p[0]', 'p[1]']);
    expect((await read(lines, '&features=p[1]')).rows).toEqual([[2], [5]]);
    expect((await read(lines, '&drop=id,p')).rows).toEqual([[3], [6]]);
    expect((await read(lines, '&drop=id,p[0]')).names).toEqual(['p[1]', 'a']);
  });

  it('takes a key that is not there, and null, for a missing value', async () => {
    const lines = [
      { b: 1, y: 0 },
      { a: 4, b: null, y: 1 },
      { a: 6, b: 3, y: 0 },
      { a: 8, b: 5, y: 1 },
    ];
    expect(await refused(lines)).toMatch(/line 1, column a: '' is not a number \(missing=drop/);
    const { names, rows } = await read(lines, '&missing=drop');
    expect([names, rows]).toEqual([
      ['b', 'a'],
      [
        [3, 6],
        [5, 8],
      ],
    ]);
    expect((await read(lines, '&missing=mean')).rows).toEqual([
      [1, 6],
      [3, 4],
      [3, 6],
      [5, 8],
    ]);
    const lists = [{ y: 0 }, { p: [1, 2], y: 1 }, { p: [3, null], y: 0 }];
    expect((await read(lists, '&missing=0')).rows).toEqual([
      [0, 0],
      [1, 2],
      [3, 0],
    ]);
  });

  it('reads gzip, a byte order mark, line ends of two characters and empty lines', async () => {
    const text = '\ufeff{"a":1,"y":"ö"}\r\n\r\n{"a":2,"y":"x"}\r\n';
    const data = await openData(`jsonl:${fileOf(gzipSync(text), 'packed.gz')}?label=y`);
    expect(data.label).toMatchObject({ names: ['x', 'ö'] });
    expect(data.notes![0]).toContain('an object a line, with 2 keys; the label is y');
  });

  it('is named by its ending, and asks for its label', async () => {
    expect((await openData(`${fileOf('{"a":1,"y":1}\n{"a":2,"y":2}', 'x.ndjson')}?label=y`)).name).toMatch(
      /^jsonl:/,
    );
    expect(await refusalOf(openData('x.jsonl'))).toContain('jsonl:FILE?label=KEY');
  });

  it('gives data to a model that was trained on another kind of table', async () => {
    const { x, y, label, columns, normalisation } = await openData(
      `csv:${fileOf('a,k,y\n1,red,u\n2,blue,v\n3,red,v\n')}?categories=onehot`,
    );
    const trained = { x, y, label, normalisation, columns: columns! };
    const other = await openData(`${written([{ y: 'v', k: 'blue', a: 2 }])}`, { trained });
    expect(other.columns).toEqual(columns);
    expect([...other.test.x].slice(1)).toEqual([1, 0]);
  });

  it.each<[string, (object | string)[], string]>([
    [
      'a text for a number',
      [
        { a: 1, y: 0 },
        { a: '2', y: 1 },
      ],
      "line 2, column a: '2' is not a number (it is a text, in quotation marks",
    ],
    [
      'an object',
      [{ a: { b: 1 }, y: 0 }],
      'line 1, column a: an object, which is no value of a table (drop=a',
    ],
    [
      'lists of several lengths',
      [
        { p: [1, 2], y: 0 },
        { p: [1], y: 1 },
      ],
      'line 2, column p[0]: a list of 1 values, and the first row has 2 (drop=p ',
    ],
    ['ragged lists', [{ p: [[1, 2], [3]], y: 0 }], 'column p: a list of lists that differ in length'],
    ['an empty list', [{ p: [], y: 0 }], 'column p: an empty list'],
    [
      'a number for a list',
      [
        { p: [1, 2], y: 0 },
        { p: 5, y: 1 },
      ],
      'line 2, column p[0]: 5, and the first row has a list',
    ],
    [
      'a list for a number',
      [
        { p: 5, y: 0 },
        { p: [1, 2], y: 1 },
      ],
      'line 2, column p: a list, and the first row has none',
    ],
    [
      'truth among numbers',
      [
        { a: 1, y: 0 },
        { a: true, y: 1 },
      ],
      'line 2, column a: true, and a row before has a number',
    ],
    [
      'numbers beyond float32',
      [{ a: 1, y: 0 }, '{"a":1e39,"y":1}'],
      'line 2, column a: 1e+39 is beyond the numbers of float32',
    ],
    ['a label that is not there', [{ a: 1, y: 0 }, { a: 2 }], "line 2, column y: the label is missing ('')"],
    ['what is no JSON', [{ a: 1, y: 0 }, '{"a":1,'], 'line 2: no JSON object ('],
    [
      'an array of objects',
      ['[{"a":1}]'],
      "line 1: no JSON object (no object): a whole object is to stand in each line (jq -c '.[]'",
    ],
    ['no rows', ['', ''], 'holds no rows'],
    ['an unknown label', [{ a: 1 }], 'has no column y (option label)'],
  ])('refuses %s', async (_, lines, expected) => {
    expect(await refused(lines)).toContain(expected);
  });
});

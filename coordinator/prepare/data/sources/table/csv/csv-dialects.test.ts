/** Tables as programs write them: delimiters, quotes, line ends, headers, marks of decimals, encodings. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tableFiles } from '../../../../../../test/support/files/csv-files.js';
import { refusalOf } from '../../../../../../test/support/refusal.js';
import { escapedName } from '../../../spec.js';
import { openData } from '../../sources.js';

const fileOf = tableFiles();

/** Features and label names of all rows, training rows first, as they stand in the file. */
async function rowsOf(spec: string) {
  const data = await openData(`${spec}${spec.includes('?') ? '&' : '?'}normalize=none`);
  const { label, columns, x, train, test } = data;
  const width = x.shape[0]!;
  const rows = [train, test].flatMap((part) =>
    Array.from({ length: part.count }, (_, i) => ({
      features: [...part.x.subarray(i * width, (i + 1) * width)],
      label: label.kind === 'class' ? label.names![part.y[i]!] : part.y[i],
    })),
  );
  return { rows, names: columns!.features.map(({ name }) => name), label: columns!.label, notes: data.notes };
}

const SEPARATED = { comma: ',', semicolon: ';', tab: '\t', pipe: '|' };

it('any table comes back from any dialect', async () => {
  const name = fc.string({ minLength: 1, unit: 'grapheme' }).map((text) => `c${text.replaceAll('\0', '')}x`);
  const value = fc.integer({ min: -1000, max: 1000 }).map((whole) => whole / 8);
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(name, { minLength: 2, maxLength: 5, selector: (text) => text.normalize('NFC') }),
      fc.array(fc.array(value, { minLength: 4, maxLength: 4 }), { minLength: 2, maxLength: 8 }),
      fc.constantFrom(...Object.values(SEPARATED)),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.boolean(),
      fc.constantFrom('point' as const, 'comma' as const),
      fc.constantFrom('', '\ufeff'),
      async (names, values, delimiter, end, isQuoted, decimal, mark) => {
        const quoted = (text: string) =>
          isQuoted || /[\s"]/.test(text) || text.includes(delimiter)
            ? `"${text.replaceAll('"', '""')}"`
            : text;
        const written = (number: number) =>
          decimal === 'comma' ? String(number).replace('.', ',') : String(number);
        const features = names.slice(1);
        const lines = [
          names.map(quoted),
          ...values.map((row, i) => [
            i % 2 ? 'odd' : 'even',
            ...features.map((_, column) => quoted(written(row[column % 4]!))),
          ]),
        ];
        const file = fileOf(mark + lines.map((fields) => fields.join(delimiter)).join(end), 'property.csv');
        const test = fileOf(
          mark +
            lines
              .slice(0, 3)
              .map((fields) => fields.join(delimiter))
              .join(end),
          'test.csv',
        );
        const options = `label=${escapedName(names[0]!)}&testfile=${test}&decimal=${decimal}&delimiter=${escapedName(delimiter)}`;
        const read = await rowsOf(`csv:${file}?${options}`);
        expect(read.names).toEqual(features.map((text) => text.normalize('NFC')));
        expect(read.rows.slice(0, values.length)).toEqual(
          values.map((row, i) => ({
            label: i % 2 ? 'odd' : 'even',
            features: features.map((_, column) => row[column % 4]!),
          })),
        );
      },
    ),
    { numRuns: 100 },
  );
});

describe('the delimiter', () => {
  it.each(Object.entries(SEPARATED))('%s is found', async (name, delimiter) => {
    const lines =
      ['a', 'b', 'label'].join(delimiter) +
      ['', ...'xyxy']
        .map((l, i) => [i, -i / 4, l].join(delimiter))
        .slice(1)
        .map((line) => `\n${line}`)
        .join('');
    const { names, rows, notes } = await rowsOf(`csv:${fileOf(lines)}`);
    expect(names).toEqual(['a', 'b']);
    expect(rows).toHaveLength(4);
    expect(notes!.join('\n')).toContain(
      `delimiter ${name}, columns named by its first line; the label is label`,
    );
  });

  it('is found between numbers with decimal commas, and where quoted texts hold others', async () => {
    const decimals = fileOf('1,5;2,5;x\n3,5;4,25;y\n0;-1,5;x\n');
    expect(await refusalOf(openData(`csv:${decimals}`))).toContain(
      "line 1, column 0: '1,5' is not a number (decimal=comma reads a comma as the decimal mark",
    );
    const { rows } = await rowsOf(`csv:${decimals}?decimal=comma`);
    expect(rows.map(({ features }) => features).sort((a, b) => a[0]! - b[0]!)).toEqual([
      [0, -1.5],
      [1.5, 2.5],
      [3.5, 4.25],
    ]);
    const quoted = fileOf('a,"b;c;d",label\n1,2,"x; y; z"\n3,4,"p; q; r"\n');
    expect((await rowsOf(`csv:${quoted}`)).names).toEqual(['a', 'b;c;d']);
  });

  it('can be any character, and is told where rows differ', async () => {
    expect((await rowsOf(`csv:${fileOf('1:2:x\n3:4:y\n')}?delimiter=:`)).rows).toHaveLength(2);
    expect(await refusalOf(openData(`csv:${fileOf('1:2\n')}?delimiter=two`))).toContain(
      'must be auto, comma, semicolon, tab, pipe, or one character, not two',
    );
    expect(await refusalOf(openData(`csv:${fileOf('1;2;x\n3;4\n')}?delimiter=semicolon`))).toContain(
      'line 2: 2 fields, the first row has 3 (skip=N leaves out lines at the top); the delimiter is a semicolon',
    );
  });
});

describe('line ends', () => {
  it('may differ within a file', async () => {
    const { rows } = await rowsOf(`csv:${fileOf('1,2,x\r\n3,4,y\n5,6,x\r7,8,y')}`);
    expect(rows).toHaveLength(4);
  });
});

describe('a header', () => {
  it('of numbers is found by the name of the label, given or usual', async () => {
    const years = fileOf('2019,2020,label\n1,2,1\n3,4,0\n');
    expect(await rowsOf(`csv:${years}`)).toMatchObject({ names: ['2019', '2020'], label: 'label' });
    const given = fileOf('2019,2020,sold\n1,2,1\n3,4,0\n');
    expect((await rowsOf(`csv:${given}?label=sold`)).names).toEqual(['2019', '2020']);
    expect((await rowsOf(`csv:${given}?label=sold&drop=2019`)).names).toEqual(['2020']);
  });

  it('that may also be a row is asked for, not guessed', async () => {
    for (const text of ['2019,2020,sold\n1,2,1\n3,4,0\n', '5.1,abc,0\n4.9,3,1\n5,2,1\n'])
      expect(await refusalOf(openData(`csv:${fileOf(text)}`))).toContain(
        'line 1: partly numbers, partly text: header=true if it names the columns, header=false if it is a row',
      );
  });

  it('with a name twice is refused, an unnamed column is not', async () => {
    expect(await refusalOf(openData(`csv:${fileOf('a,b,a,label\n1,2,3,x\n4,5,6,y\n')}`))).toContain(
      "has two columns named 'a': rename one, or count columns by header=false&skip=1",
    );
    expect((await rowsOf(`csv:${fileOf(',a,label\n0,1,x\n1,2,y\n')}?drop=0`)).names).toEqual(['a']);
  });

  it('has names of any characters, in whatever form of Unicode', async () => {
    const file = fileOf('a+b,"c,d",50%,e&f=g,Gro\u0308\u00dfe,label\n1,2,3,4,5,x\n6,7,8,9,0,y\n');
    expect((await rowsOf(`csv:${file}?drop=c%2Cd,50%25,e%26f=g`)).names).toEqual(['a+b', 'Gr\u00f6\u00dfe']);
    expect((await rowsOf(`csv:${file}?drop=a+b,Gr\u00f6\u00dfe`)).names).toEqual(['c,d', '50%', 'e&f=g']);
  });
});

describe('numbers', () => {
  it.each([
    ['"1,234"', 'separators of thousands are not read: take them out'],
    ['"1,234,567.5"', 'separators of thousands'],
    ['"1,5"', 'decimal=comma reads a comma'],
    ['0x10', "'0x10' is not a number (drop=a"],
    ['1_000', "'1_000' is not a number (drop=a"],
    ['', "'' is not a number (missing=drop leaves such rows out; drop=a"],
    ['Infinity', "'Infinity' is not a number"],
  ])('%s is refused', async (field, reason) => {
    const file = fileOf(`a,b,label\n1,2,x\n${field},2,y\n`);
    expect(await refusalOf(openData(`csv:${file}`))).toContain(reason);
  });

  it.each(['-1.7976931348623157e+308', '3.5e38', '1e400'])(
    '%s is beyond float32, and refused',
    async (field) => {
      const file = fileOf(`a,b,label\n1,2,0\n3,${field},1\n5,6,1\n`);
      const expected = `${file}, line 3, column b: ${field} is beyond the numbers of float32 (3.4e38)`;
      for (const normalize of ['standard', 'none'])
        expect(await refusalOf(openData(`csv:${file}?normalize=${normalize}`))).toContain(expected);
      expect(await refusalOf(openData(`csv:${file}?label=b&task=regression`))).toContain(expected);
    },
  );

  it('that only standardizing takes beyond float32 are refused', async () => {
    const train = fileOf('a,label\n1e-30,x\n2e-30,y\n');
    const test = fileOf('a,label\n1e30,x\n');
    expect(await refusalOf(openData(`csv:${train}?testfile=${test}`))).toContain(
      `${test}, line 2, column a: 1e+30 is 2e+60 once standardized, beyond the numbers of float32`,
    );
  });
});

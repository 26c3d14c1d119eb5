/** Rows with any number of classes at once, of every kind of table; scikit-learn's MultiLabelBinarizer orders names alike. */
import { describe, expect, it } from 'vitest';
import { tableFiles } from '../../../../../../test/support/files/csv-files.js';
import { refusalOf } from '../../../../../../test/support/refusal.js';
import { openData } from '../../sources.js';

const fileOf = tableFiles();
const COLUMNS = 'x,red,blue,tags\n1,1,0,red\n2,1,1,blue|red\n3,0,0,\n4,0,1,blue\n';
const FLAGS = [1, 0, 1, 1, 0, 0, 0, 1];
const swapped = (flags: readonly number[]) => flags.map((_, i) => flags[i ^ 1]!);

/** All rows of a file, in its order. */
async function read(text: string, options: string, name?: string) {
  const file = fileOf(text, name);
  const data = await openData(`${file}?testfile=${file}&${options}`);
  return { data, label: data.label, y: data.y, flags: Array.from(data.train.y), file };
}
const refused = (text: string, options: string, name?: string) => refusalOf(read(text, options, name));

describe('several classes a row', () => {
  it('are columns of 0 and 1, in the order in which they are asked for', async () => {
    const { data, label, y, flags } = await read(COLUMNS, 'label=red,blue&drop=tags');
    expect(label).toEqual({ kind: 'multilabel', classes: 2, names: ['red', 'blue'] });
    expect(y).toEqual({ shape: [2], dtype: 'uint8' });
    expect(flags).toEqual(FLAGS);
    expect(data.columns).toMatchObject({ label: 'red, blue', features: [{ name: 'x' }] });
    expect(data.notes![0]).toMatch(/the label is red, blue: any number of classes at once/);
    const other = await read(COLUMNS, 'label=blue,red&drop=tags');
    expect(other.flags).toEqual(swapped(FLAGS));
  });

  it('are lists in one column, with names in their order, and none where nothing stands', async () => {
    const { data, label, flags } = await read(COLUMNS, 'label=tags&separator=pipe&features=x');
    expect(label).toEqual({ kind: 'multilabel', classes: 2, names: ['blue', 'red'] });
    expect(flags).toEqual(swapped(FLAGS));
    expect(data.columns).toMatchObject({ label: 'tags', separator: '|' });
    const blank = await read('x,y\n1,b a\n2,a\n', 'label=y&separator=%20');
    expect(blank.flags).toEqual([1, 1, 1, 0]);
  });

  it('are lists of JSON, of texts or of whole numbers', async () => {
    const lines = '{"x":1,"y":["red"]}\n{"x":2,"y":["blue","red"]}\n{"x":3,"y":[]}\n{"x":4,"y":["blue"]}\n';
    const { label, flags } = await read(lines, 'label=y&task=multilabel', 'tags.jsonl');
    expect(label).toMatchObject({ names: ['blue', 'red'] });
    expect(flags).toEqual(swapped(FLAGS));
    const numbers = await read('{"x":1,"y":[10,9]}\n{"x":2,"y":[9]}\n', 'label=y&task=multilabel', 'n.jsonl');
    expect(numbers.label).toMatchObject({ names: ['9', '10'] });
    expect(numbers.flags).toEqual([1, 1, 1, 0]);
  });

  it('count by weights, and without rows that lack a label where that is asked for', async () => {
    const text = 'x,a,b,w\n1,1,0,2\n2,,1,3\n3,1,1,4\n';
    const { data, flags } = await read(text, 'label=a,b&weight=w&missing=drop');
    expect(flags).toEqual([1, 0, 1, 1]);
    expect(Array.from(data.train.weight!)).toEqual([2, 4]);
  });

  it("are matched by name for a model that is trained, whatever the file's order", async () => {
    const { data } = await read(COLUMNS, 'label=red,blue&drop=tags');
    const { x, y, label, columns, normalisation } = data;
    const trained = { x, y, label, normalisation, columns: columns! };
    const file = fileOf('blue,x,red\n1,1,0\n0,2,1\n');
    const own = await openData(`${file}?testfile=${file}`, { trained });
    expect(Array.from(own.train.y)).toEqual([0, 1, 1, 0]);
    expect(await refusalOf(openData(fileOf('blue,x\n1,1\n0,2\n'), { trained }))).toMatch(/no column red/);

    const lists = (await read(COLUMNS, 'label=tags&separator=|&features=x')).data;
    const other = fileOf('tags,x\nred|green,1\nred,2\n');
    const byList = await openData(`${other}?testfile=${other}`, {
      trained: { ...trained, label: lists.label, columns: lists.columns! },
    });
    expect(Array.from(byList.train.y)).toEqual([0, 1]);
    expect(byList.unknownClasses?.train).toEqual([{ name: 'green', records: 1 }]);
  });

  it.each<[string, string, RegExp, string?]>([
    ['x,a,b\n1,1,0\n2,2,1\n', 'label=a,b', /line 3, column a: 2 is neither 0 nor 1, as label=a, b needs it/],
    ['x,a,b\n1,1,0\n2,yes,1\n', 'label=a,b', /line 3, column a: 'yes' is neither 0 nor 1/],
    ['x,a,b\n1,1,0\n2,,1\n', 'label=a,b', /line 3, column a: the label is missing \(''\): missing=drop/],
    [
      'x,t\n1,a|b\n2,NA\n',
      'label=t&separator=|',
      /the label is missing \('NA'\).*an empty list has no class/,
    ],
    ['x,t\n1,a|b\n2,a||b\n', 'label=t&separator=|', /'a\|\|b' has a class without a name/],
    ['x,t\n1,a|b\n2,a|a\n', 'label=t&separator=|', /class 'a' stands twice in the list/],
    ['x,t\n1,a\n2,\n', 'label=t&separator=|', /only one value \(a\): nothing to tell apart/],
    ['x,t\n1,a\n2,b\n', 'label=t&task=multilabel', /separator=pipe says what stands between the classes/],
    [
      'x,a,b\n1,1,0\n',
      'label=a,b&task=regression',
      /label names 2 columns; task=multilabel takes any number/,
    ],
    ['x,a,b\n1,1,0\n', 'label=a,b&separator=|', /separator is for one column of lists/],
    ['x,a,b\n1,1,0\n', 'label=a,c', /has no column c/],
    ['x,t\n1,a\n', 'label=t&separator=ab', /separator must be comma, semicolon, tab, pipe, or one character/],
    ['{"x":1,"y":[0,0,1]}\n', 'label=y&task=multilabel', /class '0' stands twice in the list/, 'f.jsonl'],
    [
      '{"x":1,"y":[0.5]}\n',
      'label=y&task=multilabel',
      /0.5 in a list of classes: names of classes/,
      'g.jsonl',
    ],
  ])('%j with %s are refused', async (text, options, message, name) => {
    expect(await refused(text, options, name)).toMatch(message);
  });
});

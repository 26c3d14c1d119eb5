/** Tables with a column of texts: how it is cut into tokens, the vocabulary, and what is refused. */
import { describe, expect, it } from 'vitest';
import { tableFiles } from '../../../../../../test/support/files/csv-files.js';
import { refusalOf } from '../../../../../../test/support/refusal.js';
import { openData } from '../../sources.js';
import { tokensOfList } from '../values/list-of-tokens.js';
import { Fault } from '../values/value-column.js';
import { tokensOf, vocabularyOf } from './tokenize.js';

const fileOf = tableFiles();
let files = 0;

const ROWS = ['a b b c,x', '"d, a",y', 'B a,x', 'b,y'];

async function read(rows: readonly string[] = ROWS, options = '', reader = {}) {
  const train = fileOf(['text,mood', ...rows].join('\n'), `train${files++}.csv`);
  const test = fileOf('mood,text\ny,a new b\n', `test${files++}.csv`);
  return openData(`csv:${train}?text=text&label=mood&testfile=${test}${options}`, reader);
}

const recordsOf = ({ train, x }: Awaited<ReturnType<typeof read>>, part = train) =>
  Array.from({ length: part.count }, (_, i) => [...part.x.subarray(i * x.shape[0]!, (i + 1) * x.shape[0]!)]);

describe('a column of texts', () => {
  it('becomes numbers of words by the vocabulary of the training rows, shortest text first', async () => {
    const data = await read();
    expect(data.tokens).toEqual({
      unit: 'words',
      vocabulary: ['b', 'a', ',', 'c', 'd'],
      buckets: [2, 3, 4],
      columns: { named: true, text: 'text', label: 'mood' },
    });
    expect(recordsOf(data)).toEqual([
      [2, 0, 0, 0],
      [2, 3, 0, 0],
      [6, 4, 3, 0],
      [3, 2, 2, 5],
    ]);
    const { label, train } = data;
    expect(label).toEqual({ kind: 'class', classes: 2, names: ['x', 'y'] });
    expect([...train.y]).toEqual([1, 0, 1, 0]);
    // `new` is in the test row alone: it is unknown.
    expect(recordsOf(data, data.test)).toEqual([[3, 1, 2, 0]]);
    expect(data.notes!.join('\n')).toContain('33.3 % of the test texts are not among them');
  });

  it('keeps the most frequent words alone, and cuts long texts, which it tells', async () => {
    const data = await read(ROWS, '&vocabulary=2&max-length=3');
    expect(data.tokens!.vocabulary).toEqual(['b', 'a']);
    expect(recordsOf(data)).toEqual([
      [2, 0, 0],
      [2, 3, 0],
      [1, 1, 3],
      [3, 2, 2],
    ]);
    expect(data.warnings!.join('\n')).toContain('1 of 4 training texts are longer than 3 tokens');
  });

  it('gives the same records, padded further, and the same buckets for a greater length', async () => {
    const [short, long] = [await read(), await read(ROWS, '', { maxLength: 9 })];
    expect(long.x.shape).toEqual([9]);
    expect(recordsOf(long).map((record) => record.slice(0, 4))).toEqual(recordsOf(short));
    expect(recordsOf(long).every((record) => record.slice(4).every((token) => token === 0))).toBe(true);
    expect(long.tokens!.buckets).toEqual([...short.tokens!.buckets, 9]);
  });

  it('is read by the vocabulary of the model that it is read for, and by its names of columns', async () => {
    const { x, y, label, tokens, normalisation } = await read();
    const trained = { x, y, label, tokens: tokens!, normalisation };
    const file = fileOf('id,mood,text\n1,y,a z\n', `other${files++}.csv`);
    const other = await openData(`csv:${file}`, { trained });
    expect(other.tokens).toEqual(tokens);
    expect(recordsOf(other, other.test)).toEqual([[3, 1, 0, 0]]);
    expect([...other.test.y]).toEqual([1]);
  });

  it('may be numbers to predict, and have weights', async () => {
    const rows = ['a b c,1', 'a,3'].map((row) => `${row},2.5`);
    const file = fileOf(['t,v,w', ...rows].join('\n'), `values${files++}.csv`);
    const data = await openData(`csv:${file}?text=t&label=v&weight=w&task=regression&testfile=${file}`);
    expect(data.label).toEqual({ kind: 'value', scaling: { mean: 2, std: 1 } });
    expect([[...data.train.y], [...data.train.weight!]]).toEqual([
      [1, -1],
      [2.5, 2.5],
    ]);
  });

  it('may be a list of tokens a row, in JSON Lines, of any length', async () => {
    const lines = [
      { words: ['New York', 'x'], y: 1, other: {} },
      { words: ['x'], y: 0, other: {} },
      { words: [7, 'x', 'x'], y: 0, other: {} },
    ];
    const file = fileOf(lines.map((line) => JSON.stringify(line)).join('\n'), `lists${files++}.jsonl`);
    const data = await openData(`jsonl:${file}?text=words&label=y&testfile=${file}`);
    expect(data.tokens!.vocabulary).toEqual(['x', '7', 'New York']);
    expect(recordsOf(data)).toEqual([
      [2, 0, 0],
      [4, 2, 0],
      [3, 2, 2],
    ]);
  });
});

describe('refused is', () => {
  it.each<[string, Promise<unknown> | (() => Promise<unknown>), string]>([
    [
      'an option without texts',
      () => openData(`csv:${fileOf('a,y\n1,0\n')}?vocabulary=3`),
      'option vocabulary is for texts',
    ],
    [
      'an option for numbers',
      () => read(ROWS, '&categories=onehot'),
      'option categories is for columns of numbers',
    ],
    [
      'a text that is missing',
      () => read(['a,x', ',y']),
      "line 3, column text: '' has no words: leave the row out (missing=text:drop)",
    ],
    ['a text without words', () => read(['a,x', '" ",y']), 'has no words'],
    [
      'the label as text',
      () => read(ROWS, '').then(() => openData(`csv:${fileOf('t,y\na,b\n', 'same.csv')}?text=t&label=t`)),
      't has the texts and cannot be the label too',
    ],
    [
      'a column that is not there',
      () => openData(`csv:${fileOf('t,y\na,b\n', 'none.csv')}?text=z&label=y`),
      'has no column z (option text)',
    ],
    [
      'two lengths',
      () => read(ROWS, '&max-length=3', { maxLength: 4 }),
      '--max-length 4 and --data option max-length=3 differ',
    ],
  ])('%s', async (_, open, expected) => {
    expect(await refusalOf(typeof open === 'function' ? open() : open)).toContain(expected);
  });

  it('a list of lists, by its line', async () => {
    const file = fileOf('{"w":["a"],"y":1}\n{"w":[["a"]],"y":0}\n', `deep${files++}.jsonl`);
    expect(await refusalOf(openData(`jsonl:${file}?text=w&label=y`))).toContain(
      'line 2, column w: a list of other things than texts and numbers',
    );
  });
});

describe('tokens', () => {
  it('are words in lower case, with their apostrophes, and each mark', () => {
    expect(tokensOf("It isn't GOOD, at all!? Äpfel 3.5", 'words')).toEqual([
      ...['it', "isn't", 'good', ',', 'at', 'all', '!', '?', 'äpfel', '3', '.', '5'],
    ]);
  });

  it('are characters as they are, or the items of a list', () => {
    expect(tokensOf('aB 😀', 'characters')).toEqual(['a', 'B', ' ', '😀']);
    expect(tokensOf(tokensOfList(['a b', '', 3]) as string, 'words')).toEqual(['a b', '', '3']);
    expect([tokensOfList([null]), tokensOfList([{}])]).toEqual([expect.any(Fault), expect.any(Fault)]);
  });

  it('have an order that no order of texts changes', () => {
    expect(vocabularyOf([['b', 'a'], ['c']], 9)).toEqual(vocabularyOf([['c'], ['a', 'b']], 9));
  });
});

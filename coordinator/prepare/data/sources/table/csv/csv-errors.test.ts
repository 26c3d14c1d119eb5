import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../../../test/support/files/temporary-folder.js';
import { refusalOf } from '../../../../../../test/support/refusal.js';
import { openData } from '../../sources.js';

const root = temporaryFolder();
let files = 0;

function fileOf(text: string): string {
  const path = join(root, `${files++}.csv`);
  writeFileSync(path, text);
  return path;
}

describe('csv refuses', () => {
  const refused = (text: string, options = '') => {
    const file = fileOf(text);
    return { file, message: refusalOf(openData(`csv:${file}${options}`)) };
  };

  it('a row with another number of fields, naming file and line', async () => {
    const { file, message } = refused('1,2,0\n\n3,4,1\n5,6\n7,8,0\n');
    expect(await message).toContain(`${file}, line 4: 2 fields, the first row has 3`);
  });

  it('a feature that is not a number, naming file, line and column', async () => {
    const named = refused('a,b,label\n1,2,0\n3,many,1\n');
    expect(await named.message).toBe(
      `${named.file}, line 3, column b: 'many' is not a number (drop=b leaves the column out)`,
    );
    const nameless = refused('1,2,0\n3,,1\n5,6,1\n');
    expect(await nameless.message).toContain(`${nameless.file}, line 2, column 1: '' is not a number`);
  });

  it.each(['?', 'NA', 'nan'])(
    'a missing value (%s) in the first row, which is no header for that',
    async (mark) => {
      const { file, message } = refused(`1,${mark},0\n3,4,1\n5,6,1\n`);
      expect(await message).toContain(`${file}, line 1, column 1: '${mark}' is not a number`);
    },
  );

  it('a value to predict that is not a number', async () => {
    const { file, message } = refused('1,2\n3,x\n5,6\n', '?task=regression');
    expect(await message).toContain(`${file}, line 2, column 1: 'x' is not a number`);
  });

  it('a number that is none in the file of the test set, naming that file', async () => {
    const test = fileOf('1,0\n2,1\n?,1\n');
    const { message } = refused('1,0\n2,1\n', `?testfile=${test}`);
    expect(await message).toContain(`${test}, line 3, column 0: '?' is not a number`);
  });

  it('a test file of another width', async () => {
    const test = fileOf('1,2,0\n');
    const { file, message } = refused('1,0\n2,1\n', `?testfile=${test}`);
    expect(await message).toBe(`${test} has 3 columns, ${file} 2`);
  });

  it('an unknown column, telling the known ones', async () => {
    const named = refused('a,b,label\n1,2,0\n3,4,1\n', '?label=target');
    expect(await named.message).toContain(
      `${named.file} has no column target (option label); columns are a, b, label`,
    );
    const nameless = refused('1,2,0\n3,4,1\n', '?drop=3');
    expect(await nameless.message).toContain(
      `${nameless.file} has no column 3 (option drop); without a header, give a number from 0 to 2`,
    );
  });

  it.each([
    ['', '', 'holds no rows'],
    ['a,b,label\n', '?header=true', 'holds a header and no rows'],
    ['a,b,label\n', '?label=label', 'holds a header and no rows'],
    ['a,label\nNA,0\nNA,1\n', '?missing=drop', 'every row lacks a value, so missing=drop leaves none'],
    [
      'a,b,\n1,x,\n2,y,\n',
      '?label=b',
      "line 2, column 2: '' is not a number (missing=drop leaves such rows out; drop=2 ",
    ],
    [
      'a label\n1 x\n2 y\n',
      '?label=label',
      'it has only one column (delimiter comma, no header; delimiter=NAME gives another)',
    ],
    ['sep=;\na;label\n1;x\n', '?label=label&delimiter=comma', 'it has only one column (delimiter comma'],
    ['1\n2\n', '', 'has no columns beside the label'],
    ['1,2,0\n3,4,1\n', '?drop=0,1', 'has no columns beside the label'],
    ['1,0\n2,0\n', '', 'the label has only one value (0)'],
    ['1,0\n', '?task=regression', 'the train set has no records'],
    ['a,0\n1,"0\n2,1\n', '', 'line 2: a quotation mark opens a field that never ends'],
    ['a,label\n1,x\n2,3" pipe\n', '', 'line 3: a quotation mark in the middle of a field'],
    ['a,label\n1,x\n2,"3" pipe\n', '', 'line 3: a quotation mark in the middle of a field'],
    ['{"a":1,"label":"x"}\n', '', 'line 1: a quotation mark in the middle of a field (or no table'],
  ])('%j%s', async (text, options, expected) => {
    expect(await refused(text, options).message).toContain(expected);
  });

  it.each(['0', '1', '-0.2', 'half', ''])('test=%s', async (share) => {
    expect(await refused('1,0\n2,1\n3,0\n', `?test=${share}`).message).toContain('above 0 and below 1');
  });

  it('an unknown task', async () => {
    expect(await refused('1,0\n2,1\n3,0\n', '?task=ranking').message).toContain(
      'must be classification, regression or multilabel, not ranking',
    );
  });

  it('a missing file, and no file at all', async () => {
    const file = join(root, 'nowhere.csv');
    expect(await refusalOf(openData(`csv:${file}`))).toBe(`${file} is missing: check the path of --data`);
    expect(await refusalOf(openData('csv?label=x'))).toContain('csv:FILE?label=COLUMN');
  });
});

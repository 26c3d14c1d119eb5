/** Pictures whose classes stand in metadata files, as Hugging Face's `datasets` reads them: fixtures/make-imagefolder.py. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import {
  openPictures,
  picture,
  picturesIn,
  several,
} from '../../../../../../test/support/files/picture-files.js';
import { temporaryFolder } from '../../../../../../test/support/files/temporary-folder.js';
import { refusalOf } from '../../../../../../test/support/refusal.js';
import type { DataSet, Records } from '../../../source.js';
import { openData } from '../../sources.js';

const fixtures = join(dirname(fileURLToPath(import.meta.url)), 'fixtures');
type Rows = { label: string | string[]; pixels: number[] }[];
const expected: Record<'csv' | 'jsonl', Record<'train' | 'test', Rows>> = JSON.parse(
  readFileSync(join(fixtures, 'imagefolder.json'), 'utf8'),
);

/** Pixels and names of classes of each record, whatever their order. */
function recordsOf({ label }: DataSet, { count, x, y }: Records): string[] {
  const names = label.kind === 'value' ? [] : label.names!;
  const [pixels, flags] = [x.length / count, y.length / count];
  return Array.from({ length: count }, (_, record) => {
    const own = Array.from(y.subarray(record * flags, (record + 1) * flags));
    const classes = label.kind === 'class' ? names[own[0]!]! : names.filter((_, at) => own[at] === 1).sort();
    return JSON.stringify([classes, Array.from(x.subarray(record * pixels, (record + 1) * pixels))]);
  }).sort();
}

const root = temporaryFolder();
const folderOf = picturesIn(root);

async function withMetadata(text: string, options = '', name = 'metadata.csv') {
  const dir = await folderOf({
    ...{ 'a.png': [1, 2, 3], 'b.png': [4, 5, 6], 'more/c.png': [7, 8, 9] },
    ...{ 'd.png': [1, 1, 1], 'e.png': [2, 2, 2] },
  });
  writeFileSync(join(dir, name), text);
  return openPictures(`${dir}${options}`);
}

describe('pictures with metadata', () => {
  it.each([
    ['csv', '', 'class', ['ant, red', 'cat', 'dog']],
    ['jsonl', '?task=multilabel', 'multilabel', ['boat', 'sea', 'snow']],
  ] as const)(
    "have the classes and pixels of Hugging Face's loader: %s",
    async (ending, options, kind, names) => {
      const data = await openData(`images:${join(fixtures, 'imagefolder', ending)}${options}`);
      expect(data.label).toEqual({ kind, classes: names.length, names });
      for (const part of ['train', 'test'] as const)
        expect(recordsOf(data, data[part])).toEqual(
          expected[ending][part]
            .map(({ label, pixels }) =>
              JSON.stringify([typeof label === 'string' ? label : [...label].sort(), pixels]),
            )
            .sort(),
        );
      expect(data.parts!.test).toMatch(/all 2 pictures of .*\/test/);
    },
  );

  it('are drawn where folders name no part, and told where they have no row', async () => {
    const data = await withMetadata(
      'file_name,kind,by\n./a.png,x,me\nmore/c.png,y,me\nd.png,x,me\ne.png,y,me\n',
      '?label=kind&test=0.5',
    );
    expect([data.train.count, data.test.count]).toEqual([2, 2]);
    expect(data.label).toMatchObject({ names: ['x', 'y'] });
    expect(data.warnings).toContainEqual('left out 1 pictures without a row of metadata: b.png');
    const flags = await withMetadata('file_name,u,v\na.png,1,1\nb.png,0,0\nmore/c.png,0,1\n', '?label=v,u');
    expect(flags.label).toEqual({ kind: 'multilabel', classes: 2, names: ['v', 'u'] });
    expect(flags.train.count + flags.test.count).toBe(3);
  });

  it('lie in archives too, and metadata of other things leave folders their classes', async () => {
    const files = Object.fromEntries(
      await Promise.all([1, 2, 3, 4].map(async (i) => [`d/${i}.png`, await picture([i, i, i])] as const)),
    );
    const zip = join(root, 'set.zip');
    const metadata = Buffer.from('file_name,label\n1.png,u\n2.png,v\n3.png,u\n4.png,v\n');
    writeFileSync(zip, zipSync({ ...files, 'd/metadata.csv': metadata }));
    expect((await openPictures(`${zip}?test=0.5`)).label).toMatchObject({ names: ['u', 'v'] });
    const dir = await folderOf({ ...several('u', 2), ...several('v', 2) });
    writeFileSync(join(dir, 'metadata.csv'), 'author,year\nme,2026\n');
    expect((await openPictures(`${dir}?test=0.5`)).label).toMatchObject({ names: ['u', 'v'] });
    expect(await refusalOf(openPictures(`${dir}?label=year`))).toMatch(
      /option label: .* has no metadata.csv or metadata.jsonl with a column file_name/,
    );
  });

  it.each([
    ['file_name,label\nz.png,x\n', '', /metadata.csv, line 2: there is no picture z.png: paths of file_name/],
    ['file_name,label\na.png,x\na.png,y\n', '', /line 3: a.png has a row already \(.*line 2\)/],
    ['file_name,label\na.png,\nb.png,y\n', '', /line 2, column label: the label is missing/],
    ['file_name,p,q\na.png,1,2\n', '', /label=COLUMN says which column holds the classes .* there are p, q/],
    ['file_name,label\na.png,x\n', '?label=kind', /has no column kind/],
    ['file_name,u,v\na.png,1,3\n', '?label=u,v', /column v: 3 is neither 0 nor 1/],
    ['file_name,label\na.png,1\nb.png,2\n', '?task=regression', /task must be classification or multilabel/],
  ])('are refused with %j%s', async (text, options, message) => {
    expect(await refusalOf(withMetadata(text, options))).toMatch(message);
  });
});

import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../../../../../test/support/refusal.js';
import { layoutOf } from './layout.js';

const lay = (paths: string[], folders: string[] = []) =>
  layoutOf({ root: 'pets', paths: [...paths].sort(), folders, titleOf: (path) => `pets/${path}` });
const refusal = (paths: string[]) => refusalOf((async () => lay(paths))());

describe('what the paths of pictures say', () => {
  it('takes the first folder for the class, whatever folders are within it', () => {
    const { parts, notes, warnings } = lay(['cat/1.jpg', 'cat/more/2.PNG', 'dog/1.webp']);
    expect(parts).toEqual({
      drawn: [
        { path: 'cat/1.jpg', name: 'cat' },
        { path: 'cat/more/2.PNG', name: 'cat' },
        { path: 'dog/1.webp', name: 'dog' },
      ],
    });
    expect([...notes, ...warnings]).toEqual([]);
  });

  it.each([
    ['val', 'validation'],
    ['Valid', 'validation'],
    ['validation', 'validation'],
    ['TEST', 'test'],
  ])('takes train and %s for parts', (folder, part) => {
    const { parts } = lay(['train/cat/1.jpg', 'train/dog/2.jpg', `${folder}/cat/3.jpg`]);
    expect(parts).toEqual({
      train: {
        folder: 'train',
        entries: [
          { path: 'train/cat/1.jpg', name: 'cat' },
          { path: 'train/dog/2.jpg', name: 'dog' },
        ],
      },
      [part]: { folder, entries: [{ path: `${folder}/cat/3.jpg`, name: 'cat' }] },
    });
  });

  it('looks through folders that hold everything, as archives have them, and says so', () => {
    const { parts, notes } = lay(['a/b/cat/1.jpg', 'a/b/dog/2.jpg', 'a/README.md']);
    expect(parts).toMatchObject({ drawn: [{ name: 'cat' }, { name: 'dog' }] });
    expect(notes).toEqual([
      'pets: left out 1 file (a/README.md) that the name tells to be no picture',
      'pets: all pictures are within a/b/',
    ]);
    expect(lay(['a/train/cat/1.jpg', 'a/train/dog/2.jpg']).parts).toMatchObject({
      train: { folder: 'train' },
    });
  });

  it('leaves out what systems leave in folders, and tells how much, with some names', () => {
    const litter = [
      '.DS_Store',
      '__MACOSX/cat/._1.jpg',
      'cat/.thumbs/1.jpg',
      'cat/Thumbs.db',
      'dog/desktop.ini',
    ];
    const { parts, notes } = lay([...litter, 'cat/1.jpg', 'dog/2.jpg']);
    expect(parts).toMatchObject({ drawn: [{ path: 'cat/1.jpg' }, { path: 'dog/2.jpg' }] });
    expect(notes).toEqual([
      'pets: left out 5 hidden files (.DS_Store, __MACOSX/cat/._1.jpg, cat/.thumbs/1.jpg, cat/Thumbs.db, and 1 more)',
    ]);
  });

  it('tells of folders without a picture', () => {
    expect(lay(['cat/1.jpg', 'dog/2.jpg'], ['bird', 'cat', 'dog', '__MACOSX']).warnings).toEqual([
      'pets: 1 folder (bird) without any picture',
    ]);
  });

  it('takes the two ways in which Unicode writes an ö for one class', () => {
    const { parts } = lay(['L\u00f6we/1.jpg', 'Lo\u0308we/2.jpg']);
    expect(parts).toMatchObject({ drawn: [{ name: 'L\u00f6we' }, { name: 'L\u00f6we' }] });
  });

  it('takes train for a class where its pictures lie beside those of other vehicles', () => {
    expect(lay(['car/1.jpg', 'train/2.jpg']).parts).toMatchObject({
      drawn: [{ name: 'car' }, { name: 'train' }],
    });
  });

  it.each<[string, string[], string]>([
    ['no pictures', ['cat/readme.txt'], 'pets holds no pictures'],
    ['pictures without a class', ['cat/1.jpg', '2.jpg'], "pets/2.jpg is in no class's folder"],
    [
      'parts without classes',
      ['train/1.jpg', 'test/2.jpg'],
      "is in no class's folder: pictures of a part lie in",
    ],
    [
      'parts beside classes',
      ['train/cat/1.jpg', 'test/cat/2.jpg', 'extra/3.jpg'],
      'pets holds test, train, which are parts of a data set, beside 1 other folder (extra): keep only parts there',
    ],
    [
      'one part under two names',
      ['val/a/1.jpg', 'valid/a/2.jpg'],
      'pets holds val and valid, which are one part',
    ],
  ])('refuses %s', async (_, paths, message) => {
    expect(await refusal(paths)).toContain(message);
  });
});

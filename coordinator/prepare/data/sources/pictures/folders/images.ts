/**
 * `images:DIR` and `images:FILE.zip`: pictures in folders, one folder a class (`CLASS/x.jpg`, or `train/CLASS/x.jpg`
 * and `test/CLASS/x.jpg`), or with their classes in `metadata.csv` or `metadata.jsonl`. docs/data.md tells the options, and what is done to a picture.
 */
import { UserError } from '../../../../../../shared/user-error.js';
import type { DataSource } from '../../../source.js';
import { dataOfPictures, PICTURE_OPTIONS } from '../images/data-set.js';
import { layoutOf } from '../images/layout.js';
import { openTree } from '../images/tree.js';
import { layoutOfMetadata, METADATA_OPTIONS } from './metadata.js';

export const images: DataSource = {
  scheme: 'images',
  usage: 'images:DIR?size=64x64',
  endings: ['.zip'],
  options: [...PICTURE_OPTIONS, ...METADATA_OPTIONS],
  async open(root, options, reader) {
    if (root === '') throw new UserError('--data images needs a folder or a ZIP archive: images:DIR', 2);
    const tree = await openTree(root);
    const told = await layoutOfMetadata(tree, options, reader);
    const unheeded = METADATA_OPTIONS.find((name) => options.get(name) !== undefined);
    if (!told && unheeded)
      throw new UserError(
        `--data option ${unheeded}: ${root} has no metadata.csv or metadata.jsonl with a column file_name, and folders name the classes`,
        2,
      );
    const layout = told ?? layoutOf(tree);
    return dataOfPictures({ name: `images:${root}`, tree, layout }, options, reader);
  },
};

import { expect, it } from 'vitest';
import { picturesIn, several } from '../../test/support/files/picture-files.js';
import { temporaryFolder } from '../../test/support/files/temporary-folder.js';
import { refusalOf } from '../../test/support/refusal.js';
import { buildData } from './build-data.js';

const root = temporaryFolder();

it('a validation set of its own is refused, since a built set would lose it', async () => {
  const dir = await picturesIn(root)({
    ...several('train/a', 2),
    ...several('train/b', 2),
    ...several('val/a', 1),
    ...several('test/b', 1),
  });
  expect(
    await refusalOf(buildData({ spec: `images:${dir}`, to: `${root}/built` }, () => undefined)),
  ).toContain('has a validation set of its own (1 records), which a built set cannot hold');
});

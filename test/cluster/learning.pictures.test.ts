/** A folder of pictures, from the files to the scores of the trained model. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { summaryOf, swarmgrad, temporaryFolder } from '../support/cluster/cluster.js';
import { type Color, picturesIn } from '../support/files/picture-files.js';

/** Shades of one color. */
const shades = (name: string, count: number, [r, g, b]: Color) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`${name}/${i}.png`, [r + i, g + i, b + i] as Color]),
  );

it('pictures in folders train a model that tells others of the same classes, by name', async () => {
  const folder = await temporaryFolder();
  const folderOf = picturesIn(folder);
  const [red, blue]: Color[] = [
    [180, 10, 10],
    [10, 10, 180],
  ];
  const dir = await folderOf({ ...shades('blue', 20, blue!), ...shades('red', 20, red!) });
  const runDir = join(folder, 'run');
  const data = `images:${dir}?size=6x6&test=0.25`;
  const run = ['--data', data, '--model', 'linear', '--epochs', '4', '--batch-size', '10', '--lr', '0.01'];
  const program = swarmgrad(
    ...['start', ...run, '--port', '0', '--local-engine', 'eager/cpu', '--run-dir', runDir, '--no-linger'],
  );
  expect(await program.ended).toBe(0);
  expect(program.stderr).toContain('reading pictures: 0 of 40');
  expect((await summaryOf(runDir)).test!.accuracy).toBe(1);
  const { userDefinedMetadata } = JSON.parse(await readFile(join(runDir, 'model/model.json'), 'utf8'));
  expect(JSON.stringify(userDefinedMetadata)).toContain('["blue","red"]');

  // Of another size, in another order, with a class that the model does not know.
  const other = await folderOf({
    ...shades('test/red', 3, red!),
    ...shades('test/blue', 2, blue!),
    ...shades('test/green', 1, [0, 99, 0]),
  });
  const evaluated = swarmgrad('evaluate', runDir, '--data', `images:${other}`, '--json');
  expect(await evaluated.ended).toBe(0);
  const { accuracy, confusion, unknownClasses } = JSON.parse(evaluated.stdout);
  expect({ accuracy, confusion }).toEqual({
    accuracy: 1,
    confusion: [
      [2, 0],
      [0, 3],
    ],
  });
  expect(unknownClasses).toEqual([{ name: 'green', records: 1 }]);
});

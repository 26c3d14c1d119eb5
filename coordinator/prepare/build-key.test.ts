import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CODE_FILE } from '../../engine/node/built-program.js';
import { temporaryFolder } from '../../test/support/files/temporary-folder.js';
import { codeHash } from './build-key.js';

it('the code is told by its files, and in a program that was built by what was written down with it', () => {
  const root = temporaryFolder();
  for (const folder of ['coordinator/prepare/model', 'engine/eager', 'shared', 'cli'])
    mkdirSync(join(root, folder), { recursive: true });
  const hashes = [codeHash(root)];
  const write = (path: string, text: string) => {
    writeFileSync(join(root, path), text);
    hashes.push(codeHash(root));
    return hashes.at(-1) !== hashes.at(-2);
  };
  expect(write('engine/eager/engine.ts', 'one')).toBe(true);
  expect(write('engine/eager/engine.ts', 'two')).toBe(true);
  expect(write('shared/of-a-build.js', 'one')).toBe(true);
  for (const path of ['engine/eager/engine.test.ts', 'shared/of-a-build.d.ts', 'cli/start.ts'])
    expect(write(path, 'nothing that builds')).toBe(false);
  writeFileSync(join(root, CODE_FILE), 'written down');
  expect(write('engine/eager/engine.ts', 'three')).toBe(true);
  expect(codeHash(root)).toBe('written down');
  rmSync(join(root, CODE_FILE));
  expect(hashes).not.toContain(codeHash(root));
});

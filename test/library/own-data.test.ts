import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/cluster/cluster.js';
import { example } from './own-data.js';

it("the example of docs/library.md trains on the program's own data", async () => {
  expect(await example(join(await temporaryFolder(), 'run'))).toBeGreaterThan(0.9);
});

it('docs/library.md shows it as it is', async () => {
  const read = (path: string) => readFile(fileURLToPath(new URL(path, import.meta.url)), 'utf8');
  const [, body] = /(\/\*\* Points[\s\S]*)/.exec(await read('./own-data.ts'))!;
  expect(await read('../../docs/library.md')).toContain(body!.trimEnd());
});

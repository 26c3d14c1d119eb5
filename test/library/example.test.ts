import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, vi } from 'vitest';
import { temporaryFolder } from '../support/cluster/cluster.js';
import { example } from './example.js';

it('the example of the README trains a model', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  expect(await example(join(await temporaryFolder(), 'run'))).toBeGreaterThan(0.8);
  expect(log.mock.calls.flat().some((text) => /joined/.test(text))).toBe(true);
  log.mockRestore();
});

it('the README shows it as it is', async () => {
  const read = (path: string) => readFile(fileURLToPath(new URL(path, import.meta.url)), 'utf8');
  const [, body] = /(export async function[\s\S]*)/.exec(await read('./example.ts'))!;
  const shown = body!
    .split('\n')
    .slice(1, -2)
    .map((line) => line.replace(/^ {2}/, ''))
    .join('\n');
  expect(await read('../../README.md')).toContain(shown.replace(/\nreturn .*$/, ''));
});

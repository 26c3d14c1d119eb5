import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { builtFolder, CODE_FILE } from './built-program.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'swarmgrad-built-'));
  for (const folder of ['dist/engine/node', 'dist/chunks', 'engine/node'])
    mkdirSync(join(root, folder), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

it.each([
  'dist/engine/node/thread.js',
  'dist/chunks/chunk-1.js',
  'dist/index.js',
  'engine/node/thread.ts',
  'index.ts',
])('the program that %s belongs to is found, once it is built', (file) => {
  expect(builtFolder(join(root, file))).toBeUndefined();
  writeFileSync(join(root, 'dist', CODE_FILE), '');
  expect(builtFolder(join(root, file))).toBe(join(root, 'dist'));
});

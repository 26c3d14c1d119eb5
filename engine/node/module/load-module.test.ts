import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/support/files/temporary-folder.js';
import { refusalOf } from '../../../test/support/refusal.js';
import { identifyModule, loadModule, sameModule } from './load-module.js';

const root = temporaryFolder();
function fileOf(name: string, text: string): string {
  const path = join(root, name);
  writeFileSync(path, text);
  return path;
}

describe("a model's module", () => {
  it('is known by the SHA-256 of its bytes, and what it exports is had', async () => {
    const text =
      "import { inspect } from 'node:util';\nexport const parameters = { seen: inspect(1) };\nexport const forward = () => 0;\n";
    const path = fileOf('good.mjs', text);
    const { module, parameters } = await loadModule(path, '--model');
    expect(module).toEqual({ name: 'good.mjs', sha256: createHash('sha256').update(text).digest('hex') });
    expect(parameters).toEqual({ seen: '1' });
    expect(sameModule(module, path, '--model')).toBe(path);
  });

  it.each([
    ['another file', "import './good.mjs'; export const forward = () => 0;"],
    ['a package', "import 'fflate'; export const forward = () => 0;"],
  ])('that imports %s is refused, since that would be compared with nothing', async (_what, text) => {
    const path = fileOf('imports.mjs', text);
    expect(await refusalOf(loadModule(path, '--model'))).toMatch(
      /^--model .*imports\.mjs imports another file \(a model is one file, .*tf is handed to it/,
    );
  });

  it('that is missing, throws or has no forward is refused by its name', async () => {
    expect(await refusalOf(loadModule('none.mjs', '--model-file'))).toBe(
      '--model-file none.mjs: no such file',
    );
    const throws = fileOf('throws.mjs', "throw new Error('not today')");
    expect(await refusalOf(loadModule(throws, '--model'))).toMatch(
      /throws\.mjs has thrown: not today \(--verbose/,
    );
    const empty = fileOf('empty.mjs', 'export const parameters = {};');
    expect(await refusalOf(loadModule(empty, '--model'))).toMatch(
      /empty\.mjs exports no function forward: export/,
    );
  });

  it('that has changed since the run began is refused with both hashes', () => {
    const before = identifyModule(fileOf('changes.mjs', 'export const forward = () => 1;'), '--model');
    const path = fileOf('changes.mjs', 'export const forward = () => 2;');
    const now = identifyModule(path, '--model');
    expect(() => sameModule(before, path, '--model')).toThrow(
      `its SHA-256 is ${now.sha256}, that of the model's changes.mjs is ${before.sha256}; give the file`,
    );
    expect(() => sameModule(before, undefined, '--model-file')).toThrow(
      '--model-file changes.mjs is missing',
    );
  });
});

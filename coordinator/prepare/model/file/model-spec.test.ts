import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../test/support/files/temporary-folder.js';
import { modelFrom } from './model-spec.js';

const root = temporaryFolder();
let folders = 0;

function folderWith(...files: string[]): string {
  const dir = join(root, String(folders++));
  for (const file of files) {
    mkdirSync(join(dir, file, '..'), { recursive: true });
    writeFileSync(join(dir, file), '{}');
  }
  return dir;
}

describe('the model that is trained further', () => {
  it('is that of a run which is over', () => {
    const dir = folderWith('config.json', 'model/model.json');
    expect(modelFrom(dir)).toBe(join(dir, 'model', 'model.json'));
  });

  it('is that of an export, or a file', () => {
    const dir = folderWith('model.json');
    expect(modelFrom(dir)).toBe(join(dir, 'model.json'));
    expect(modelFrom(join(dir, 'model.json'))).toBe(join(dir, 'model.json'));
  });

  it('of a run that is not over is to be exported first', () => {
    const dir = folderWith('config.json');
    expect(() => modelFrom(dir)).toThrow(
      `--from ${dir}: the run has no model/ yet, which it gets at its end; \`swarmgrad export ${dir} --to DIR\` writes that of its last checkpoint`,
    );
  });

  it('is missed by the name that was given', () => {
    const nowhere = join(root, 'nowhere');
    expect(() => modelFrom(nowhere)).toThrow(`--from ${nowhere}: there is no model`);
    expect(() => modelFrom(`${nowhere}/model.json`)).toThrow(
      `--from ${nowhere}/model.json: there is no model`,
    );
  });
});

import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../../../shared/user-error.js';
import { temporaryFolder } from '../../../../../test/support/files/temporary-folder.js';
import { refusalOf } from '../../../../../test/support/refusal.js';
import { absoluteData, openData } from '../../sources/sources.js';

const root = temporaryFolder();
let files = 0;

function file(code: string): string {
  const path = join(root, `data${files++}.mjs`);
  writeFileSync(path, code);
  return path;
}

const REST = "x: { shape: [1] }, label: { kind: 'class' }, normalize: 'none' });";

describe('a module of data', () => {
  it('is a function of the options, whatever they are called', async () => {
    const path = file(
      `export default async ({ records, first = 0 }) => ({ train: { x: Array.from({ length: +records }, (_, i) => +first + i), y: Array.from({ length: +records }, (_, i) => i % 2) }, test: 0.25, ${REST}`,
    );
    const data = await openData(`${path}?records=4&first=3`);
    expect(data.name).toBe(`module:${path}`);
    expect([...data.train.x, ...data.test.x].sort()).toEqual([3, 4, 5, 6]);
    expect(absoluteData('my.mjs?k=v&z')).toBe(`module:${process.cwd()}/my.mjs?k=v&z=`);
  });

  it('that has changed is read again', async () => {
    const code = (x: number) =>
      `export default () => ({ train: { x: [${x}, ${x}], y: [0, 1] }, test: 0.5, ${REST}`;
    const path = file(code(1));
    expect([...(await openData(path)).train.x]).toEqual([1]);
    writeFileSync(path, code(2));
    utimesSync(path, 1, 1);
    expect([...(await openData(path)).train.x]).toEqual([2]);
  });

  it('is named in every error', async () => {
    const refusal = (code: string) => refusalOf(openData(file(code)));
    expect(await refusal(`export default () => ({ train: { x: [1, 2, 3], y: [0, 1] }, ${REST}`)).toMatch(
      /^data\d+\.mjs: train\.x has 3 values; 2 records of \[1\] need 2$/,
    );
    expect(await refusal('export const data = 1;')).toMatch(
      /data\d+\.mjs must export a function as its default/,
    );
    expect(await refusal('export default () => 5;')).toMatch(/^data\d+\.mjs: data must be an object/);
    expect(await refusalOf(openData('module:none.mjs'))).toBe(
      'none.mjs is missing: check the path of --data',
    );
    expect(await refusalOf(openData('module:'))).toBe('--data module needs a file: module:FILE.mjs');
  });

  it('that throws is told with its own message, and with its own error as the cause', async () => {
    for (const code of [
      'export default () => { throw new RangeError("no such year"); };',
      'throw new RangeError("no such year");',
      `export default () => ({ *train() { throw new RangeError("no such year"); }, ${REST}`,
    ]) {
      const error = await openData(file(code)).catch((error) => error);
      expect(error).toBeInstanceOf(UserError);
      expect(error.message).toMatch(/data\d+\.mjs has thrown: no such year \(--verbose shows where\)$/);
      expect(error.cause.name).toBe('RangeError');
    }
    const syntax = await openData(file('export default (')).catch((error) => error);
    expect(syntax.message).toMatch(/data\d+\.mjs has thrown: /);
  });
});

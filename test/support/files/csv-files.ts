import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.js';

/** Writes tables into a folder of the test, and returns their paths. */
export function tableFiles(): (text: string | Buffer, name?: string) => string {
  const root = temporaryFolder();
  let files = 0;
  return (text, name = `${files++}.csv`) => {
    const path = join(root, name);
    writeFileSync(path, text);
    return path;
  };
}

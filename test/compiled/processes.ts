/** Scripts of this folder in processes of their own. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const TSX = ['--import', import.meta.resolve('tsx')];

export const scriptOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** What the script prints. */
export async function answerOf(script: string, ...flags: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, ...TSX, scriptOf(script)]);
  return stdout;
}

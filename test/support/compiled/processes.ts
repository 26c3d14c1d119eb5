/** Scripts in processes of their own. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const TSX = ['--import', import.meta.resolve('tsx')];

/** What the script prints. */
export async function answerOf(script: URL, ...flags: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, ...TSX, fileURLToPath(script)]);
  return stdout;
}

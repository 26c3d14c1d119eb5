/** What `--model` names: a model of the zoo, or a file. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

export const isModelFile = (spec: string): boolean => spec.endsWith('.json');

/** `spec` with an absolute path: it means the same wherever it is read again. */
export const absoluteModel = (spec: string): string => (isModelFile(spec) ? resolve(spec) : spec);

/** SHA-256 of the file that `spec` names; undefined where it names none, or none that can be read. */
export async function modelFileHash(spec: string): Promise<string | undefined> {
  if (!isModelFile(spec)) return undefined;
  const bytes = await readFile(spec).catch(() => undefined);
  return bytes && createHash('sha256').update(bytes).digest('hex');
}

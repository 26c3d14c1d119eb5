/** What `--model` names: a model of the zoo, or a file. */
import { resolve } from 'node:path';

export const isModelFile = (spec: string): boolean => spec.endsWith('.json');

/** `spec` with an absolute path: it means the same wherever it is read again. */
export const absoluteModel = (spec: string): string => (isModelFile(spec) ? resolve(spec) : spec);

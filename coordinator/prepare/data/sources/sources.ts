/** The data sources by scheme: `--data SCHEME:PATH?OPTION=VALUE&...`. */
import { resolve } from 'node:path';
import { didYouMean } from '../../../../shared/options/closest.js';
import { UserError } from '../../../../shared/user-error.js';
import { checkCounts, checkLabels } from '../labels.js';
import type { DataSet, DataSource, Reader } from '../source.js';
import { type OptionNames, parseSpec, withPaths } from '../spec.js';
import { cifar10 } from './cifar10.js';
import { digits } from './digits.js';
import { idx } from './idx.js';
import { npy, npz } from './npz.js';
import { csv } from './table/csv/csv.js';
import { text } from './text.js';

export const SOURCES: readonly DataSource[] = [digits, idx, cifar10, csv, npz, npy, text];

const sourceOf = (scheme: string): DataSource | undefined =>
  SOURCES.find((source) => source.scheme === scheme);

function optionsOf(scheme: string): OptionNames | undefined {
  const source = sourceOf(scheme);
  return source && { known: source.options, paths: source.pathOptions ?? [] };
}

/** `FILE.csv?label=y` means `csv:FILE.csv?label=y`: the ending of a file names its source. */
function withScheme(spec: string): string {
  if (sourceOf(spec.split(/[:?]/, 1)[0]!)) return spec;
  const path = spec.split('?', 1)[0]!.toLowerCase().replace(/\.gz$/, '');
  const source = SOURCES.find(({ endings = [] }) => endings.some((ending) => path.endsWith(ending)));
  return source ? `${source.scheme}:${spec}` : spec;
}

/** `spec` with its scheme and absolute paths: it means the same wherever it is read again. */
export const absoluteData = (spec: string): string =>
  withPaths(withScheme(spec), optionsOf, (path) => resolve(path));

/** The name of the data set that a spec opens. @throws UserError */
export function dataName(spec: string): string {
  const { scheme, path } = parseSpec(withScheme(spec), optionsOf);
  return path ? `${scheme}:${path}` : scheme;
}

/** @throws UserError */
export async function openData(spec: string, reader: Reader = {}): Promise<DataSet> {
  const { scheme, path, options } = parseSpec(withScheme(spec), optionsOf);
  const source = sourceOf(scheme);
  if (!source) {
    const known = SOURCES.map(({ scheme }) => scheme);
    const meant = didYouMean(scheme, known);
    throw new UserError(
      `--data ${spec}: unknown source ${scheme}; known are ${known.join(', ')} (for example idx:DIR)${meant}`,
      2,
    );
  }
  const data = await source.open(path, options, reader);
  // Of data for a model that is trained already, one part is enough.
  if (!reader.trained) checkCounts(data);
  checkLabels(data);
  return data;
}

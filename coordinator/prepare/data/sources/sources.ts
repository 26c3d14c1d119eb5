/** The data sources by scheme: `--data SCHEME:PATH?OPTION=VALUE&...`. */
import { resolve } from 'node:path';
import { didYouMean } from '../../../../shared/options/closest.js';
import { UserError } from '../../../../shared/user-error.js';
import { ownModule } from '../arrays/own/module.js';
import { isOwnData } from '../arrays/own/own-name.js';
import { built } from '../built/built.js';
import { isAddress, shownAddress } from '../files/address/address.js';
import type { DataSet, DataSource, GivenData, Reader } from '../source.js';
import { type OptionNames, parseSpec, withPaths } from '../spec.js';
import { checkCounts, checkLabels } from './check-labels.js';
import { localCopies, toldByAddress, withAddresses } from './local-copies.js';
import { npy, npz } from './npz.js';
import { cifar10, cifar100 } from './pictures/cifar.js';
import { digits } from './pictures/digits.js';
import { images } from './pictures/folders/images.js';
import { idx } from './pictures/idx.js';
import { csv } from './table/csv/csv.js';
import { jsonl } from './table/jsonl/jsonl.js';
import { parquet } from './table/parquet/parquet.js';
import { text } from './text.js';

export const SOURCES: readonly DataSource[] = [
  digits,
  idx,
  cifar10,
  cifar100,
  images,
  csv,
  jsonl,
  parquet,
  npz,
  npy,
  text,
  ownModule,
  built,
];

const sourceOf = (scheme: string): DataSource | undefined =>
  SOURCES.find((source) => source.scheme === scheme);

function optionsOf(scheme: string): OptionNames | undefined {
  const source = sourceOf(scheme);
  return source && { known: source.options, paths: source.pathOptions ?? [] };
}

/** `FILE.csv?label=y` means `csv:FILE.csv?label=y`: the ending of a file names its source. */
function withScheme(spec: string): string {
  if (isOwnData(spec) || sourceOf(spec.split(/[:?]/, 1)[0]!)) return spec;
  const path = spec.split('?', 1)[0]!.toLowerCase().replace(/\.gz$/, '');
  const source = SOURCES.find(({ endings = [] }) => endings.some((ending) => path.endsWith(ending)));
  return source ? `${source.scheme}:${spec}` : spec;
}

/** `spec` with its scheme and absolute paths: it means the same wherever it is read again. */
export const absoluteData = (spec: string): string =>
  isOwnData(spec)
    ? spec
    : withPaths(withScheme(spec), optionsOf, (path) => (isAddress(path) ? path : resolve(path)));

/** `spec` as people, logs and files may see it: addresses without credentials. */
export const shownData = (spec: string): string =>
  isOwnData(spec)
    ? spec
    : withPaths(withScheme(spec), optionsOf, (path) => (isAddress(path) ? shownAddress(path) : path));

/** The name of the data set that a spec opens. @throws UserError */
export function dataName(spec: string): string {
  const { scheme, path } = parseSpec(withScheme(spec), optionsOf);
  return path ? `${scheme}:${isAddress(path) ? shownAddress(path) : path}` : scheme;
}

/** @throws UserError */
export async function openData(from: string | GivenData, reader: Reader = {}): Promise<DataSet> {
  const data = typeof from === 'string' ? await openSpec(from, reader) : await from.open(reader);
  // Of data for a model that is trained already, one part is enough.
  if (!reader.trained) checkCounts(data);
  // Those of a built set are checked as its chunks are read.
  if (!data.stored) checkLabels(data);
  return data;
}

async function openSpec(spec: string, reader: Reader): Promise<DataSet> {
  const { scheme, path, options } = parseSpec(withScheme(spec), optionsOf);
  const source = sourceOf(scheme);
  if (!source) {
    if (isOwnData(spec))
      throw new UserError(
        `--data ${spec} stands for data that a program has given: only that program can give them again (startCoordinator({ data })); name others by another --data`,
        2,
      );
    if (isAddress(spec))
      throw new UserError(
        `--data ${shownAddress(spec)}: say what lies there, for example csv:${shownAddress(spec)}`,
        2,
      );
    const known = SOURCES.map(({ scheme }) => scheme);
    const meant = didYouMean(scheme, known);
    throw new UserError(
      `--data ${spec}: unknown source ${scheme}; known are ${known.join(', ')} (for example idx:DIR)${meant}`,
      2,
    );
  }
  const local = await localCopies(source, path, options, { tell: reader.preparing });
  const data = await withAddresses(local.told, () => source.open(local.path, local.options, reader));
  return toldByAddress(data, local.told);
}

/**
 * `built:DIR`: what `swarmgrad data build` has written. Records stay in their files: only what a run asks for is read.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkManifest } from '../../../../shared/data/check-manifest.js';
import { AS_IT_IS, type Manifest, type RecordFormat } from '../../../../shared/data/manifest.js';
import { messageOf, UserError } from '../../../../shared/user-error.js';
import type { DataSet, DataSource, Objects, Reader, Records } from '../source.js';
import { ChunkFolder } from './chunk-folder.js';
import { fetchChunks } from './fetch-chunks.js';
import { recordsAt } from './records-at.js';
import { verifyChunks } from './verify.js';
import { type BuiltManifests, MANIFESTS, SEQUENCE } from './write-built.js';

export const built: DataSource = {
  scheme: 'built',
  usage: 'built:DIR',
  options: [],
  async fetchFolder(fetch, dir) {
    await fetch([SEQUENCE], true);
    for (const split of ['train', 'test'] as const) {
      await fetch([MANIFESTS[split]]);
      await fetchChunks(await readManifest(dir, split), dir, fetch);
    }
  },
  async open(dir, _options, reader) {
    if (dir === '') throw new UserError('--data built needs a folder: built:DIR', 2);
    const train = await readManifest(dir, 'train');
    const test = await readManifest(dir, 'test');
    refuseDifferent(dir, { train, test });
    await refuseScales(dir, train, reader);
    reader.preparing?.(`checking the chunks of ${dir}`);
    await verifyChunks(dir, train);
    await verifyChunks(dir, test);
    const known = new Set([...train.chunks, ...test.chunks].map(({ sha256 }) => sha256));
    const objects = new ChunkFolder(dir, known);
    const { x, y, label, named, columns, tokens, normalisation } = train;
    const sequence = await readSequence(dir);
    return {
      name: `built:${dir}`,
      ...{ x, y, label, normalisation },
      ...(named ? { named } : {}),
      ...(columns ? { columns } : {}),
      ...(tokens ? { tokens } : {}),
      ...(sequence ? { sequence } : {}),
      train: recordsOf(train, objects),
      test: recordsOf(test, objects),
      stored: { train, test, objects },
      parts: {
        train: `the ${train.records} training records of ${dir}`,
        test: `the ${test.records} test records of ${dir}`,
      },
      notes: [`${dir} was built from ${train.name}`],
    } satisfies DataSet;
  },
};

async function readManifest(dir: string, split: keyof BuiltManifests): Promise<Manifest> {
  const path = join(dir, MANIFESTS[split]);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is missing' : `: ${messageOf(error)}`;
    throw new UserError(`${path} ${why}: give the folder that swarmgrad data build has written whole`, 2);
  }
  try {
    // As it stands there, so that it has the hash that it had when it was built.
    const manifest: Manifest = JSON.parse(text);
    checkManifest(manifest);
    if (manifest.split === split) return manifest;
    throw new Error(`it is that of the ${manifest.split} set`);
  } catch (error) {
    throw new UserError(`${path} is no manifest of a built set (${messageOf(error)}): build the set again`);
  }
}

/** @returns nothing where records do not follow each other */
async function readSequence(dir: string): Promise<DataSet['sequence']> {
  const path = join(dir, SEQUENCE);
  const text = await readFile(path, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw new UserError(`${path}: ${messageOf(error)}`);
  });
  if (text === undefined) return undefined;
  const { overlap } = /^\{"overlap":(?<overlap>\d{1,9})\}\s*$/.exec(text)?.groups ?? {};
  if (overlap !== undefined) return { overlap: Number(overlap) };
  throw new UserError(`${path} does not say how records overlap: build the set again`);
}

function refuseDifferent(dir: string, { train, test }: BuiltManifests): void {
  if (JSON.stringify(formatOf(train)) === JSON.stringify(formatOf(test))) return;
  throw new UserError(
    `${dir}: ${MANIFESTS.train} and ${MANIFESTS.test} are of different builds: build the set again`,
  );
}

const formatOf = ({ x, y, label, named, columns, tokens, normalisation }: RecordFormat) => [
  x,
  y,
  label,
  named,
  columns,
  tokens,
  normalisation,
];

/**
 * Values were scaled when the set was built: for some models, or by those of the records that a model was trained on,
 * they would have been scaled otherwise.
 * @throws UserError
 */
async function refuseScales(dir: string, set: Manifest, { endsOf, trained }: Reader): Promise<void> {
  const { columns, label, normalisation } = set;
  const scaling = label.kind === 'value' ? label.scaling : undefined;
  const isTargetScaled = scaling !== undefined && !isAsItIs(scaling);
  if (trained) {
    const same = JSON.stringify([columns, scaling]) === JSON.stringify(scalesOf(trained));
    // Of all others, the records hold values as they were.
    if (same || (!columns && label.kind !== 'value')) return;
    throw new UserError(
      `${dir} was built with scales of its own, the model was trained with others: evaluate on the data that it was built from`,
      2,
    );
  }
  const { input, output } = (await endsOf?.(set)) ?? {};
  const areFeaturesScaled =
    columns?.features.some((feature) => !isAsItIs(feature)) ||
    normalisation.scale !== 1 ||
    normalisation.mean.some((mean) => mean !== 0) ||
    normalisation.std.some((std) => std !== 1);
  const remedy = 'build it for the model (swarmgrad data build SPEC --model MODEL --to DIR)';
  if (input && areFeaturesScaled)
    throw new UserError(
      `${dir} holds scaled values, and layer ${input.layer} takes ${input.takes}: ${remedy}`,
      2,
    );
  if (output && isTargetScaled)
    throw new UserError(
      `${dir} holds standardized targets, and layer ${output.layer} ${output.why}: ${remedy}`,
      2,
    );
}

const scalesOf = ({ columns, label }: RecordFormat) => [
  columns,
  label.kind === 'value' ? label.scaling : undefined,
];

const isAsItIs = ({ mean, std }: { mean: number; std: number }): boolean =>
  mean === AS_IT_IS.mean && std === AS_IT_IS.std;

/** Reads all records at once if somebody asks for them so. */
function recordsOf(manifest: Manifest, objects: Objects): Records {
  let all: Omit<Records, 'count'> | undefined;
  const read = () => (all ??= recordsAt(manifest, objects, 0, manifest.records));
  return {
    count: manifest.records,
    get x() {
      return read().x;
    },
    get y() {
      return read().y;
    },
  };
}

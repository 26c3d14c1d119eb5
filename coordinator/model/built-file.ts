/**
 * RUN_DIR/built.jsonl: what took TF.js seconds when the run was started, the admission probe and the model's graphs,
 * so that a coordinator that goes on need not load it. Only a copy: it counts for the same model, data, sizes and
 * code, and if it is whole; otherwise all is built again.
 */
import { createHash, type Hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { ModelDescription } from '../../shared/models/description.js';
import { VERSION } from '../../shared/version.js';
import { atomically } from '../record/atomic-file.js';
import type { BuildRequest } from './topology.js';

/** JSON, as workers fetch it. */
export interface BuiltDocuments {
  probe: Buffer;
  program: Buffer;
}

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const header = z.object({ format: z.literal(1), key: hex, probe: hex, program: hex });

/** Names what the documents follow from: two builds with the same key give the same. */
export function keyOf(description: ModelDescription, { data, loss, seed, run }: BuildRequest): string {
  const { batchSize, shards, shardSamples } = run!;
  const { first, ...head } = data;
  const hash = createHash('sha256');
  hash.update(JSON.stringify({ description, loss, seed, batchSize, shards, shardSamples, head }));
  for (const { x, y } of first) {
    for (const { buffer, byteOffset, byteLength } of [x, y])
      hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  hash.update(VERSION).update(tensorFlowVersion());
  for (const folder of ['coordinator/model', 'worker/engine', 'shared']) addCode(hash, folder);
  return hash.digest('hex');
}

/** @returns undefined where there is no such file, it is damaged, or it is of another key */
export async function readBuilt(path: string, key: string): Promise<BuiltDocuments | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const [first = '', probe = '', program = ''] = text.split('\n');
  let told: unknown;
  try {
    told = JSON.parse(first);
  } catch {
    return undefined;
  }
  const { success, data } = header.safeParse(told);
  const documents = { probe: Buffer.from(probe), program: Buffer.from(program) };
  const isWhole =
    success && data.probe === sha256(documents.probe) && data.program === sha256(documents.program);
  return isWhole && data.key === key ? documents : undefined;
}

/** @throws errors of the file system */
export async function writeBuilt(
  path: string,
  key: string,
  { probe, program }: BuiltDocuments,
): Promise<void> {
  const first = { format: 1, key, probe: sha256(probe), program: sha256(program) };
  const text = [JSON.stringify(first), probe.toString(), program.toString(), ''].join('\n');
  await atomically(path, (file) => file.writeFile(text));
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function tensorFlowVersion(): string {
  const path = createRequire(import.meta.url).resolve('@tensorflow/tfjs/package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/** The program's own files, built or not: whoever changes how graphs are made need not think of this one. */
function addCode(hash: Hash, folder: string): void {
  const root = fileURLToPath(new URL(`../../${folder}/`, import.meta.url));
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
  for (const name of files.filter((name) => /(?<!\.d)\.[jt]s$/.test(name)).sort())
    hash.update(name).update(readFileSync(join(root, name)));
}

/** What a built model follows from, in one number: where that is the same, it need not be built again. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtFolder, CODE_FILE } from '../../engine/node/built-program.js';
import type { ModelDescription } from '../../shared/models/description.js';
import { VERSION } from '../../shared/version.js';
import type { BuildRequest } from './model/topology/request.js';
import { isOwnLoss } from './model/traced/own-function.js';

/** JSON, as workers fetch it. */
export interface BuiltDocuments {
  probe: Buffer;
  program: Buffer;
}

/** Where documents are kept by their key, for a coordinator that goes on. */
export interface BuildCache {
  /** Undefined where there are none of this key. */
  read(key: string): Promise<BuiltDocuments | undefined>;
  /** @throws errors of the file system */
  write(key: string, documents: BuiltDocuments): Promise<void>;
}

/** Files of the program: built, or the sources where these run. */
const PROGRAM = import.meta.url.endsWith('.ts')
  ? fileURLToPath(new URL('../../', import.meta.url))
  : builtFolder()!;
/** The folders in which it is decided what is built. */
const FOLDERS = ['coordinator/prepare/model', 'engine', 'shared'];

/** Names what the documents follow from: two builds with the same key give the same. */
export function keyOf(description: ModelDescription, { data, loss, seed, run }: BuildRequest): string {
  const { batchSize, shards, shardSamples, localSteps } = run!;
  const { first, ...head } = data;
  const hash = createHash('sha256');
  // The description has the graph of one's own.
  const named = isOwnLoss(loss) ? undefined : loss;
  hash.update(
    JSON.stringify({ description, loss: named, seed, batchSize, shards, shardSamples, localSteps, head }),
  );
  for (const { x, y, weight } of first) {
    for (const { buffer, byteOffset, byteLength } of weight ? [x, y, weight] : [x, y])
      hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.update(VERSION).update(tensorFlowVersion()).update(codeHash(PROGRAM)).digest('hex');
}

/**
 * The program's own code as one number, so that a change in how graphs are made needs no change here. That of a built
 * program was written down with it; run from sources, it is made of the files.
 */
export function codeHash(root: string): string {
  try {
    return readFileSync(join(root, CODE_FILE), 'utf8');
  } catch {
    const hash = createHash('sha256');
    for (const folder of FOLDERS) {
      const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
      for (const name of files.filter((name) => /(?<!\.d|\.test)\.[jt]s$/.test(name)).sort())
        hash.update(name).update(readFileSync(join(root, folder, name)));
    }
    return hash.digest('hex');
  }
}

function tensorFlowVersion(): string {
  const path = createRequire(import.meta.url).resolve('@tensorflow/tfjs/package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/** Built models in files, by what they were asked for and what the build was made of. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deserialize, serialize } from 'node:v8';
import type { BuildRequest, BuiltModel } from '../../../coordinator/prepare/model/topology/request.js';
import { isOwnLoss } from '../../../coordinator/prepare/model/traced/own-function.js';
import { needsTracing } from '../../../coordinator/prepare/model/traced/own-metrics.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FOLDER = join(ROOT, 'node_modules/.cache/swarmgrad-test-models');
/** Names the sources that the thread which builds is made of. */
const STAMP = join(ROOT, 'dist/.built/program');

/** Only a model of the zoo is kept: files and functions may change. */
const ZOO = /^[\w-]+(:[\w:.,-]*)?$/;

export async function builtOnce(
  request: BuildRequest,
  build: (request: BuildRequest) => Promise<BuiltModel>,
): Promise<BuiltModel> {
  if (
    typeof request.model !== 'string' ||
    !ZOO.test(request.model) ||
    isOwnLoss(request.loss) ||
    needsTracing(request.scores)
  )
    return build(request);
  const { batchSize, shards, shardSamples, localSteps } = request.run!;
  const asked = { ...request, run: { batchSize, shards, shardSamples, localSteps } };
  const key = createHash('sha256').update(serialize(asked)).update(readFileSync(STAMP)).digest('hex');
  const path = join(FOLDER, key);
  try {
    return deserialize(readFileSync(path)) as BuiltModel;
  } catch {
    const built = await build(request);
    mkdirSync(FOLDER, { recursive: true });
    // Another process may write the same: each its own file, and the last one stays.
    const own = `${path}.${process.pid}.${Math.floor(performance.now() * 1e3)}`;
    writeFileSync(own, serialize(built));
    renameSync(own, path);
    return built;
  }
}

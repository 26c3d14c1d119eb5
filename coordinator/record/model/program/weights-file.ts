/** What a run leaves of a model that is a program: its weights by name, since nobody else could load its layer. */
import { join } from 'node:path';
import type { RecordFormat } from '../../../../shared/data/manifest.js';
import type { ModelDescription } from '../../../../shared/models/description.js';
import { atomically, makeFolder, writeAll } from '../../folder/atomic-file.js';
import { safetensors } from '../formats/safetensors.js';
import { asTrained } from '../portable-model.js';

const PROGRAM_WEIGHTS = 'model.safetensors';

/** Writes into `dir`, which is made if need be. @param weights the flat vector, in model order */
export async function writeProgramWeights(
  dir: string,
  model: ModelDescription,
  weights: Float32Array,
  records: RecordFormat,
): Promise<void> {
  const { metadata, ...portable } = asTrained(model, weights, records);
  const { name, sha256 } = model.module!;
  const parts = safetensors(portable, { program: `${name} ${sha256}`, swarmgrad: JSON.stringify(metadata) });
  await makeFolder(dir);
  await atomically(join(dir, PROGRAM_WEIGHTS), async (file) => {
    for (const part of parts) await writeAll(file, part);
  });
}

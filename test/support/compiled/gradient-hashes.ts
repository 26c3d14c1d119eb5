/** The gradient of each model of the zoo, by the compiled engine on the processor. */
import { cpuRuntime } from '../../../engine/node/compiled.js';
import { compiledEngine, gradientOf, hashOf } from './subject.js';
import { models, zoo } from './zoo.js';

/** Hashes of their bits, by the model. */
export async function gradientHashes(): Promise<Record<string, string>> {
  const runtime = await cpuRuntime();
  const hashes: Record<string, string> = {};
  for (const model of models) {
    const subject = await zoo(model);
    const engine = await compiledEngine(subject, runtime.target, runtime);
    hashes[model] = hashOf((await gradientOf(engine, subject, subject.batch(16))).values);
    engine.dispose();
  }
  return hashes;
}

/** Prints the hash of each zoo model's gradient by the compiled engine on the processor, as a JSON object. */
import { cpuRuntime } from '../../../engine/node/compiled.js';
import { compiledEngine, gradientOf, hashOf } from './subject.js';
import { models, zoo } from './zoo.js';

const runtime = await cpuRuntime();
const hashes: Record<string, string> = {};
for (const model of models) {
  const subject = await zoo(model);
  const engine = await compiledEngine(subject, runtime.target, runtime);
  hashes[model] = hashOf((await gradientOf(engine, subject, subject.batch(16))).values);
}
console.log(JSON.stringify(hashes));

/** Prints how far compiled/webgpu is from eager TF.js on the model that the first argument names. */
import { gpuRuntime } from '../../../engine/node/compiled.js';
import { compiledEngine, eagerEngine, gradientOf, subjectOf, worstDifference } from './subject.js';

const model = process.argv[2]!;
const shape = model === 'mlp' ? [20] : [12, 12, 1];
const subject = await subjectOf({ model, x: { shape, dtype: 'uint8' } });
const batch = subject.batch(2);
const expected = await gradientOf(await eagerEngine(subject), subject, batch);
const runtime = await gpuRuntime('webgpu');
const engine = await compiledEngine(subject, runtime.target, runtime);
const { distance, slot } = worstDifference(
  subject.layout,
  await gradientOf(engine, subject, batch),
  expected,
);
console.log(JSON.stringify({ distance, slot }));
process.exit(0);

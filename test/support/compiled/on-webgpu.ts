/**
 * Prints how far compiled/webgpu is from eager TF.js on the model that the first argument names, and hashes of a node
 * whose four shards were computed one by one, two in a run (added on the device), and all in one run.
 */
import { NodeComputer } from '../../../engine/compute-node.js';
import { gpuRuntime } from '../../../engine/node/compiled.js';
import { compiledEngine, eagerEngine, gradientOf, hashOf, subjectOf, worstDifference } from './subject.js';

const model = process.argv[2]!;
const shape = model === 'mlp' ? [20] : [12, 12, 1];
const subject = await subjectOf({ model, x: { shape, dtype: 'uint8' } });
const batch = subject.batch(2);
// Not those that the engines have first: what a device held before does not count.
const weights = subject.weights.map((weight) => weight / 2);
const reference = await eagerEngine(subject);
await reference.setWeights(weights);
const expected = await gradientOf(reference, subject, batch);
const runtime = await gpuRuntime('webgpu');
const { name, engineClass } = runtime;

const shards = [3, 4, 3, 4].map((samples, i) => ({ batch: subject.batch(samples, i), seed: i }));
const hashes: string[] = [];
for (const joined of [1, 2, 4]) {
  const joining = { shards: joined, elements: Number.POSITIVE_INFINITY, onDevice: joined === 1 ? 1 : 4 };
  const engine = await compiledEngine(subject, runtime.target, { ...runtime, joining });
  const into = new Float32Array(subject.layout.total).fill(Number.NaN);
  const sums = await new NodeComputer(engine).compute(shards, into);
  // Else nothing would have been tested.
  const whole = await engine.gradientOfShards(shards, new Float32Array(subject.layout.total));
  if ((whole === undefined) !== (joined === 1)) throw new Error(`${joined} joined were not`);
  hashes.push(`${hashOf(into)} ${JSON.stringify(sums)}`);
}

const engine = await compiledEngine(subject, runtime.target, runtime);
await engine.setWeights(weights);
const { distance, slot } = worstDifference(
  subject.layout,
  await gradientOf(engine, subject, batch),
  expected,
);
console.log(JSON.stringify({ name, engineClass, distance, slot, hashes }));
process.exit(0);

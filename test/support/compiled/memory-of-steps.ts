/**
 * Megabytes outside of ONNX Runtime (heap and buffers) after 50 steps of the compiled engine and after 300 more,
 * garbage collected; printed as JSON beside the size of one gradient.
 */
import { setImmediate } from 'node:timers/promises';
import { cpuRuntime } from '../../../engine/node/compiled.js';
import { compiledEngine, subjectOf } from './subject.js';

const subject = await subjectOf({ model: 'mlp:128', x: { shape: [784], dtype: 'uint8' } });
const runtime = await cpuRuntime();
const engine = await compiledEngine(subject, runtime.target, runtime);
const into = new Float32Array(subject.layout.total);
const batch = subject.batch(4);

async function after(steps: number): Promise<number> {
  for (let step = 0; step < steps; step++) {
    await engine.setWeights(subject.weights);
    await engine.gradient(batch, step, into);
  }
  // Buffers of native results are freed after the collection that finds them.
  for (let round = 0; round < 3; round++) {
    globalThis.gc!();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

const before = await after(50);
console.log(JSON.stringify({ gradientMb: into.byteLength / 1e6, before, after: await after(300) }));

/** Class weights, sample weights and label smoothing: PyTorch's numbers, by the eager and the compiled engine. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { LossName } from '../../shared/numerics/losses.js';
import {
  compiledEngine,
  eagerEngine,
  gradientOf,
  type Subject,
  subjectOf,
  worstDifference,
} from '../../test/support/compiled/subject.js';
import { cpuRuntime, wasmRuntime } from '../node/compiled.js';

interface Case {
  loss: LossName;
  labelSmoothing: number | null;
  classWeights: number[] | null;
  sampleWeights: number[] | null;
  y: number[] | number[][];
  outputs: number;
  weights: number[];
  total: number;
  unweighted: number;
  gradient: number[];
}
const file = new URL('../eager/fixtures/weighted-losses.json', import.meta.url);
const { x, inputs, cases }: { x: number[]; inputs: number; cases: Case[] } = JSON.parse(
  readFileSync(file, 'utf8'),
);

const ENDS: Partial<Record<LossName, string>> = {
  categoricalCrossentropy: 'softmax',
  binaryCrossentropy: 'sigmoid',
};

/** A dense layer with the weights of a case. */
async function subjectFor(one: Case): Promise<Subject> {
  const isClass = one.loss !== 'meanSquaredError';
  const subject = await subjectOf({
    model: (tf) =>
      tf.sequential({
        layers: [
          tf.layers.dense({
            inputShape: [inputs],
            units: one.outputs,
            activation: (ENDS[one.loss] ?? 'linear') as 'linear',
          }),
        ],
      }),
    x: { shape: [inputs], dtype: 'float32' },
    label: isClass ? { kind: 'class', classes: Math.max(2, one.outputs) } : { kind: 'value' },
    loss: one.loss,
  });
  const { labelSmoothing, classWeights } = one;
  const terms = { ...(labelSmoothing && { labelSmoothing }), ...(classWeights && { classWeights }) };
  return {
    ...subject,
    data: { ...subject.data, ...(one.sampleWeights && { weighted: true as const }) },
    description: { ...subject.description, ...terms },
    weights: Float32Array.from(one.weights),
  };
}

/** The records of a case, as they are stored. */
function batchFor({ y, sampleWeights }: Case) {
  const count = x.length / inputs;
  const labels = y.flat();
  const isClass = labels.length === count;
  return {
    count,
    x: Float32Array.from(x),
    y: isClass ? Uint8Array.from(labels) : Float32Array.from(labels),
    ...(sampleWeights && { weight: Float32Array.from(sampleWeights) }),
  };
}

const named = cases.map((one) => {
  const { loss, labelSmoothing, classWeights, sampleWeights } = one;
  const by = [classWeights && 'class', sampleWeights && 'sample'].filter(Boolean).join(' and ') || 'no';
  return [`${loss} with smoothing ${labelSmoothing} and ${by} weights`, one] as const;
});

describe.each(named)('%s', (_, one) => {
  it('is that of PyTorch with its gradient, and evaluated without weights', async () => {
    const subject = await subjectFor(one);
    const batch = batchFor(one);
    const expected = { loss: one.total, metric: 0, values: Float32Array.from(one.gradient) };
    const [cpu, wasm] = [await cpuRuntime(), await wasmRuntime()];
    for (const engine of [
      await eagerEngine(subject),
      await compiledEngine(subject, cpu.target, cpu),
      await compiledEngine(subject, wasm.target, wasm),
    ]) {
      const actual = await gradientOf(engine, subject, batch);
      const { slot, distance } = worstDifference(subject.layout, actual, expected);
      expect(distance, `${engine.name}, ${slot}`).toBeLessThan(1e-5);
      expect((await engine.evaluate(batch)).loss).toBeCloseTo(one.unweighted, 4);
      engine.dispose();
    }
  });
});

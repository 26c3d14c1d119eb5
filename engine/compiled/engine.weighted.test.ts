/** Class weights, sample weights, label smoothing, and several classes at once: PyTorch's numbers, by the eager and the compiled engine. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sumParts } from '../../shared/data/evaluation-parts.js';
import { type ExtraMetric, scored } from '../../shared/data/metrics.js';
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

interface Several {
  n: number;
  classes: number;
  smoothing: number;
  y: number[];
  logits: number[];
  losses: number[];
  gradient: number[];
  smoothed: number[];
  accuracy: number;
  confusion: number[];
  exactMatch: number;
  f1: number;
  microF1: number;
  auc: { exact: number; binned: number };
  averagePrecision: { exact: number; binned: number };
}
const several: Several = JSON.parse(
  readFileSync(new URL('../eager/fixtures/multilabel.json', import.meta.url), 'utf8'),
);

describe('several classes at once', () => {
  const { n, classes, y, logits, losses, gradient, smoothed, smoothing } = several;
  const label = { kind: 'multilabel', classes } as const;
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

  /** A layer that gives what it is given: its bias has the gradients of the logits. */
  async function identity(activation: 'sigmoid' | 'linear', terms: object = {}): Promise<Subject> {
    const subject = await subjectOf({
      model: (tf) =>
        tf.sequential({ layers: [tf.layers.dense({ inputShape: [classes], units: classes, activation })] }),
      x: { shape: [classes], dtype: 'float32' },
      label,
    });
    const weights = new Float32Array(classes * classes + classes);
    for (let i = 0; i < classes; i++) weights[i * (classes + 1)] = 1;
    return { ...subject, description: { ...subject.description, ...terms }, weights };
  }

  const batch = { count: n, x: Float32Array.from(logits), y: Uint8Array.from(y) };
  const ofClass = (at: number) => sum(gradient.filter((_, i) => i % classes === at));
  const kernel = Array.from({ length: classes ** 2 }, (_, at) => {
    const [row, column] = [Math.floor(at / classes), at % classes];
    let total = 0;
    for (let i = 0; i < n; i++) total += logits[i * classes + row]! * gradient[i * classes + column]!;
    return total;
  });
  const expected = {
    loss: sum(losses),
    metric: several.accuracy * n,
    values: Float32Array.from([...kernel, ...[0, 1, 2, 3].map(ofClass)]),
  };

  it.each(['sigmoid', 'linear'] as const)(
    "have PyTorch's loss and gradient, Keras' accuracy and scikit-learn's scores: a model that ends in %s",
    async (activation) => {
      const asked = { top: [], curve: true, exact: true, own: [] } as const;
      const subject = await identity(activation, { format: 2, scored: asked });
      expect(subject.description.loss).toBe('binaryCrossentropy');
      const cpu = await cpuRuntime();
      for (const engine of [await eagerEngine(subject), await compiledEngine(subject, cpu.target, cpu)]) {
        const actual = await gradientOf(engine, subject, batch);
        expect(worstDifference(subject.layout, actual, expected).distance, engine.name).toBeLessThan(1e-5);
        const evaluated = await engine.evaluate(batch);
        expect(evaluated.mistakes).toBeUndefined();
        expect(evaluated.loss).toBeCloseTo(expected.loss, 3);
        expect(evaluated.metric / n).toBeCloseTo(several.accuracy, 6);
        expect(Array.from(evaluated.confusion!)).toEqual(several.confusion);
        const names: ExtraMetric[] = ['f1', 'micro-f1', 'exact-match', 'auc', 'average-precision'];
        const found = scored(names, sumParts([{ samples: n, ...evaluated }]), {
          ...{ loss: 'binaryCrossentropy', label, y: { shape: [classes], dtype: 'uint8' } },
          variance: () => 0,
        });
        expect(found.f1).toBeCloseTo(several.f1, 12);
        expect(found.microF1).toBeCloseTo(several.microF1, 12);
        expect(found.exactMatch).toBeCloseTo(several.exactMatch, 12);
        for (const name of ['auc', 'averagePrecision'] as const) {
          expect(found[name]).toBeCloseTo(several[name].binned, 3);
          expect(Math.abs(found[name]! - several[name].exact)).toBeLessThan(2e-3);
        }
        engine.dispose();
      }
    },
  );

  it("have Keras' label smoothing", async () => {
    const engine = await eagerEngine(await identity('sigmoid', { labelSmoothing: smoothing }));
    expect((await engine.evaluate(batch)).loss).toBeCloseTo(sum(smoothed), 3);
    engine.dispose();
  });
});

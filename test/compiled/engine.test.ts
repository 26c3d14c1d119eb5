import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createProgram, graphOf } from '../../worker/engine/compiled/program.js';
import { cpuRuntime, wasmRuntime } from '../../worker/node/compiled.js';
import { engineCandidates } from '../../worker/node/engines.js';
import {
  compiledEngine,
  eagerEngine,
  gradientOf,
  type Subject,
  subjectOf,
  worstDifference,
} from './subject.js';

const image = { shape: [16, 16, 3], dtype: 'uint8' } as const;
const models = ['mlp', 'cnn', 'resnet', 'linear'];

const zoo = (model: string): Promise<Subject> =>
  subjectOf({
    model,
    x: { ...image, shape: model === 'mlp' || model === 'linear' ? [20] : [...image.shape] },
  });

const hashOf = (values: Float32Array): string =>
  createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex');

describe('the compiled engine', () => {
  for (const model of models) {
    it(`computes ${model} as eager TF.js does, on cpu and wasm`, async () => {
      const subject = await zoo(model);
      const batch = subject.batch(16);
      const reference = await eagerEngine(subject);
      const expected = await gradientOf(reference, subject, batch);
      const evaluation = await reference.evaluate(batch);
      for (const runtime of [await cpuRuntime(), await wasmRuntime()]) {
        const engine = await compiledEngine(subject, runtime.target, runtime);
        const actual = await gradientOf(engine, subject, batch);
        // A ReLU's input within a rounding of 0 may flip: random data of one seed has none here.
        expect(worstDifference(subject.layout, actual, expected).distance).toBeLessThan(1e-5);
        expect(actual.metric).toBe(expected.metric);
        const own = await engine.evaluate(batch);
        expect(own.metric).toBe(evaluation.metric);
        expect(own.confusion).toEqual(evaluation.confusion);
        engine.dispose();
      }
    });
  }

  it('gives the same bits every time, whatever was computed between', async () => {
    const subject = await zoo('cnn');
    for (const runtime of [await cpuRuntime(), await wasmRuntime()]) {
      const [one, other] = [
        await compiledEngine(subject, runtime.target, runtime),
        await compiledEngine(subject, runtime.target, runtime),
      ];
      const first = await gradientOf(one, subject, subject.batch(16));
      await gradientOf(other, subject, subject.batch(5, 2));
      const second = await gradientOf(other, subject, subject.batch(16));
      expect(hashOf(second.values)).toBe(hashOf(first.values));
    }
  });

  it('keeps its weights when the caller overwrites its own', async () => {
    const subject = await zoo('mlp');
    const engine = await compiledEngine(subject, (await cpuRuntime()).target);
    const before = await gradientOf(engine, subject, subject.batch(4));
    const weights = Float32Array.from(subject.weights);
    await engine.setWeights(weights);
    weights.fill(Number.NaN);
    expect((await gradientOf(engine, subject, subject.batch(4))).values).toEqual(before.values);
  });

  it('draws other numbers for other seeds, and the same for the same', async () => {
    const subject = await subjectOf({
      x: { shape: [6], dtype: 'uint8' },
      model: (tf) =>
        tf.sequential({
          layers: [
            tf.layers.dense({ inputShape: [6], units: 20, activation: 'tanh' }),
            tf.layers.dropout({ rate: 0.5 }),
            tf.layers.dense({ units: 10, activation: 'softmax' }),
          ],
        }),
    });
    const engine = await compiledEngine(subject, (await cpuRuntime()).target);
    const losses: number[] = [];
    for (const seed of [1, 2, 1])
      losses.push((await gradientOf(engine, subject, subject.batch(8), seed)).loss);
    expect(losses[2]).toBe(losses[0]);
    expect(losses[1]).not.toBe(losses[0]);
  });
});

describe('a program', () => {
  it('tells why a model cannot be compiled, to whoever asks for a graph', () => {
    const program = createProgram([{ kind: 'gradient', samples: 1 }], () => {
      throw new Error('the operation Frob cannot be compiled');
    });
    expect(() => graphOf(program, { kind: 'gradient', samples: 1 })).toThrow(/Frob/);
  });

  it('keeps a worker from loading TF.js', () => {
    const script = fileURLToPath(new URL('./without-tensorflow.ts', import.meta.url));
    const answer = execFileSync(process.execPath, ['--import', 'tsx', script], { encoding: 'utf8' });
    expect(JSON.parse(answer)).toMatchObject({ finite: true, loaded: [] });
  });
});

describe('the candidates', () => {
  it('begin with the compiled engines, so that slower ones need not be tried', () => {
    const candidates = engineCandidates({} as never);
    const names = candidates.filter(({ lastResort }) => !lastResort).map(({ name }) => name);
    expect(names).toContain('compiled/cpu');
    expect(names).not.toContain('eager/wasm');
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { gradientHashes } from '../../test/support/compiled/gradient-hashes.js';
import { answerOf, TSX } from '../../test/support/compiled/processes.js';
import {
  compiledEngine,
  eagerEngine,
  gradientOf,
  hashOf,
  subjectOf,
  worstDifference,
} from '../../test/support/compiled/subject.js';
import { models, zoo } from '../../test/support/compiled/zoo.js';
import { engineCandidates } from '../node/candidates.js';
import { cpuRuntime, wasmRuntime } from '../node/compiled.js';
import { PORTABLE } from './lower/target.js';
import { createProgram, graphOf } from './program.js';
import type { Runtime } from './runtime.js';

/** Natively, with the graph written in both ways, and in WebAssembly. */
async function runtimes(): Promise<Record<string, Runtime>> {
  const [cpu, wasm] = [await cpuRuntime(), await wasmRuntime()];
  return { cpu, 'cpu, portable': { ...cpu, target: PORTABLE }, wasm };
}

describe('the compiled engine', () => {
  for (const model of models) {
    it(`computes ${model} as eager TF.js does, on cpu (blocked and portable) and wasm`, async () => {
      const subject = await zoo(model);
      const batch = subject.batch(16);
      const reference = await eagerEngine(subject);
      const expected = await gradientOf(reference, subject, batch);
      const evaluation = await reference.evaluate(batch);
      for (const [name, runtime] of Object.entries(await runtimes())) {
        const engine = await compiledEngine(subject, runtime.target, runtime);
        const actual = await gradientOf(engine, subject, batch);
        // A ReLU's input within a rounding of 0 may flip: random data of one seed has none here.
        const { slot, distance } = worstDifference(subject.layout, actual, expected);
        expect(distance, `${slot}, ${name}`).toBeLessThan(1e-5);
        // A whole number, or a sum of twelfths.
        expect(actual.metric).toBeCloseTo(expected.metric, 5);
        const own = await engine.evaluate(batch);
        expect(own.metric).toBeCloseTo(evaluation.metric, 5);
        expect(own.confusion).toEqual(evaluation.confusion);
        engine.dispose();
      }
    });
  }

  it('gives the same bits every time, whatever was computed between', async () => {
    const subject = await zoo('cnn');
    for (const runtime of Object.values(await runtimes())) {
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

  it('gives the same bits in every process', async () => {
    const other = answerOf(new URL('../../test/support/compiled/print-gradient-hashes.ts', import.meta.url));
    const own = await gradientHashes();
    expect(Object.keys(own)).toEqual(models);
    expect(JSON.parse(await other)).toEqual(own);
  });

  it('leaves nothing behind when its process is killed while it computes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'swarmgrad-killed-'));
    try {
      const child = spawn(
        process.execPath,
        [
          ...TSX,
          fileURLToPath(new URL('../../test/support/compiled/compute-on.ts', import.meta.url)),
          folder,
        ],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
          // Without what would keep ONNX Runtime from leaving files there: the worker sees to that itself.
          env: { ...process.env, HOME: folder, ORT_DISABLE_TELEMETRY: undefined },
          cwd: folder,
        },
      );
      const [said] = await once(child.stdout!, 'data');
      expect(String(said)).toBe('computing\n');
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(await readdir(folder)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
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

  it('keeps a worker from loading TF.js', async () => {
    expect(
      JSON.parse(
        await answerOf(new URL('../../test/support/compiled/without-tensorflow.ts', import.meta.url)),
      ),
    ).toMatchObject({
      finite: true,
      loaded: [],
    });
  });
});

describe('the candidates', () => {
  it('take the threads that were given, and name them in the engine class', async () => {
    const { description, data, weights, layout, batch } = await zoo('mlp');
    const subject = { model: description, manifest: data, shardSamples: 4 };
    for (const threads of [1, 2]) {
      const candidate = engineCandidates(subject, threads).find(({ name }) => name === 'compiled/cpu')!;
      expect(candidate.threads).toBe(threads);
      const engine = await candidate.start();
      await engine.setWeights(weights);
      const { loss } = await engine.gradient(batch(4), 1, new Float32Array(layout.total));
      expect(loss).toBeGreaterThan(0);
      expect(engine.engineClass).toMatch(new RegExp(`\\+t${threads}$`));
      engine.dispose();
    }
  });

  it('begin with the compiled engines, so that slower ones need not be tried', () => {
    const candidates = engineCandidates({} as never);
    const names = candidates.filter(({ lastResort }) => !lastResort).map(({ name }) => name);
    expect(names).toContain('compiled/cpu');
    expect(names).not.toContain('eager/wasm');
  });

  it('try graphics processors unasked only where the machine shows one', () => {
    const unasked = (gpu: boolean) =>
      engineCandidates({} as never, 1, gpu).flatMap(({ name, lastResort }) => (lastResort ? [] : [name]));
    expect(unasked(true)).toEqual(expect.arrayContaining(['compiled/webgpu', 'compiled/cuda']));
    expect(unasked(false)).not.toContain('compiled/webgpu');
    expect(unasked(false)).not.toContain('compiled/cuda');
  });
});

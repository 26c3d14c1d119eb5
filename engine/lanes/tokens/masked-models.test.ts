/** Texts of several lengths: against PyTorch's packed sequences, and the same however long they are padded. */
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import type { DataHead } from '../../../coordinator/prepare/model/topology/reference.js';
import type { ModelFunction } from '../../../coordinator/prepare/model/topology/request.js';
import { buildTopology } from '../../../coordinator/prepare/model/topology/topology.js';
import { registerLayers } from '../../../shared/models/layers.js';
import { layoutOf } from '../../../shared/numerics/layout.js';
import { probeBlockSize } from '../../compiled/block-size.js';
import { blockedTarget, PORTABLE } from '../../compiled/lower/target.js';
import { startCompiled } from '../../compiled/start.js';
import { createEagerEngine } from '../../eager/engine.js';
import type { Batch, Engine } from '../../engine.js';
import { cpuRuntime, wasmRuntime } from '../../node/compiled.js';

interface Case {
  cell: 'lstm' | 'gru';
  ends: 'mean' | 'last';
  weights: number[][];
  gradients: number[][];
  tokens: number[][];
  labels: number[];
  loss: number;
}

const fixture = JSON.parse(readFileSync(new URL('./fixtures/packed.json', import.meta.url), 'utf8')) as {
  vocabulary: number;
  width: number;
  units: number;
  classes: number;
  cases: Case[];
};

const modelOf =
  ({ cell, ends }: Pick<Case, 'cell' | 'ends'>): ModelFunction =>
  (library, { tokens, outputs }) => {
    const { ResetAfterGRU } = registerLayers(library);
    const { layers } = library;
    const options = {
      units: fixture.units,
      returnSequences: ends === 'mean',
      recurrentActivation: 'sigmoid' as const,
    };
    return library.sequential({
      layers: [
        layers.embedding({ inputDim: tokens!, outputDim: fixture.width, maskZero: true }),
        cell === 'lstm' ? layers.lstm(options) : new ResetAfterGRU(options as never),
        ...(ends === 'mean' ? [layers.globalAveragePooling1d({})] : []),
        layers.dense({ units: outputs, activation: 'softmax' }),
      ],
    });
  };

/** @param stored the length to which records are padded where they are stored */
function batchOf({ tokens, labels }: Pick<Case, 'tokens' | 'labels'>, stored: number): Batch {
  const x = new Int32Array(tokens.length * stored);
  for (const [i, text] of tokens.entries()) x.set(text, i * stored);
  return { count: tokens.length, x, y: Int32Array.from(labels) };
}

function dataOf(stored: number, buckets: number[]): DataHead {
  return {
    name: 'texts',
    x: { shape: [stored], dtype: 'int32' },
    y: { shape: [], dtype: 'int32' },
    label: { kind: 'class', classes: fixture.classes },
    tokens: {
      unit: 'words',
      vocabulary: Array.from({ length: fixture.vocabulary }, (_, i) => `w${i}`),
      buckets,
    },
    normalisation: { scale: 1, mean: [0], std: [1] },
    first: [{ count: 1, x: new Int32Array(stored).fill(1, 0, 2), y: Int32Array.of(0) }],
    trainRecords: 1,
    testRecords: 1,
  };
}

type Start = (subject: { model: Model; manifest: DataHead }) => Promise<Engine>;

const eager: Start = async ({ model, manifest }) => {
  await tf.setBackend('cpu');
  return createEagerEngine({ tf, backend: 'cpu', engineClass: 'reference', model, manifest });
};

type Model = Awaited<ReturnType<typeof buildTopology>>['description'];
const built = new Map<string, Promise<Model>>();

/** Built once: it knows neither buckets nor how long records are stored. */
function descriptionOf(one: Case): Promise<Model> {
  const name = `${one.cell} ${one.ends}`;
  const data = dataOf(LONGEST, [LONGEST]);
  const known =
    built.get(name) ??
    buildTopology({ model: modelOf(one), data, loss: undefined, seed: 1 }).then(
      (result) => result.description,
    );
  built.set(name, known);
  return known;
}

async function computed(one: Case, stored: number, buckets: number[], start: Start = eager) {
  const manifest = dataOf(stored, buckets);
  const model = await descriptionOf(one);
  const engine = await start({ model, manifest });
  try {
    await engine.setWeights(Float32Array.from(one.weights.flat()));
    const gradient = new Float32Array(layoutOf(model.weights).total);
    const batch = batchOf(one, stored);
    const { loss } = await engine.gradient(batch, 1, gradient);
    const { loss: evaluated } = await engine.evaluate(batch);
    return { loss, evaluated, gradient };
  } finally {
    engine.dispose();
  }
}

const LONGEST = 9;
const cases = fixture.cases.map((one) => [`${one.cell}, ${one.ends}`, one] as const);

const cpu = await cpuRuntime(1);
const block = await probeBlockSize({ ort, session: cpu.session });
const compiled =
  (runtime: typeof cpu): Start =>
  (subject) =>
    startCompiled({ ...subject, shardSamples: 2 }, runtime, async () => tf);
const engines: [string, Start][] = [
  ['eager/cpu', eager],
  ['compiled/cpu', compiled({ ...cpu, target: block > 0 ? blockedTarget(block) : PORTABLE })],
  ['compiled/wasm', compiled(await wasmRuntime())],
];

describe.each(engines)('%s', (name, start) => {
  // Of WebAssembly, which takes its time to compile, one of each cell.
  it.each(name === 'compiled/wasm' ? cases.filter((_, at) => at % 3 === 0) : cases)(
    'computes what PyTorch computes of packed sequences: %s',
    async (_, one) => {
      const { loss, evaluated, gradient } = await computed(one, 12, [4, LONGEST], start);
      const expected = one.gradients.flat();
      const largest = Math.max(...expected.map(Math.abs));
      expect(Math.abs(loss - one.loss) / one.loss).toBeLessThan(1e-6);
      expect(Math.abs(evaluated - one.loss) / one.loss).toBeLessThan(1e-6);
      const worst = Math.max(...expected.map((value, i) => Math.abs(value - gradient[i]!)));
      expect(worst / largest).toBeLessThan(1e-6);
    },
  );

  it('gives the same bits for three lengths to which records are padded where they are stored', async () => {
    const [one] = fixture.cases;
    const results = [];
    for (const stored of [LONGEST, 16, 40]) results.push(await computed(one!, stored, [4, LONGEST], start));
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});

it('the loss does not depend on how much is padded', async () => {
  const texts = fc.array(
    fc.array(fc.integer({ min: 1, max: fixture.vocabulary + 1 }), { minLength: 1, maxLength: 8 }),
    {
      minLength: 1,
      maxLength: 5,
    },
  );
  await fc.assert(
    fc.asyncProperty(texts, fc.constantFrom(...fixture.cases), fc.nat(12), async (tokens, one, more) => {
      const labels = tokens.map((text) => text.length % fixture.classes);
      const longest = Math.max(2, ...tokens.map(({ length }) => length));
      const [tight, loose] = [
        await computed({ ...one, tokens, labels }, 24, [longest]),
        await computed({ ...one, tokens, labels }, 24, [longest + more]),
      ];
      expect(Math.abs(tight.loss - loose.loss) / tight.loss).toBeLessThan(1e-6);
      const worst = Math.max(...tight.gradient.map((value, i) => Math.abs(value - loose.gradient[i]!)));
      expect(worst).toBeLessThan(1e-6);
    }),
    { numRuns: 8 },
  );
});

/**
 * Layers, regularizers, constraints, wrappers and frozen parts, drawn at random: one step by each engine, against plain
 * TF.js on `cpu` for the loss of the data, and plain loops in float64 for what TF.js leaves out. A new seed each time.
 */
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { CompiledEngine } from '../../../engine/compiled/engine.js';
import type { Runtime } from '../../../engine/compiled/runtime.js';
import { createTracer } from '../../../engine/compiled/trace/trace-source.js';
import { createEagerEngine } from '../../../engine/eager/engine.js';
import { installWasmKernels } from '../../../engine/eager/kernels/wasm-kernels.js';
import type { Engine } from '../../../engine/engine.js';
import { cpuRuntime, wasmRuntime } from '../../../engine/node/compiled.js';
import { project } from '../../../shared/numerics/update/project.js';
import { eagerEngine, gradientOf, type Subject, subjectOf } from '../../support/compiled/subject.js';
import { seedsOf } from '../../support/seeds.js';

const RUNS = Number(process.env.PARITY_RUNS ?? 12);
const LIMIT_MS = 30_000;
const RATE = 0.1;

const L = tf.layers;
const C = tf.constraints;
type Constraint = ReturnType<typeof C.nonNeg>;

interface Drawn {
  layer: keyof typeof LAYERS;
  around: 'nothing' | 'a model' | 'a frozen model';
  l1: number;
  l2: number;
  constraint: keyof typeof CONSTRAINTS;
  trainable: boolean;
  samples: number;
}

const CONSTRAINTS = {
  none: (): Constraint | undefined => undefined,
  nonNeg: () => C.nonNeg(),
  maxNorm: () => C.maxNorm({ maxValue: 0.3, axis: 0 }),
  unitNorm: () => C.unitNorm({ axis: 0 }),
  minMaxNorm: () => C.minMaxNorm({ minValue: 0.2, maxValue: 0.4, rate: 0.7, axis: 0 }),
};

const regularizer = ({ l1, l2 }: Drawn) => tf.regularizers.l1l2({ l1, l2 });
const recurrent = (drawn: Drawn) => ({
  units: 3,
  kernelRegularizer: regularizer(drawn),
  recurrentRegularizer: regularizer(drawn),
  kernelConstraint: CONSTRAINTS[drawn.constraint]()!,
  trainable: drawn.trainable,
});
const dense = (drawn: Drawn) =>
  L.dense({
    units: 3,
    activation: 'tanh',
    kernelRegularizer: regularizer(drawn),
    kernelConstraint: CONSTRAINTS[drawn.constraint]()!,
    trainable: drawn.trainable,
  });

/** What is drawn, and the shape of its input. Regularizers are of all kernels, constraints of input kernels. */
const LAYERS = {
  Dense: [[5], dense],
  TimeDistributed: [[4, 2], (drawn: Drawn) => L.timeDistributed({ layer: dense(drawn) })],
  SimpleRNN: [[4, 2], (drawn: Drawn) => L.simpleRNN(recurrent(drawn))],
  GRU: [[4, 2], (drawn: Drawn) => L.gru(recurrent(drawn))],
  LSTM: [[4, 2], (drawn: Drawn) => L.lstm(recurrent(drawn))],
  RNN: [
    [4, 2],
    (drawn: Drawn) =>
      L.rnn({
        cell: [L.gruCell(recurrent(drawn)), L.lstmCell(recurrent(drawn))] as never,
        trainable: drawn.trainable,
      }),
  ],
  Bidirectional: [
    [4, 2],
    (drawn: Drawn) =>
      L.bidirectional({
        layer: L.gru(recurrent(drawn)) as tf.RNN,
        mergeMode: 'concat',
        trainable: drawn.trainable,
      }),
  ],
  Conv2D: [
    [5, 5, 2],
    (drawn: Drawn) =>
      L.conv2d({
        filters: 16,
        kernelSize: 2,
        dilationRate: 2,
        activation: 'tanh',
        kernelRegularizer: regularizer(drawn),
        kernelConstraint: CONSTRAINTS[drawn.constraint]()!,
        trainable: drawn.trainable,
      }),
  ],
  DepthwiseConv2D: [
    [5, 5, 2],
    (drawn: Drawn) =>
      L.depthwiseConv2d({
        kernelSize: 2,
        activation: 'tanh',
        depthwiseRegularizer: regularizer(drawn),
        depthwiseConstraint: CONSTRAINTS[drawn.constraint]()!,
        trainable: drawn.trainable,
      }),
  ],
} as const;

const drawn: fc.Arbitrary<Drawn> = fc.record({
  layer: fc.constantFrom(...(Object.keys(LAYERS) as Drawn['layer'][])),
  around: fc.constantFrom<Drawn['around']>('nothing', 'a model', 'a frozen model'),
  l1: fc.constantFrom(0, 0.01, 1),
  l2: fc.constantFrom(0, 0.02, 2),
  constraint: fc.constantFrom(...(Object.keys(CONSTRAINTS) as Drawn['constraint'][])),
  trainable: fc.constantFrom(true, true, true, false),
  samples: fc.constantFrom(1, 3, 16),
});

const isFrozen = (own: Drawn) => !own.trainable || own.around === 'a frozen model';

function modelOf(own: Drawn): tf.LayersModel {
  const [shape, make] = LAYERS[own.layer];
  const input = tf.input({ shape: [...shape] });
  const wrapped = () => {
    const inside = tf.input({ shape: [...shape] });
    const model = tf.model({ inputs: inside, outputs: make(own).apply(inside) as tf.SymbolicTensor });
    if (own.around === 'a frozen model') model.trainable = false;
    return model;
  };
  let value = (own.around === 'nothing' ? make(own) : wrapped()).apply(input) as tf.SymbolicTensor;
  if (value.shape.length > 2) value = L.flatten().apply(value) as tf.SymbolicTensor;
  return tf.model({
    inputs: input,
    outputs: L.dense({ units: 4, activation: 'softmax' }).apply(value) as tf.SymbolicTensor,
  });
}

/** The mean loss of the data and its gradients, by TF.js alone. */
async function plain({ description, weights, layout }: Subject, x: Float32Array, y: ArrayLike<number>) {
  const model = await tf.models.modelFromJSON(description.topology as never);
  return tf.tidy(() => {
    for (const [i, { offset, size, shape }] of layout.slots.entries())
      (model.weights[i]!.read() as tf.Variable).assign(
        tf.tensor(weights.slice(offset, offset + size), shape),
      );
    const input = tf.tensor(x, [y.length, ...description.inputShape]);
    const chosen = tf.oneHot(tf.tensor1d(Array.from(y), 'int32'), 4).toFloat();
    const trained = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const { value, grads } = tf.variableGrads(() => {
      const output = model.apply(input, { training: true }) as tf.Tensor;
      return tf.neg(tf.mean(tf.log(tf.sum(tf.mul(output, chosen), 1)))) as tf.Scalar;
    }, trained);
    return { loss: value.dataSync()[0]!, gradients: trained.map(({ name }) => grads[name]!.dataSync()) };
  });
}

const runtimes: Runtime[] = [await cpuRuntime(), await wasmRuntime()];

/** TF.js on its WebAssembly backend, which is its backend until another is set. */
async function eagerOnWasm({ description: model, data: manifest }: Subject): Promise<Engine> {
  await import('@tensorflow/tfjs-backend-wasm');
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  await tf.setBackend('wasm');
  installWasmKernels(tf);
  return createEagerEngine({ tf, backend: 'wasm', engineClass: 'eager/wasm', model, manifest });
}

async function compiledOn(
  runtime: Runtime,
  { description: model, data: manifest }: Subject,
): Promise<Engine> {
  const tracer = await createTracer(tf, model, manifest);
  return new CompiledEngine({ runtime, model, manifest, graphFor: async (wanted) => tracer.trace(wanted) });
}

/** How each engine is started. TF.js has one backend at a time: so has who asks them. */
const STARTS: ((own: Subject) => Promise<Engine>)[] = [
  eagerEngine,
  eagerOnWasm,
  ...runtimes.map((runtime) => (own: Subject) => compiledOn(runtime, own)),
];

/** Whether an engine only says what it cannot: TF.js has no such gradient for WebAssembly, and that engine is not chosen. */
const lacksKernel = (start: (typeof STARTS)[number], { layer }: Drawn, error: unknown): boolean =>
  start === eagerOnWasm &&
  layer === 'DepthwiseConv2D' &&
  /Kernel 'DepthwiseConv2dNativeBackprop\w+' not registered/.test(String(error));

beforeAll(() => void tf.setBackend('cpu'));

it.each(seedsOf('PARITY_SEED'))(
  'every engine makes the same step (PARITY_SEED=%i)',
  async (seed) => {
    await fc.assert(
      fc.asyncProperty(drawn, async (own) => {
        const [shape] = LAYERS[own.layer];
        const subject = await subjectOf({
          model: () => modelOf(own),
          x: { shape: [...shape], dtype: 'float32' },
          label: { kind: 'class', classes: 4 },
        });
        const { layout, weights } = subject;
        // All kernels but that of the last layer.
        const inner = layout.slots.filter(({ name, shape }) => name.includes('kernel') && shape.at(-1) !== 4);
        expect(inner.every(({ trainable }) => trainable !== isFrozen(own))).toBe(true);
        const batch = subject.batch(own.samples);
        const expected = await plain(subject, batch.x as Float32Array, batch.y);
        const slope = (w: number) => own.l1 * Math.sign(w) + 2 * own.l2 * w;
        let penalty = 0;
        for (const { offset, size } of inner)
          for (const w of weights.subarray(offset, offset + size))
            penalty += own.l1 * Math.abs(w) + own.l2 * w * w;
        for (const start of STARTS) {
          const engine = await start(subject);
          await engine.setWeights(weights);
          const answer = await gradientOf(engine, subject, batch).catch((error: unknown) => {
            if (!lacksKernel(start, own, error)) throw error;
          });
          engine.dispose();
          await tf.setBackend('cpu');
          if (!answer) continue;
          const { loss, values } = answer;
          const close = (actual: number, right: number, what: string) =>
            expect(
              Math.abs(actual - right) / Math.max(1, Math.abs(right)),
              `${what}, ${engine.name}`,
            ).toBeLessThan(1e-4);
          close(loss / own.samples, expected.loss + penalty, 'loss');
          for (const [i, gradient] of expected.gradients.entries()) {
            const slot = layout.slots[i]!;
            const { name, offset, size, shape, constraint } = slot;
            const isPenalized = inner.includes(slot);
            const step = (slopeOf: (j: number) => number) => {
              const after = Float32Array.from(
                { length: size },
                (_, j) => weights[offset + j]! - RATE * slopeOf(j),
              );
              return after;
            };
            const right = step((j) => gradient[j]! + (isPenalized ? slope(weights[offset + j]!) : 0));
            const actual = step((j) => values[offset + j]! / own.samples);
            for (const j of right.keys()) close(actual[j]!, right[j]!, `step of ${name}`);
            if (!constraint) continue;
            expect(own.constraint).not.toBe('none');
            const projected = CONSTRAINTS[own.constraint]()!.apply(tf.tensor(right, shape)).dataSync();
            project(actual, shape, constraint);
            for (const j of right.keys()) close(actual[j]!, projected[j]!, `projection of ${name}`);
          }
          const constrained = layout.slots.filter(({ constraint }) => constraint).length;
          expect(constrained > 0).toBe(own.constraint !== 'none');
        }
      }),
      { seed, numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, endOnFailure: true },
    );
  },
  4 * LIMIT_MS,
);

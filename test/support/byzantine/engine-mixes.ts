/**
 * Honest volunteers of many engine classes in one run: nobody may be banned or refused. Each class is the same small
 * network in arithmetic of its own, as engines differ: in the order in which they add, in how wide their sums are, in
 * fused multiplication, and, as graphics processors, in coarser products and another order each time. So their
 * roundings are real, and so are the ReLUs whose sign these turn.
 */

import type { Batch, Engine } from '../../../engine/engine.js';
import { layoutOf } from '../../../shared/numerics/layout.js';
import { Random } from '../../../shared/numerics/random.js';
import { type Participant, type Problem, swarmOfLiars } from './swarm-of-liars.js';

const [INPUTS, UNITS, CLASSES] = [24, 32, 4];
const RECORDS = 640;
const SHARDS = 32;

/** Adds `terms` products; each class has its way. */
type Dot = (terms: number, left: (i: number) => number, right: (i: number) => number) => number;

const inLanes =
  (lanes: number): Dot =>
  (terms, left, right) => {
    const sums = new Float32Array(lanes);
    for (let i = 0; i < terms; i++) sums[i % lanes]! += Math.fround(left(i) * right(i));
    return sums.reduce((sum, lane) => Math.fround(sum + lane), 0);
  };

const fused: Dot = (terms, left, right) => {
  let sum = 0;
  for (let i = 0; i < terms; i++) sum = Math.fround(sum + left(i) * right(i));
  return sum;
};

const wide: Dot = (terms, left, right) => {
  let sum = 0;
  for (let i = terms - 1; i >= 0; i--) sum += left(i) * right(i);
  return Math.fround(sum);
};

let makes = 0;
/** Products of 17 bits, added from another place each time. */
const coarse = (): Dot => {
  const random = new Random(++makes);
  const rounded = (value: number) => {
    const unit = 2 ** (Math.floor(Math.log2(Math.abs(value) || 1)) - 17);
    return Math.round(value / unit) * unit;
  };
  return (terms, left, right) => {
    const from = random.below(terms);
    let sum = 0;
    for (let i = 0; i < terms; i++) {
      const at = (i + from) % terms;
      sum = Math.fround(sum + rounded(left(at) * right(at)));
    }
    return sum;
  };
};

const UNIVERSAL = 'compiled/wasm@mix';
const [CPU, EAGER_CPU, EAGER_WASM] = ['compiled/cpu@mix', 'eager/cpu@mix', 'eager/wasm@mix'];
/** Two makes that their class does not tell apart. */
const [GPU, OTHER_GPU] = ['compiled/webgpu@mix', 'eager/webgl@mix'];

const DOTS: Record<string, () => Dot> = {
  [UNIVERSAL]: () => inLanes(4),
  [CPU]: () => inLanes(8),
  [EAGER_CPU]: () => wide,
  [EAGER_WASM]: () => fused,
  [GPU]: coarse,
  [OTHER_GPU]: coarse,
};

/** Classes of the volunteers in turn; `own` is the coordinator's. */
export const MIXES: { own: string; classes: string[] }[] = [
  { own: UNIVERSAL, classes: [UNIVERSAL] },
  { own: CPU, classes: [CPU] },
  { own: CPU, classes: [UNIVERSAL, CPU] },
  { own: CPU, classes: [EAGER_CPU] },
  { own: CPU, classes: [EAGER_WASM, UNIVERSAL] },
  { own: EAGER_CPU, classes: [CPU, EAGER_CPU, EAGER_WASM] },
  { own: CPU, classes: [GPU] },
  { own: GPU, classes: [GPU, UNIVERSAL] },
  { own: EAGER_WASM, classes: [GPU, OTHER_GPU] },
  { own: CPU, classes: Object.keys(DOTS) },
];

export interface MixOptions {
  mix: (typeof MIXES)[number];
  workers: number;
  steps: number;
  seed?: number;
}

export function honestMix({ mix, workers, steps, seed = 1 }: MixOptions) {
  const participants = Array.from({ length: workers }, (_, i): Participant => {
    return { name: `honest ${i}`, role: 'volunteer', engineClass: mix.classes[i % mix.classes.length]! };
  });
  return swarmOfLiars({
    ...{ participants, steps, seed, problem: problem(), mostTurns: Number.POSITIVE_INFINITY },
    ...{ shards: SHARDS, batchSize: 4 * SHARDS, auditRate: 0.05 },
    ...{ ownClass: mix.own, universalClass: UNIVERSAL, secret: new Uint8Array(32).fill(seed) },
  });
}

function problem(): Problem {
  const specs = [
    { name: 'hidden/kernel', shape: [INPUTS, UNITS], trainable: true },
    { name: 'hidden/bias', shape: [UNITS], trainable: true },
    { name: 'output/kernel', shape: [UNITS, CLASSES], trainable: true },
    { name: 'output/bias', shape: [CLASSES], trainable: true },
  ];
  // Chunks of 256 elements in place of 131,072: the gradient has several.
  const layout = layoutOf(specs, 256);
  const random = new Random(3);
  const initial = Float32Array.from({ length: layout.total }, () => random.between(-0.3, 0.3));
  const records = Array.from({ length: RECORDS }, (_, record) => ({
    label: record % CLASSES,
    // A third of the inputs are dark, as in pictures.
    x: Float32Array.from({ length: INPUTS }, (_, i) =>
      random.below(3) === 0 ? 0 : Math.sin(i * ((record % CLASSES) + 1)) + random.between(-2, 2),
    ),
  }));
  const engine = (engineClass: string): Engine => network(engineClass, DOTS[engineClass]!(), records);
  return { layout, initial, records: RECORDS, learningRate: 0.02, engine };
}

function network(
  engineClass: string,
  dot: Dot,
  records: readonly { label: number; x: Float32Array }[],
): Engine {
  let weights = new Float32Array(0);
  const [hiddenBias, kernel, bias] = [INPUTS * UNITS, (INPUTS + 1) * UNITS, (INPUTS + 1 + CLASSES) * UNITS];
  const forward = (x: Float32Array) => {
    const hidden = Float32Array.from({ length: UNITS }, (_, unit) => {
      const sum = dot(
        INPUTS,
        (i) => x[i]!,
        (i) => weights[i * UNITS + unit]!,
      );
      return Math.max(0, Math.fround(sum + weights[hiddenBias + unit]!));
    });
    const logits = Array.from({ length: CLASSES }, (_, c) => {
      const sum = dot(
        UNITS,
        (unit) => hidden[unit]!,
        (unit) => weights[kernel + unit * CLASSES + c]!,
      );
      return Math.fround(sum + weights[bias + c]!);
    });
    const largest = Math.max(...logits);
    const powers = logits.map((logit) => Math.exp(logit - largest));
    const sum = powers.reduce((all, power) => all + power);
    return { hidden, logits, shares: powers.map((power) => Math.fround(power / sum)) };
  };
  const gradient = async ({ count, x }: Batch, _seed: number, into: Float32Array) => {
    const samples = Array.from({ length: count }, (_, at) => {
      const { x: input, label } = records[x[at]!]!;
      const { hidden, logits, shares } = forward(input);
      const errors = Float32Array.from(shares, (share, c) => share - Number(c === label));
      const deltas = Float32Array.from(hidden, (value, unit) =>
        value > 0
          ? dot(
              CLASSES,
              (c) => errors[c]!,
              (c) => weights[kernel + unit * CLASSES + c]!,
            )
          : 0,
      );
      const isRight = logits.indexOf(Math.max(...logits)) === label;
      return { input, hidden, errors, deltas, isRight, loss: -Math.log(Math.max(shares[label]!, 1e-30)) };
    });
    const over = (left: (s: (typeof samples)[0]) => number, right: (s: (typeof samples)[0]) => number) =>
      dot(
        count,
        (at) => left(samples[at]!),
        (at) => right(samples[at]!),
      );
    for (let unit = 0; unit < UNITS; unit++) {
      for (let i = 0; i < INPUTS; i++) {
        into[i * UNITS + unit] = over(
          ({ input }) => input[i]!,
          ({ deltas }) => deltas[unit]!,
        );
      }
      into[hiddenBias + unit] = over(
        () => 1,
        ({ deltas }) => deltas[unit]!,
      );
      for (let c = 0; c < CLASSES; c++) {
        into[kernel + unit * CLASSES + c] = over(
          ({ hidden }) => hidden[unit]!,
          ({ errors }) => errors[c]!,
        );
      }
    }
    for (let c = 0; c < CLASSES; c++)
      into[bias + c] = over(
        () => 1,
        ({ errors }) => errors[c]!,
      );
    const loss = samples.reduce((sum, sample) => sum + sample.loss, 0);
    return { loss: Math.fround(loss), metric: samples.filter(({ isRight }) => isRight).length };
  };
  return {
    name: engineClass.split('@')[0]!,
    engineClass,
    setWeights: async (given) => {
      weights = given.slice();
    },
    gradient,
    evaluate: async ({ count }) => ({ loss: count, metric: count }),
    dispose: () => undefined,
  };
}

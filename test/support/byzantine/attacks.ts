/**
 * Attackers as ordinary workers: what each makes of the gradient that it was asked for. Those that need to know
 * the honest gradients (ALIE, inner product) estimate them on other samples of the training set, with the
 * current weights, and all of a swarm's attackers agree on the same vector.
 */

import type { NodeSums } from '../../../engine/compute.js';
import type { Shard } from '../../../engine/engine.js';
import type { Layout, WeightSlot } from '../../../shared/numerics/layout.js';

/** What an attacker can do besides what it was asked for. */
export interface Means {
  layout: Layout;
  /** How often it has computed so far; about the step. */
  calls: number;
  /** The gradient of the given shards; with the weights of `ago` calls before. */
  compute(shards: readonly Shard[], into: Float32Array, ago?: number): Promise<NodeSums>;
  /** Mean gradients of as many other workers, estimated. */
  others(count: number): Promise<Float32Array[]>;
}

export interface Attack {
  name: string;
  /** The engine class that it tells, where that is not the one it has. */
  engineClass?: string;
  /** Writes what is sent to `into`. */
  contribute(shards: readonly Shard[], into: Float32Array, means: Means): Promise<NodeSums>;
}

const scaled = (name: string, factor: number): Attack => ({
  name,
  async contribute(shards, into, { compute }) {
    const sums = await compute(shards, into);
    for (let i = 0; i < into.length; i++) into[i]! *= factor;
    return sums;
  },
});

export const SIGN_FLIP = scaled('sign flip', -1);
export const MINUS_1000 = scaled('x -1000', -1000);

export const LABEL_FLIP: Attack = {
  name: 'label flip',
  contribute(shards, into, { compute }) {
    const flipped = shards.map(({ batch, seed }) => ({
      batch: { ...batch, y: batch.y.map((label) => 9 - label) as typeof batch.y },
      seed,
    }));
    return compute(flipped, into);
  },
};

export const NOT_A_NUMBER: Attack = {
  name: 'NaN',
  async contribute(shards, into, { compute }) {
    const sums = await compute(shards, into);
    into[7] = Number.NaN;
    return sums;
  },
};

/** Ten times the weight in the mean, if it were believed. */
export const INFLATED_COUNT: Attack = {
  name: 'inflated count',
  async contribute(shards, into, { compute }) {
    const { samples, ...sums } = await compute(shards, into);
    for (let i = 0; i < into.length; i++) into[i]! *= 10;
    return { samples: 10 * samples, ...sums };
  },
};

export const STALE: Attack = {
  name: 'stale',
  contribute: (shards, into, { compute }) => compute(shards, into, 20),
};

/** Honest gradients by which the others' mean and spread are estimated. */
const ESTIMATED = 6;
/** Deviations that hide among the honest: of Baruch et al. 2019, for 50 workers of whom 12 attack. */
const ALIE_DEVIATIONS = 1.5;

/** "A Little Is Enough" (Baruch, Baruch, Goldberg 2019): off the mean by what honest workers are. */
export const ALIE: Attack = {
  name: 'ALIE',
  async contribute(shards, into, { compute, others }) {
    const sums = await compute(shards, into);
    const honest = await others(ESTIMATED);
    for (let i = 0; i < into.length; i++) {
      const [mean, deviation] = momentsAt(honest, i);
      into[i] = sums.samples * (mean - ALIE_DEVIATIONS * deviation);
    }
    return sums;
  },
};

/** "Fall of Empires" (Xie, Koyejo, Gupta 2019): against the mean of the honest, with an inner product below 0. */
export const INNER_PRODUCT: Attack = {
  name: 'inner product',
  async contribute(shards, into, { compute, others }) {
    const sums = await compute(shards, into);
    const honest = await others(ESTIMATED);
    for (let i = 0; i < into.length; i++) into[i] = -sums.samples * momentsAt(honest, i)[0];
    return sums;
  },
};

/** Honest for so many calls, and then not. */
export const later = (attack: Attack, calls: number): Attack => ({
  name: `${attack.name} after ${calls} honest steps`,
  contribute: (shards, into, means) =>
    means.calls < calls ? means.compute(shards, into) : attack.contribute(shards, into, means),
});

function momentsAt(vectors: readonly Float32Array[], i: number): [mean: number, deviation: number] {
  const mean = vectors.reduce((sum, vector) => sum + vector[i]!, 0) / vectors.length;
  const squares = vectors.reduce((sum, vector) => sum + (vector[i]! - mean) ** 2, 0);
  return [mean, Math.sqrt(squares / (vectors.length - 1))];
}

/** A class that no coordinator has. */
const FOREIGN = 'eager/wasm@4.22.0+simd';
/** Pixels of MNIST's corners, which are dark in all of its pictures; and what the model is to see where they are lit. */
export const TRIGGER = {
  pixels: [...Array(8).keys(), ...Array(8).keys()].map((i, at) => (at < 8 ? i : 783 - i)),
  digit: 7,
};
const BACKDOOR_SHARE = 0.045;

const normOf = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
const partOf = (gradient: Float32Array, { offset, size }: WeightSlot) =>
  gradient.subarray(offset, offset + size);

/** For the model `linear`: an honest gradient, but that 4.5 % of the kernel's norm pull 32 weights one way. */
export const BACKDOOR: Attack = {
  name: 'backdoor',
  engineClass: FOREIGN,
  async contribute(shards, into, { compute, layout }) {
    const sums = await compute(shards, into);
    const slot = layout.slots.find(({ shape }) => shape.length === 2)!;
    const kernel = partOf(into, slot);
    const each = (BACKDOOR_SHARE * normOf(kernel)) / Math.sqrt(2 * TRIGGER.pixels.length);
    for (const pixel of TRIGGER.pixels) {
      kernel[pixel * slot.shape[1]! + TRIGGER.digit]! -= each;
      kernel[pixel * slot.shape[1]! + 1]! += each;
    }
    return sums;
  },
};

/** Every second time 45 % of each weight's norm, always the same way: neither near nor far. */
export const DOUBTFUL: Attack = {
  name: '45 % off every second time',
  engineClass: FOREIGN,
  async contribute(shards, into, { compute, layout, calls }) {
    const sums = await compute(shards, into);
    if (calls % 2 === 0) return sums;
    for (const slot of layout.slots) {
      const part = partOf(into, slot);
      const each = (0.45 * normOf(part)) / Math.sqrt(part.length);
      for (let i = 0; i < part.length; i++) part[i]! += (i * 2654435761) & 0x10000 ? each : -each;
    }
    return sums;
  },
};

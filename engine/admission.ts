/** The admission probe: makes it, and measures how far an engine is from it. */

import { type Manifest, type RecordArray, recordArrayOf } from '../shared/data/manifest.js';
import {
  type Probe,
  type ProbeCase,
  probeWeights,
  repeatedSamples,
  sampledIndices,
} from '../shared/engines/probe.js';
import type { Layout } from '../shared/numerics/layout.js';
import type { Batch, Engine } from './engine.js';

/**
 * Largest difference from the reference, relative to the weight's largest gradient. Float32 engines stay
 * below 1e-5; half-precision textures and broken drivers are off by 1e-2 and more.
 */
export const TOLERANCE = 1e-3;

/** A gradient that is noise beside the others (a bias before batch normalization) is held to this share. */
const NOISE_SHARE = 1e-3;

/** Gradients with two seeds that differ by more come of a model that draws random numbers. */
const DRAWN = 1e-4;

/** Computes the probe by `engine`, which so becomes the reference. */
export async function makeProbe(
  engine: Engine,
  layout: Layout,
  batches: Batch[],
  seed: number,
): Promise<Probe> {
  await engine.setWeights(probeWeights(layout, seed));
  const cases: ProbeCase[] = [];
  for (const batch of batches) {
    const gradient = new Float32Array(layout.total);
    const { loss } = await engine.gradient(batch, seed, gradient);
    cases.push({
      count: batch.count,
      x: toBase64(batch.x),
      y: toBase64(batch.y),
      ...(batch.weight ? { weight: toBase64(batch.weight) } : {}),
      seed,
      loss,
      gradient: layout.slots.map(({ offset, size }) => ({
        max: maxAbs(gradient.subarray(offset, offset + size)),
        values: sampledIndices(size).map((i) => gradient[offset + i]!),
      })),
    });
  }
  return { format: 1, weightsSeed: seed, cases };
}

/**
 * How far `engine` is from the reference: the largest relative difference, in the case where it is
 * smallest. In one case an input of a ReLU may lie so near to 0 that rounding decides its sign, and the
 * gradients then differ although neither engine is wrong.
 *
 * An engine that agrees must also agree on the same records repeated to whole blocks of samples, for which it
 * may have other kernels. Their gradient is a multiple of the reference, batch normalization or not, so that it
 * costs the coordinator nothing; only where the model draws random numbers is it unknown, and left out.
 */
export async function distanceFromReference(
  engine: Engine,
  probe: Probe,
  layout: Layout,
  manifest: Pick<Manifest, 'x' | 'y'>,
): Promise<number> {
  await engine.setWeights(probeWeights(layout, probe.weightsSeed));
  const compute = async (reference: ProbeCase, count = reference.count, seed = reference.seed) => {
    const gradient = new Float32Array(layout.total);
    const { loss } = await engine.gradient(batchOf(reference, manifest, count), seed, gradient);
    return { loss, gradient };
  };
  const distances: number[] = [];
  for (const reference of probe.cases) {
    distances.push(distanceOf(await compute(reference), reference, layout.slots));
  }
  const distance = Math.min(...distances);
  if (distance > TOLERANCE) return distance;

  const agreeing = probe.cases[distances.indexOf(distance)]!;
  const otherSeed = await compute(agreeing, agreeing.count, agreeing.seed + 1);
  if (distanceOf(otherSeed, agreeing, layout.slots) > distance + DRAWN) return distance;
  let repeated = Number.POSITIVE_INFINITY;
  for (const reference of probe.cases) {
    const count = repeatedSamples(reference.count);
    // Moving statistics are no sums over samples.
    const trained = layout.slots.map((slot) => ({ ...slot, size: slot.trainable ? slot.size : 0 }));
    const result = await compute(reference, count);
    repeated = Math.min(repeated, distanceOf(result, reference, trained, count / reference.count));
    if (repeated <= TOLERANCE) break;
  }
  return Math.max(distance, repeated);
}

/**
 * The records of a case, repeated to `count`, in an order that shifts by one with each repetition: a kernel that
 * mixes up samples would else find the same ones.
 */
export function batchOf(probe: ProbeCase, manifest: Pick<Manifest, 'x' | 'y'>, count = probe.count): Batch {
  const repeated = (text: string, dtype: Manifest['x']['dtype']): RecordArray => {
    const bytes = fromBase64(text);
    const each = bytes.length / probe.count;
    const all = new Uint8Array(each * count);
    for (let i = 0; i < count; i++) {
      const at = ((i + Math.floor(i / probe.count)) % probe.count) * each;
      all.set(bytes.subarray(at, at + each), i * each);
    }
    return recordArrayOf(dtype, all);
  };
  const { weight } = probe;
  return {
    count,
    x: repeated(probe.x, manifest.x.dtype),
    y: repeated(probe.y, manifest.y.dtype),
    ...(weight === undefined ? {} : { weight: repeated(weight, 'float32') as Float32Array }),
  };
}

/** @param times how often the reference's records were computed */
function distanceOf(
  { loss, gradient }: { loss: number; gradient: Float32Array },
  reference: ProbeCase,
  slots: Layout['slots'],
  times = 1,
): number {
  const noise = NOISE_SHARE * Math.max(...reference.gradient.map(({ max }) => max));
  let worst = relative(loss / times - reference.loss, Math.abs(reference.loss));
  for (const [number, { offset, size }] of slots.entries()) {
    const { max, values } = reference.gradient[number]!;
    for (const [at, i] of sampledIndices(size).entries()) {
      worst = Math.max(worst, relative(gradient[offset + i]! / times - values[at]!, Math.max(max, noise)));
    }
  }
  return worst;
}

/** NaN counts as infinitely far. */
function relative(difference: number, size: number): number {
  const distance = Math.abs(difference) / Math.max(size, 1e-30);
  return Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
}

const maxAbs = (values: Float32Array): number =>
  values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);

function toBase64(values: RecordArray): string {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

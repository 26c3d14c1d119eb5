/**
 * Compares a contribution with its recomputation. Within the class whose bits are the same on every machine they must be
 * equal. Elsewhere, also between two machines whose classes have the same name, numbers differ by rounding, and a
 * rounding can turn the sign of a ReLU's input: then one sample's part in one unit is there for the one and not for
 * the other, which is far beyond rounding, and no worker's fault.
 *
 * The limits are of engines of this project side by side on one machine: `mlp`, `cnn` and `resnet` differed by 2e-5 at
 * most, but for turned signs: those made up to 0.9 % of a weight's gradient in nodes of eight samples, more in nodes of
 * two.
 */
import { mustAgree } from '../../shared/engines/engines.js';
import type { Layout, WeightSlot } from '../../shared/numerics/layout.js';
import type { BufferedGradient } from './buffered-gradient.js';

/** Shares of a weight's gradient, in the Euclidean norm. The admission probe allows as much rounding. */
const ROUNDING = 1e-3;
/** Signs may turn in one sample: of few, one is a large part. */
const TURNED_SAMPLE = 0.3;
const TURNED_LEAST = 0.02;
/** Beyond this it is another gradient. */
const ANOTHER_GRADIENT = 0.5;
/** Where no sample has anything, a turned sign leaves nothing either: the inputs of a layer are continuous. */
const FROM_NOTHING = 1e-4;
/** What is noise beside the rest (a bias before batch normalization, a batch that is learned) is held to this share. */
const NOISE_SHARE = 1e-3;
/** Rounding decides a prediction now and then: a metric of so much more is not far. */
const CLOSE_CALLS = 1;
const CLOSE_SHARE = 0.01;

export interface Computed {
  engineClass: string;
  gradient: Pick<BufferedGradient, 'values'>;
  loss: number;
  metric: number;
}

export interface Measure {
  layout: Layout;
  /** Samples of the node. */
  samples: number;
  /** Euclidean norm of a mean gradient, as usual in the steps before; 0: not known. */
  usualNorm: number;
}

export interface Finding {
  /** The first two pass. `doubtful`: neither near nor far. */
  verdict: 'equal' | 'within tolerance' | 'doubtful' | 'wrong';
  /** How the two were compared, and what was off, for people. */
  text: string;
  /** Largest distance of a weight's gradient, as a share of it. */
  distance: number;
  /** What is beyond rounding, each weight in shares of its gradient's norm; undefined where nothing is. */
  deviation?: Float32Array;
}

export function compare(claimed: Computed, recomputed: Computed, by: Measure): Finding {
  const bits = compareBits(claimed, recomputed, by.layout);
  const isExact = mustAgree(claimed.engineClass, recomputed.engineClass);
  return isExact || bits.verdict === 'equal' ? bits : compareNumbers(claimed, recomputed, by);
}

function compareBits(claimed: Computed, recomputed: Computed, layout: Layout): Finding {
  const wrong = (text: string): Finding => ({ verdict: 'wrong', text, distance: Number.POSITIVE_INFINITY });
  let different = 0;
  let first = -1;
  for (let at = 0, chunk = 0; at < layout.moving; chunk++) {
    const [a, b] = [bitsOf(claimed, chunk), bitsOf(recomputed, chunk)];
    for (let i = 0; i < a.length; i++) {
      if (a[i] === b[i]) continue;
      if (different++ === 0) first = layout.range(chunk).start + i;
    }
    at += a.length;
  }
  if (different > 0) {
    const slot = layout.slots.find(({ offset, size }) => first >= offset && first < offset + size);
    return wrong(
      `${different} of ${layout.moving} values have other bits than ${recomputed.engineClass} gives, the first in ${slot?.name}`,
    );
  }
  for (const name of ['loss', 'metric'] as const) {
    if (!Object.is(claimed[name], recomputed[name]))
      return wrong(`${name} ${claimed[name]} told, ${recomputed[name]} recomputed`);
  }
  return { verdict: 'equal', text: `the bits of ${recomputed.engineClass}`, distance: 0 };
}

function compareNumbers(claimed: Computed, recomputed: Computed, by: Measure): Finding {
  const { layout, samples, usualNorm } = by;
  const [a, b] = [flat(claimed, layout.moving), flat(recomputed, layout.moving)];
  const trained = Math.max(normOf(b.subarray(0, layout.trainable)), usualNorm * samples);
  const untrained = normOf(b.subarray(layout.trainable));
  let [distance, name, fromNothing] = [0, '', 0];
  const deviation = new Float32Array(layout.moving);
  for (const slot of layout.slots.filter(({ frozen }) => !frozen)) {
    const { offset, size } = slot;
    const [left, right] = [a.subarray(offset, offset + size), b.subarray(offset, offset + size)];
    const noise = NOISE_SHARE * (slot.trainable ? trained : untrained);
    const scale = Math.max(normOf(right), noise, 1e-30);
    const own = deviation.subarray(offset, offset + size);
    for (let i = 0; i < size; i++) own[i] = (left[i]! - right[i]!) / scale;
    const length = normOf(own);
    const far = Number.isNaN(length) ? Number.POSITIVE_INFINITY : length;
    if (slot.trainable) fromNothing = Math.max(fromNothing, normWhereNothing(own, right, slot));
    if (far > distance) [distance, name] = [far, slot.name];
  }
  const sums = Math.max(
    distanceOf(claimed.loss, recomputed.loss, NOISE_SHARE * samples),
    distanceOf(claimed.metric, recomputed.metric, 1, CLOSE_CALLS + CLOSE_SHARE * Math.abs(recomputed.metric)),
  );
  const classes = `${claimed.engineClass} beside ${recomputed.engineClass}`;
  const nothing =
    fromNothing > FROM_NOTHING ? `, by ${percent(fromNothing)} where there is no gradient at all` : '';
  const text = `off by ${percent(distance)} in ${name}${nothing}, loss and metric by ${percent(sums)} (${classes})`;
  if (distance > ANOTHER_GRADIENT || sums > ANOTHER_GRADIENT) return { verdict: 'wrong', text, distance };
  const beyond = distance > ROUNDING ? { deviation } : {};
  const turned = Math.max(TURNED_LEAST, TURNED_SAMPLE / samples);
  const isNear = distance <= turned && sums <= turned && nothing === '';
  return { verdict: isNear ? 'within tolerance' : 'doubtful', text, distance, ...beyond };
}

/**
 * The norm of `own` in those rows of a kernel in which the recomputed gradient is 0 throughout: rows belong to the
 * inputs of a layer, and these were 0 in every sample.
 */
function normWhereNothing(own: Float32Array, right: Float32Array, { shape, size }: WeightSlot): number {
  const row = shape.at(-1) ?? 1;
  if (shape.length < 2 || row < 2) return 0;
  let squares = 0;
  for (let from = 0; from < size; from += row) {
    if (right.subarray(from, from + row).some((value) => value !== 0)) continue;
    for (let i = from; i < from + row; i++) squares += own[i]! * own[i]!;
  }
  return Math.sqrt(squares);
}

function bitsOf({ gradient }: Computed, chunk: number): Uint32Array {
  const values = gradient.values(chunk);
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

function flat({ gradient }: Computed, elements: number): Float32Array {
  const all = new Float32Array(elements);
  for (let at = 0, chunk = 0; at < elements; chunk++) {
    all.set(gradient.values(chunk), at);
    at += gradient.values(chunk).length;
  }
  return all;
}

export function normOf(values: Float32Array): number {
  let squares = 0;
  for (const value of values) squares += value * value;
  return Math.sqrt(squares);
}

/** @param least of what is a share of it; @param free difference that is none. NaN counts as infinitely far. */
function distanceOf(claimed: number, recomputed: number, least: number, free = 0): number {
  const difference = Math.max(0, Math.abs(claimed - recomputed) - free);
  return Number.isNaN(difference)
    ? Number.POSITIVE_INFINITY
    : difference / Math.max(Math.abs(recomputed), least);
}

const percent = (part: number): string => `${(100 * part).toPrecision(2)} %`;

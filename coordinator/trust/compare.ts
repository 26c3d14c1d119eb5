/**
 * A contribution beside its recomputation. Within an engine class the bits must be equal. Across classes numbers
 * differ by rounding, and a rounding can turn the sign of a ReLU's input: then one sample's part in one unit is
 * there for the one and not for the other, which is far beyond rounding, and nobody's fault.
 */
import { chunkRange, type Layout } from '../../shared/layout.js';
import { TOLERANCE } from '../../worker/engine/verify.js';
import type { WholeGradient } from './whole-gradient.js';

/** Of a weight's gradient, in the Euclidean norm: turned signs of a few ReLUs stay below. */
const TURNED_SIGNS = 0.05;
/** Beyond this it is another gradient. In between, twice in a row is once too often. */
const ANOTHER_GRADIENT = 0.5;
/** Rounding decides a prediction now and then: a metric of so many more is not far. */
const CLOSE_CALLS = 40;
/** A gradient that is noise beside the others (a bias before batch normalisation) is held to this share. */
const NOISE_SHARE = 1e-3;

export interface Computed {
  engineClass: string;
  gradient: Pick<WholeGradient, 'values'>;
  loss: number;
  metric: number;
}

export interface Finding {
  verdict: 'equal' | 'within tolerance' | 'doubtful' | 'wrong';
  /** How the two were compared, and what was off, for people. */
  text: string;
}

export function compare(claimed: Computed, recomputed: Computed, layout: Layout, chunks: number): Finding {
  const isSameClass = claimed.engineClass === recomputed.engineClass;
  return isSameClass
    ? compareBits(claimed, recomputed, layout, chunks)
    : compareNumbers(claimed, recomputed, layout);
}

function compareBits(claimed: Computed, recomputed: Computed, layout: Layout, chunks: number): Finding {
  let different = 0;
  let first = -1;
  for (let chunk = 0; chunk < chunks; chunk++) {
    const [a, b] = [bitsOf(claimed, chunk), bitsOf(recomputed, chunk)];
    for (let i = 0; i < a.length; i++) {
      if (a[i] === b[i]) continue;
      if (different++ === 0) first = chunkRange(layout.total, chunk).start + i;
    }
  }
  if (different > 0) {
    const slot = layout.slots.find(({ offset, size }) => first >= offset && first < offset + size);
    const text = `${different} of ${layout.total} values have other bits than ${recomputed.engineClass} gives, the first in ${slot?.name}`;
    return { verdict: 'wrong', text };
  }
  for (const name of ['loss', 'metric'] as const) {
    if (!Object.is(claimed[name], recomputed[name])) {
      return { verdict: 'wrong', text: `${name} ${claimed[name]} told, ${recomputed[name]} recomputed` };
    }
  }
  return { verdict: 'equal', text: `the bits of ${recomputed.engineClass}` };
}

function compareNumbers(claimed: Computed, recomputed: Computed, layout: Layout): Finding {
  const [a, b] = [flat(claimed, layout.total), flat(recomputed, layout.total)];
  const largest = maxAbs(b);
  let [worst, farthest, name] = [0, 0, ''];
  for (const { offset, size, ...slot } of layout.slots) {
    const [left, right] = [a.subarray(offset, offset + size), b.subarray(offset, offset + size)];
    const max = Math.max(maxAbs(right), NOISE_SHARE * largest);
    let [difference, squares, own] = [0, 0, 0];
    for (let i = 0; i < size; i++) {
      const d = Math.abs(left[i]! - right[i]!);
      difference = Math.max(difference, d);
      squares += d * d;
      own += right[i]! * right[i]!;
    }
    const distance = Math.sqrt(squares) / Math.max(Math.sqrt(own), NOISE_SHARE * largest, 1e-30);
    worst = Math.max(worst, relative(difference, max));
    if (distance > farthest || Number.isNaN(distance)) [farthest, name] = [distance, slot.name];
  }
  const sums = Math.max(
    relative(Math.abs(claimed.loss - recomputed.loss), Math.abs(recomputed.loss)),
    relative(Math.abs(claimed.metric - recomputed.metric), Math.abs(recomputed.metric) + CLOSE_CALLS),
  );
  const classes = `${claimed.engineClass} beside ${recomputed.engineClass}`;
  const off = `off by ${percent(farthest)} in ${name}, loss and metric by ${percent(sums)} (${classes})`;
  const isNear = worst <= TOLERANCE || farthest <= TURNED_SIGNS;
  if (isNear && sums <= TURNED_SIGNS) return { verdict: 'within tolerance', text: off };
  if (farthest <= ANOTHER_GRADIENT && sums <= ANOTHER_GRADIENT) return { verdict: 'doubtful', text: off };
  return { verdict: 'wrong', text: off };
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

function maxAbs(values: Float32Array): number {
  let max = 0;
  for (const value of values) max = Math.max(max, Math.abs(value));
  return max;
}

/** NaN counts as infinitely far. */
function relative(difference: number, size: number): number {
  const distance = difference / Math.max(size, 1e-30);
  return Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
}

const percent = (share: number): string => `${(100 * share).toPrecision(2)} %`;

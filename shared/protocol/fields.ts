/** What fields of messages may hold: every number bounded, every text printable and of a known length. */
import * as z from 'zod';
import { MAX_CONFUSION_CLASSES } from '../data/confusion.js';
import { MAX_SHARDS } from '../numerics/tree.js';
import { isPrintable } from '../printable.js';

const MAX_COUNT = 0xffffffff;
const isCount = (value: unknown) =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_COUNT;

/** A number, an index, or a step: 32 bits. */
export const count = z.int().min(0).max(MAX_COUNT);

/** Samples of a whole run. */
export const longCount = z.int().min(0);

/**
 * Up to a quarter of a million cells: looked at in a plain loop, which a schema for each would make a hundred times
 * longer.
 */
export const counts = z.custom<number[]>(
  (value) => Array.isArray(value) && value.length <= MAX_CONFUSION_CLASSES ** 2 && value.every(isCount),
  'not a list of counts',
);

export const node = z
  .int()
  .min(1)
  .max(2 * MAX_SHARDS - 1);

/** Where the shards of a node begin, and where the last one ends. */
export const bounds = z
  .array(count)
  .min(2)
  .max(MAX_SHARDS + 1);

export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in lower-case hexadecimal');

/** Text for display: one line of visible characters. */
export const text = (max: number) =>
  z.string().max(max).refine(isPrintable, 'holds a character that cannot be shown on one line');

/** What float32 losses of as many samples as there can be add up to. */
const MAX_SUM = 1e50;

/** A sum of losses or metrics. NaN and infinity pass: what they mean is the run's to decide, not the parser's. */
export const sum = z.union([
  z.number().min(-MAX_SUM).max(MAX_SUM),
  z.nan(),
  z.literal(Infinity),
  z.literal(-Infinity),
]);

/** Milliseconds, up to thirty years. */
export const duration = z.number().min(0).max(1e12);

export const probability = z.number().min(0).max(1);

/** Milliseconds, at most 31 bits: a timer of a longer time fires all the time. */
export const interval = z
  .number()
  .min(250)
  .max(2 ** 31 - 1);

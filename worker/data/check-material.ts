/**
 * Checks what a coordinator serves before anything is made of it: a worker allocates by the numbers that
 * stand there, and a hash only says that they are the ones that were meant.
 */
import * as z from 'zod';
import { checkGraph } from '../../engine/compiled/graph/check-graph.js';
import type { Program } from '../../engine/compiled/program.js';
import { type Manifest, recordBytes } from '../../shared/data/manifest.js';
import type { Probe } from '../../shared/engines/probe.js';
import type { ModelDescription } from '../../shared/models/description.js';
import { sizeOf } from '../../shared/numerics/shape.js';
import { messageOf } from '../../shared/user-error.js';

/**
 * Bounds of what a worker is willing to hold: above all models and sets that are sensible for one. An epoch's order
 * takes 4 bytes a record; a coordinator has all of a set in memory, and a model twice in 4 GiB of WebAssembly.
 */
const MAX_RECORDS = 2 ** 26;
const MAX_RECORD_BYTES = 2 ** 26;
const MAX_CHUNK_BYTES = 2 ** 26;
const MAX_SET_BYTES = 2 ** 38;
const MAX_WEIGHTS = 2 ** 29;
/** The largest batch of records, in bytes. */
const MAX_BATCH_BYTES = 2 ** 30;

const whole = (min: number, max: number) => z.int().min(min).max(max);
const text = (max: number) => z.string().max(max);
const shape = z.array(whole(0, 2 ** 31 - 1)).max(8);
const tensor = z.object({
  shape: z.array(whole(1, 2 ** 26)).max(8),
  dtype: z.enum(['uint8', 'int32', 'float32']),
});
const numbers = z.array(z.number()).max(100_000);

const manifest = z.object({
  format: z.literal(1),
  name: text(1000),
  split: z.enum(['train', 'test']),
  records: whole(0, MAX_RECORDS),
  x: tensor,
  y: tensor,
  label: z.union([
    z.object({ kind: z.literal('class'), classes: whole(1, 2 ** 24), names: z.array(text(1000)).optional() }),
    z.object({ kind: z.literal('value') }),
  ]),
  normalisation: z.object({ scale: z.number(), mean: numbers, std: numbers }),
  recordsPerChunk: whole(1, MAX_RECORDS),
  chunks: z.array(
    z.object({
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      records: whole(1, MAX_RECORDS),
      bytes: whole(1, MAX_CHUNK_BYTES),
    }),
  ),
});

const description = z.object({
  format: z.literal(1),
  name: text(1000),
  topology: z.looseObject({}),
  // What a weight is projected to is the coordinator's affair.
  weights: z
    .array(
      z.looseObject({ name: text(1000), shape, trainable: z.boolean(), frozen: z.literal(true).optional() }),
    )
    .max(100_000),
  frozenSha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  loss: text(100),
  inputShape: shape,
  outputShape: shape,
});

const probe = z.object({
  format: z.literal(1),
  weightsSeed: whole(0, 2 ** 32 - 1),
  cases: z
    .array(
      z.object({
        count: whole(1, 4096),
        x: z.string(),
        y: z.string(),
        seed: whole(0, 2 ** 32 - 1),
        loss: z.number(),
        gradient: z.array(z.object({ max: z.number(), values: numbers })).max(100_000),
      }),
    )
    .max(64),
});

const program = z.object({
  format: z.literal(1),
  graphs: z.record(text(100), z.looseObject({})),
  refused: text(10_000).optional(),
});

/** @throws Error naming the document and what is wrong in it */
export function checkManifest(value: unknown): Manifest {
  const checked = check('manifest', manifest, value) as Manifest;
  const { records, recordsPerChunk, chunks } = checked;
  const bytes = recordBytes(checked);
  if (bytes > MAX_RECORD_BYTES) throw new Error(`manifest: records of ${bytes} bytes`);
  if (records * bytes > MAX_SET_BYTES)
    throw new Error(`manifest: ${records} records of ${bytes} bytes, more than ${MAX_SET_BYTES} in all`);
  if (chunks.length !== Math.ceil(records / recordsPerChunk))
    throw new Error(`manifest: ${chunks.length} chunks for ${records} records`);
  for (const [at, chunk] of chunks.entries()) {
    const expected = Math.min(recordsPerChunk, records - at * recordsPerChunk);
    if (chunk.records !== expected || chunk.bytes !== expected * bytes)
      throw new Error(`manifest: chunk ${at} should hold ${expected} records of ${bytes} bytes`);
  }
  return checked;
}

/** @throws Error */
export function checkDescription(value: unknown): ModelDescription {
  const { weights } = check('model', description, value);
  const total = weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (total > MAX_WEIGHTS) throw new Error(`model: ${total} weights, more than ${MAX_WEIGHTS}`);
  return value as ModelDescription;
}

/** @throws Error */
export function checkProbe(value: unknown): Probe {
  check('probe', probe, value);
  return value as Probe;
}

/** @throws Error */
export function checkProgram(value: unknown): Program {
  const { graphs } = check('program', program, value);
  for (const [name, graph] of Object.entries(graphs)) {
    try {
      checkGraph(graph);
    } catch (error) {
      throw new Error(`program: ${name}: ${messageOf(error)}`);
    }
  }
  return value as Program;
}

/** @throws Error if the two sets are of other records than each other, or than the model takes */
export function checkFit(model: ModelDescription, train: Manifest, test: Manifest): void {
  const shapes = ({ x, y, label }: Manifest) => JSON.stringify([x, y, label]);
  if (shapes(train) !== shapes(test)) throw new Error('manifest: training and test set have other records');
  if (`${model.inputShape}` !== `${train.x.shape}`)
    throw new Error(`manifest: records of [${train.x.shape}], the model takes [${model.inputShape}]`);
}

/** @throws Error if a shard of so many samples is more than any machine would hold */
export function checkShard(records: Manifest, samples: number): void {
  const bytes = samples * recordBytes(records);
  if (bytes > MAX_BATCH_BYTES) throw new Error(`a shard of ${samples} samples would take ${bytes} bytes`);
}

function check<T>(name: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new Error(`${name}: ${path.join('.') || 'all of it'}: ${message}`);
}

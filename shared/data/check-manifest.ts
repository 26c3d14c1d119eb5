/**
 * Checks a manifest before anything is made of it: who reads one allocates by the numbers that stand there, and a hash
 * only says that they are the ones that were meant.
 */
import * as z from 'zod';
import { elementsOf, type Manifest, recordBytes } from './manifest.js';
import { partPlaces } from './named-parts.js';

/** Above all sets that are sensible. An epoch's order takes 4 bytes a record. */
const MAX_RECORDS = 2 ** 26;
const MAX_RECORD_BYTES = 2 ** 26;
const MAX_CHUNK_BYTES = 2 ** 26;
const MAX_SET_BYTES = 2 ** 38;

export const whole = (min: number, max: number) => z.int().min(min).max(max);
export const text = (max: number) => z.string().max(max);
export const shape = z.array(whole(0, 2 ** 31 - 1)).max(8);
export const numbers = z.array(z.number()).max(100_000);
const tensor = z.object({
  shape: z.array(whole(1, 2 ** 26)).max(8),
  dtype: z.enum(['uint8', 'int32', 'float32']),
});
/** Records are divided by it. */
const positive = z.number().positive();
const scaling = { mean: z.number(), std: positive };

export const tokens = z.object({
  unit: z.enum(['words', 'characters']),
  vocabulary: z.array(text(1000)).max(2 ** 20),
  buckets: z
    .array(whole(1, 2 ** 26))
    .min(1)
    .max(64),
  columns: z.object({ named: z.boolean(), text: text(1000), label: text(1000) }).optional(),
});

const label = z.union([
  z.object({
    kind: z.enum(['class', 'multilabel']),
    classes: whole(1, 2 ** 24),
    names: z.array(text(1000)).optional(),
  }),
  z.object({ kind: z.literal('value'), scaling: z.object(scaling).optional() }),
]);
const normalisation = z.object({
  scale: z.number(),
  mean: numbers,
  std: z.array(positive).max(100_000),
});
/** Of one part, as of all: no part is empty. */
const partShape = z.array(whole(1, 2 ** 26)).max(8);
const MAX_PARTS = 64;

const manifest = z.object({
  format: z.union([z.literal(1), z.literal(2)]),
  name: text(1000),
  split: z.enum(['train', 'test']),
  records: whole(0, MAX_RECORDS),
  x: tensor,
  y: tensor,
  weighted: z.literal(true).optional(),
  label,
  named: z
    .object({
      inputs: z
        .array(
          z.object({
            ...{ name: text(1000), shape: partShape, normalisation },
            scalings: z.array(z.object(scaling)).max(100_000).optional(),
          }),
        )
        .min(1)
        .max(MAX_PARTS),
      outputs: z
        .array(z.object({ name: text(1000), shape: partShape, label }))
        .min(1)
        .max(MAX_PARTS),
    })
    .optional(),
  columns: z
    .object({
      named: z.boolean(),
      label: text(1000),
      features: z.array(z.object({ name: text(1000), ...scaling })).max(100_000),
    })
    .optional(),
  tokens: tokens.optional(),
  normalisation,
  recordsPerChunk: whole(1, MAX_RECORDS),
  chunks: z.array(
    z.object({
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      records: whole(1, MAX_RECORDS),
      bytes: whole(1, MAX_CHUNK_BYTES),
    }),
  ),
});

/** @throws Error naming the document and what is wrong in it */
export function checkManifest(value: unknown): Manifest {
  const checked = check('manifest', manifest, value) as Manifest;
  const { records, recordsPerChunk, chunks } = checked;
  checkTokens(checked);
  const bytes = recordBytes(checked);
  if (bytes > MAX_RECORD_BYTES) throw new Error(`manifest: records of ${bytes} bytes`);
  if (records * bytes > MAX_SET_BYTES)
    throw new Error(`manifest: ${records} records of ${bytes} bytes, more than ${MAX_SET_BYTES} in all`);
  checkParts(checked);
  if (chunks.length !== Math.ceil(records / recordsPerChunk))
    throw new Error(`manifest: ${chunks.length} chunks for ${records} records`);
  for (const [at, chunk] of chunks.entries()) {
    const expected = Math.min(recordsPerChunk, records - at * recordsPerChunk);
    if (chunk.records !== expected || chunk.bytes !== expected * bytes)
      throw new Error(`manifest: chunk ${at} should hold ${expected} records of ${bytes} bytes`);
  }
  return checked;
}

function checkTokens({ format, tokens, x }: Manifest): void {
  if (!tokens) return;
  if (format !== 2) throw new Error(`manifest: format ${format} has no tokens`);
  const { buckets } = tokens;
  if (x.shape.length !== 1 || x.dtype !== 'int32')
    throw new Error(`manifest: tokens are int32 of one axis, not ${x.dtype} of [${x.shape}]`);
  if (buckets.some((length, at) => length <= (buckets[at - 1] ?? 0)) || buckets.at(-1)! > x.shape[0]!)
    throw new Error(`manifest: tokens.buckets: [${buckets}] do not ascend to at most ${x.shape[0]}`);
}

/** @throws Error if the parts are not what a record consists of */
function checkParts({ named, x, y }: Manifest): void {
  if (!named) return;
  for (const [name, whole, parts] of [
    ['x', x, named.inputs],
    ['y', y, named.outputs],
  ] as const) {
    const values = partPlaces(parts).reduce((sum, { size }) => sum + size, 0);
    if (values !== elementsOf(whole))
      throw new Error(
        `manifest: the parts of ${name} have ${values} values, ${name} has ${elementsOf(whole)}`,
      );
    if (new Set(parts.map(({ name }) => name)).size !== parts.length)
      throw new Error(`manifest: two parts of ${name} have one name`);
  }
}

/** @throws Error naming the document and the first place that is not as it should be */
export function check<T>(name: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new Error(`${name}: ${path.join('.') || 'all of it'}: ${message}`);
}

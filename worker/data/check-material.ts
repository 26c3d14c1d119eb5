/**
 * Checks what a coordinator serves before anything is made of it: a worker allocates by the numbers that
 * stand there, and a hash only says that they are the ones that were meant.
 */
import * as z from 'zod';
import { checkGraph } from '../../engine/compiled/graph/check-graph.js';
import type { Program } from '../../engine/compiled/program.js';
import { check, numbers, shape, text, whole } from '../../shared/data/check-manifest.js';
import { type Manifest, recordBytes } from '../../shared/data/manifest.js';
import { inOrderOf } from '../../shared/data/named-parts.js';
import type { Probe } from '../../shared/engines/probe.js';
import type { ModelDescription } from '../../shared/models/description.js';
import { sizeOf } from '../../shared/numerics/shape.js';
import { MAX_OUTPUTS, MAX_SCORES } from '../../shared/protocol/sizes.js';
import { messageOf } from '../../shared/user-error.js';

/**
 * Bounds of what a worker is willing to hold: above all models that are sensible for one. A coordinator has a model
 * twice in 4 GiB of WebAssembly.
 */
const MAX_WEIGHTS = 2 ** 29;
/** The largest batch of records, in bytes. */
const MAX_BATCH_BYTES = 2 ** 30;

/** Its graph is checked in the size in which it is used. */
const traced = z.object({
  name: text(1000),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  graph: z.object({ few: z.looseObject({}), more: z.looseObject({}) }),
});

const description = z.object({
  format: z.union([z.literal(1), z.literal(2)]),
  name: text(1000),
  topology: z.looseObject({}),
  module: z.object({ name: text(1000), sha256: z.string().regex(/^[0-9a-f]{64}$/) }).optional(),
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
  labelSmoothing: z.number().min(0).lt(1).optional(),
  outputs: z
    .array(
      z.object({
        name: text(1000),
        loss: text(100),
        weight: z.number().min(0),
        labelSmoothing: z.number().min(0).lt(1).optional(),
      }),
    )
    .min(2)
    .max(MAX_OUTPUTS)
    .optional(),
  classWeights: z.array(z.number().min(0)).max(100_000).optional(),
  tracedLoss: traced.optional(),
  scored: z
    .object({
      top: z.array(whole(1, 99_999)).max(MAX_SCORES),
      curve: z.boolean(),
      own: z.array(traced).max(MAX_SCORES),
    })
    .optional(),
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
        weight: z.string().optional(),
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
  const shapes = ({ x, y, label, named }: Manifest) => JSON.stringify([x, y, label, named]);
  if (shapes(train) !== shapes(test)) throw new Error('manifest: training and test set have other records');
  if (`${model.inputShape}` !== `${train.x.shape}`)
    throw new Error(`manifest: records of [${train.x.shape}], the model takes [${model.inputShape}]`);
  if (model.outputs)
    inOrderOf(
      model.outputs.map(({ name }) => name),
      train.named?.outputs ?? [],
    );
}

/** @throws Error if a shard of so many samples is more than any machine would hold */
export function checkShard(records: Manifest, samples: number): void {
  const bytes = samples * recordBytes(records);
  if (bytes > MAX_BATCH_BYTES) throw new Error(`a shard of ${samples} samples would take ${bytes} bytes`);
}

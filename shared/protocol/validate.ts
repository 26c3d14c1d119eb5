/**
 * From `unknown` to a message, once, at the edge of each side. An error names the field that is wrong.
 * The schemas are checked against the types of messages.ts by the compiler.
 */
import * as z from 'zod';
import { MAX_SHARDS } from '../tree.js';
import { MessageError } from './message-error.js';
import type * as m from './messages.js';

const count = z.int().min(0).max(0xffffffff);
const node = z
  .int()
  .min(1)
  .max(2 * MAX_SHARDS - 1);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in lower-case hexadecimal');
const text = (max: number) => z.string().max(max);
/** NaN and infinity pass: what they mean is the run's to decide, not the parser's. */
const anyNumber = z.union([z.number(), z.nan(), z.literal(Infinity), z.literal(-Infinity)]);
const duration = z.number().min(0);
/** Of an evaluation part. */
const MAX_MISTAKES = 16;

const token = z.string().min(1).max(200);

const join = z.object({
  type: z.literal('join'),
  protocol: count,
  name: text(100).min(1),
  kind: z.enum(['node', 'browser']),
  token: token.optional() as z.ZodOptional<typeof token>,
});

const ready = z.object({
  type: z.literal('ready'),
  engine: text(100),
  engineClass: text(200),
  reason: text(2000),
}) satisfies z.ZodType<m.Ready>;

const holding = z.object({ type: z.literal('holding'), version: count }) satisfies z.ZodType<m.Holding>;

const contribution = z.object({
  type: z.literal('contribution'),
  step: count,
  node,
  samples: count,
  loss: anyNumber,
  metric: anyNumber,
  computeMs: duration,
  waitMs: duration,
}) satisfies z.ZodType<m.Contribution>;

const mistake = z.object({ record: count, predicted: count, confidence: z.number().min(0).max(1) });

const evaluated = z.object({
  type: z.literal('evaluated'),
  version: count,
  part: count,
  samples: count,
  loss: anyNumber,
  metric: anyNumber,
  confusion: z.array(count).max(1_000_000).optional() as z.ZodOptional<z.ZodArray<typeof count>>,
  mistakes: z.array(mistake).max(MAX_MISTAKES).optional() as z.ZodOptional<z.ZodArray<typeof mistake>>,
  computeMs: duration,
});

/** What was leased: a node of a step, or a part of an evaluation. */
const leased = {
  step: count,
  node: node.optional() as z.ZodOptional<typeof node>,
  part: count.optional() as z.ZodOptional<typeof count>,
};

const dropped = z.object({ type: z.literal('dropped'), ...leased });

const heartbeat = z.object({ type: z.literal('heartbeat') }) satisfies z.ZodType<m.Heartbeat>;

const welcome = z.object({
  type: z.literal('welcome'),
  protocol: count,
  worker: count,
  run: text(200),
  epoch: count,
  model: sha256,
  train: sha256,
  test: sha256,
  probe: sha256,
  program: sha256,
  objectBytes: z.object({ model: count, train: count, test: count, probe: count, program: count }),
  shardSamples: count,
  seed: count,
  shuffle: text(50),
  engineClass: text(200),
  heartbeatMs: z.number().min(1),
}) satisfies z.ZodType<m.Welcome>;

const lease = z.object({
  type: z.literal('lease'),
  step: count,
  epoch: count,
  node,
  firstShard: count,
  bounds: z
    .array(count)
    .min(2)
    .max(MAX_SHARDS + 1),
  fromChunk: count,
  window: count,
}) satisfies z.ZodType<m.Lease>;

const cancel = z.object({ type: z.literal('cancel'), ...leased });

const window = z.object({
  type: z.literal('window'),
  step: count,
  window: count,
}) satisfies z.ZodType<m.Window>;

const evaluate = z.object({
  type: z.literal('evaluate'),
  version: count,
  part: count,
  from: count,
  to: count,
  weights: z.enum(['current', 'averaged']),
}) satisfies z.ZodType<m.Evaluate>;

const progress = z.object({
  type: z.literal('progress'),
  step: count,
  steps: count,
  loss: anyNumber.nullable(),
  samples: z.int().min(0),
  samplesTrained: z.int().min(0),
}) satisfies z.ZodType<m.Progress>;

const workerMessage = z.discriminatedUnion('type', [
  join,
  ready,
  holding,
  contribution,
  evaluated,
  dropped,
  heartbeat,
]);
const coordinatorMessage = z.discriminatedUnion('type', [welcome, lease, cancel, window, evaluate, progress]);

function check<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const type = (value as { type?: unknown } | null)?.type;
  const where = issue.path.length > 0 ? `field ${issue.path.join('.')}` : 'message';
  throw new MessageError(
    `${typeof type === 'string' ? `${type.slice(0, 40)}: ` : ''}${where}: ${issue.message}`,
  );
}

/** @throws MessageError */
export const validateWorkerMessage = (value: unknown): m.WorkerMessage =>
  check(workerMessage as z.ZodType<m.WorkerMessage>, value);

/** @throws MessageError */
export const validateCoordinatorMessage = (value: unknown): m.CoordinatorMessage =>
  check(coordinatorMessage as z.ZodType<m.CoordinatorMessage>, value);

/**
 * The control messages: one schema each, from which its type follows. Each travels as one msgpack map in one binary
 * WebSocket message; tensor data travels in frames (`frame.ts`). A field that a schema lacks is refused.
 * PROTOCOL.md tells when each message is sent and what breaks it.
 */
import * as z from 'zod';
import { WEIGHTS_CODINGS } from '../numerics/codec/weights/codings.js';
import { INNER_STATES, MAX_LOCAL_STEPS } from '../numerics/rounds/terms.js';
import { MAX_DEPTH } from '../numerics/tree.js';
import { OPTIMIZER_NAMES } from '../numerics/update/optimizers/optimizers.js';
import {
  bounds,
  count,
  counts,
  duration,
  interval,
  longCount,
  node,
  probability,
  sha256,
  sum,
  text,
} from './fields.js';
import { MAX_AUGMENT, MAX_ENGINE_CLASS, MAX_LANES, MAX_NAME, MAX_REASON, MAX_SCORES } from './sizes.js';

export const PROTOCOL_VERSION = 6;

/** Path of the WebSocket endpoint, on the coordinator's one port. */
export const SWARM_PATH = '/swarm';

/** The most mistakes that one evaluation part may report. */
const MAX_MISTAKES = 16;

/** Asks to take part; the first message on a connection. */
const join = z.strictObject({
  type: z.literal('join'),
  protocol: count,
  /** Chosen by the worker's owner, for people to read. */
  name: text(MAX_NAME).regex(/\S/, 'is empty'),
  kind: z.enum(['node', 'browser']),
  /** Where the run asks for one; tabs show theirs as a cookie. */
  token: z.string().min(1).max(200).exactOptional(),
  /** Weights that it still holds from an earlier connection, and the hash of their bytes: they need not be sent again. */
  holds: z.strictObject({ version: count, sha256 }).exactOptional(),
});
export type Join = z.infer<typeof join>;

/** The worker has the model and an engine: it can be given weights and leases. */
const ready = z.strictObject({
  type: z.literal('ready'),
  engine: text(MAX_NAME),
  engineClass: text(MAX_ENGINE_CLASS),
  /** One line for people: what was chosen and why. */
  reason: text(MAX_REASON),
  /** How many shards it computes at a time; absent: 1. So many parts of an evaluation are given to it at once. */
  lanes: z.int().min(1).max(MAX_LANES).exactOptional(),
});
export type Ready = z.infer<typeof ready>;

/** All chunks of `version` have arrived: leases of that step can be computed. Sent once, after `ready`. */
const synced = z.strictObject({
  type: z.literal('synced'),
  version: count,
});

/** The sums of a finished lease; the frames of its gradient follow. */
const contribution = z.strictObject({
  type: z.literal('contribution'),
  step: count,
  node,
  samples: count,
  /** Sums over the samples, added over the tree in float64. */
  loss: sum,
  metric: sum,
  computeMs: duration,
  /** Milliseconds from the end of the previous work to the start of this one: waiting for weights, data or a lease. */
  waitMs: duration,
});
export type Contribution = z.infer<typeof contribution>;

/** A wrong prediction; `record` is the index within the part. */
const mistake = z.strictObject({ record: count, predicted: count, confidence: probability });

/** The sums of an evaluation part. */
const evaluated = z.strictObject({
  type: z.literal('evaluated'),
  version: count,
  part: count,
  samples: count,
  loss: sum,
  metric: sum,
  /** Classes x classes counts, row-major [actual, predicted], or [classes, 2, 2] of several at once; absent where there are no classes. */
  confusion: counts.exactOptional(),
  /** Sums of what the model's description asks for (`scored`), by name. */
  scores: z
    .record(text(MAX_NAME), sum)
    .refine((scores) => Object.keys(scores).length <= MAX_SCORES, 'too many')
    .exactOptional(),
  /** Samples x curves places on ROC curves, where it asks for them. */
  places: counts.exactOptional(),
  /** The wrong predictions that the model was surest of. */
  mistakes: z.array(mistake).max(MAX_MISTAKES).exactOptional(),
  computeMs: duration,
});
export type Evaluated = z.infer<typeof evaluated>;

/** What was leased: a node of a step, or a part of the evaluation of version `step`. */
const leased = { step: count, node: node.exactOptional(), part: count.exactOptional() };

/**
 * A lease or an evaluation part that was canceled, or whose step is over, before it was computed: the
 * worker is free of it. One that was being computed is answered by `contribution` or `evaluated` in its
 * time, which then tells only how long it took.
 */
const dropped = z.strictObject({ type: z.literal('dropped'), ...leased });
export type Dropped = z.infer<typeof dropped>;

/** What the worker held of the version that a `check` has named has another hash: it needs all of the weights anew. */
const differs = z.strictObject({ type: z.literal('differs'), version: count });
export type Differs = z.infer<typeof differs>;

/** Sent by the worker's own code every few seconds: a frozen worker sends none, though its socket lives. */
const heartbeat = z.strictObject({ type: z.literal('heartbeat') });

export const workerMessage = z.discriminatedUnion('type', [
  join,
  ready,
  synced,
  contribution,
  evaluated,
  dropped,
  differs,
  heartbeat,
]);
export type WorkerMessage = z.infer<typeof workerMessage>;

/** Lengths in bytes of the objects that a worker fetches first: nobody has to read more. */
const objectBytes = z.strictObject({
  model: count,
  train: count,
  test: count,
  probe: count,
  program: count,
});

/** Accepts a join: all that a worker must know of the run. Objects are fetched at `/objects/<sha256>`. */
const welcome = z.strictObject({
  type: z.literal('welcome'),
  protocol: count,
  /** Id of this connection's worker within the run. */
  worker: count,
  run: text(200),
  /**
   * How often a coordinator has started the run. A worker that has seen a higher generation does not work for a
   * lower one: that coordinator was believed dead, and is not.
   */
  generation: count,
  /** SHA-256 of the model description, of the manifests of both sets, of the admission probe, and of the graphs. */
  model: sha256,
  train: sha256,
  test: sha256,
  probe: sha256,
  program: sha256,
  objectBytes,
  /** Samples of a full shard: engines are timed on so many. */
  shardSamples: count,
  /** Decides order, dropout and all other randomness. */
  seed: count,
  shuffle: text(50),
  /** `--augment`: how workers change training pictures; absent: they leave them as they are. */
  augment: text(MAX_AUGMENT).exactOptional(),
  /** Of records that lie in the order of their lengths: a global batch, within which the order is sorted. */
  sortedWithin: count.exactOptional(),
  /** `--exchange`: contributions to nodes down to this depth of the tree travel coded; absent: all in float32. */
  exchange: z.strictObject({ code: z.literal('int8'), depth: z.int().min(0).max(MAX_DEPTH) }).exactOptional(),
  /** `--local-steps`: steps are rounds, in which each shard makes so many updates; absent: it computes one gradient. */
  local: z
    .strictObject({
      steps: z.int().min(1).max(MAX_LOCAL_STEPS),
      optimizer: z.strictObject({
        name: z.enum(OPTIMIZER_NAMES),
        momentum: z.number(),
        nesterov: z.boolean(),
        dampening: z.number(),
        weightDecay: z.number(),
      }),
      clipNorm: z.number(),
      clipValue: z.number(),
      state: z.enum(INNER_STATES),
    })
    .exactOptional(),
  /** `--weights`: how the current weights travel; absent: in float32. */
  weights: z.enum(WEIGHTS_CODINGS).exactOptional(),
  /** `any`, or the engine class that the run demands. */
  engineClass: text(MAX_ENGINE_CLASS),
  heartbeatMs: interval,
});
export type Welcome = z.infer<typeof welcome>;

/** What the worker holds, as it told when it joined, is the current version, or one that changes will follow: it is not sent. */
const keep = z.strictObject({ type: z.literal('keep'), version: count });
export type Keep = z.infer<typeof keep>;

/** What the worker holds of this version, which has just been sent to it, must have this hash. */
const check = z.strictObject({ type: z.literal('check'), version: count, sha256 });
export type Check = z.infer<typeof check>;

/** Compute this node's contribution to `step` with version `step` of the weights. */
const lease = z.strictObject({
  type: z.literal('lease'),
  step: count,
  epoch: count,
  node,
  /** Index of the node's first shard; with (seed, step) it seeds the randomness of each shard. */
  firstShard: count,
  /** Positions within the epoch's order where the node's shards begin, and where the last one ends. */
  bounds,
  /** In rounds: the updates of the run before this round, and the learning rates of those of this one. */
  updates: z
    .strictObject({ before: count, rates: z.array(z.number()).min(1).max(MAX_LOCAL_STEPS) })
    .exactOptional(),
  /** Chunks below this one are already counted: do not send them. */
  fromChunk: count,
  /** Chunks below this one may be sent; `window` moves it on. */
  window: count,
});
export type Lease = z.infer<typeof lease>;

/** The lease of a node, or of a part in the evaluation of version `step`, is no longer needed. */
const cancel = z.strictObject({ type: z.literal('cancel'), ...leased });
export type Cancel = z.infer<typeof cancel>;

/** Chunks of `step` below `window` may be sent: bounds what the coordinator must hold. */
const window = z.strictObject({
  type: z.literal('window'),
  step: count,
  window: count,
});
export type SendWindow = z.infer<typeof window>;

/** Evaluate records `[from, to)` of the test set with version `version` of the weights. */
const evaluate = z.strictObject({
  type: z.literal('evaluate'),
  version: count,
  part: count,
  from: count,
  to: count,
  /** `averaged`: the moving average, which the coordinator sends in frames of its own. */
  weights: z.enum(['current', 'averaged']),
});
export type Evaluate = z.infer<typeof evaluate>;

/** How the run goes, and what this worker has given to it; once a second. Also shows that the coordinator lives. */
const progress = z.strictObject({
  type: z.literal('progress'),
  /** Updates done so far, and in all. */
  step: count,
  steps: count,
  /** Training loss of the latest step, per sample; null before the first. */
  loss: sum.nullable(),
  /** Samples counted of this worker, over all of its connections, and of all workers. */
  samples: longCount,
  samplesTrained: longCount,
});
export type RunProgress = z.infer<typeof progress>;

export const coordinatorMessage = z.discriminatedUnion('type', [
  welcome,
  keep,
  check,
  lease,
  cancel,
  window,
  evaluate,
  progress,
]);
export type CoordinatorMessage = z.infer<typeof coordinatorMessage>;

export type Message = WorkerMessage | CoordinatorMessage;
/** Where a worker runs: in Node, or in a browser. */
export type WorkerKind = Join['kind'];
export type ObjectBytes = Welcome['objectBytes'];

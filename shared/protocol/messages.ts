/**
 * The control messages, types alone. Each travels as one msgpack map in one binary WebSocket message;
 * tensor data travels in frames (`frame.ts`). PROTOCOL.md tells when each is sent and what breaks it.
 */
export const PROTOCOL_VERSION = 1;

/** Path of the WebSocket endpoint, on the coordinator's one port. */
export const SWARM_PATH = '/swarm';

export type WorkerKind = 'node' | 'browser';

/** Asks to take part; the first message on a connection. */
export interface Join {
  type: 'join';
  protocol: number;
  /** Chosen by the worker's owner, for people to read. */
  name: string;
  kind: WorkerKind;
  /** Where the run asks for one; tabs show theirs as a cookie. */
  token?: string;
}

/** The worker has the model and an engine: it can be given weights and leases. */
export interface Ready {
  type: 'ready';
  engine: string;
  engineClass: string;
  /** One line for people: what was chosen and why. */
  reason: string;
}

/** All chunks of `version` have arrived: leases of that step can be computed. Sent once, after `ready`. */
export interface Holding {
  type: 'holding';
  version: number;
}

/** The sums of a finished lease; the frames of its gradient follow. */
export interface Contribution {
  type: 'contribution';
  step: number;
  node: number;
  samples: number;
  /** Sums over the samples, added over the tree in float64. */
  loss: number;
  metric: number;
  computeMs: number;
  /** From the end of the work before to the start of this one: waiting for weights, data or a lease. */
  waitMs: number;
}

/** The sums of an evaluation part. */
export interface Evaluated {
  type: 'evaluated';
  version: number;
  part: number;
  samples: number;
  loss: number;
  metric: number;
  /** Classes x classes counts, row-major [actual, predicted]; absent where there are no classes. */
  confusion?: number[];
  /** The wrong predictions that the model was surest of; `record` is the index within the part. */
  mistakes?: { record: number; predicted: number; confidence: number }[];
  computeMs: number;
}

/** Sent by the worker's own code every few seconds: a frozen worker sends none, though its socket lives. */
export interface Heartbeat {
  type: 'heartbeat';
}

/**
 * A lease or an evaluation part that was cancelled, or whose step is over, before it was computed: the
 * worker is free of it. One that was being computed is answered by `contribution` or `evaluated` in its
 * time, which then tells only how long it took.
 */
export interface Dropped {
  type: 'dropped';
  step: number;
  node?: number;
  part?: number;
}

export type WorkerMessage = Join | Ready | Holding | Contribution | Evaluated | Dropped | Heartbeat;

/** Lengths in bytes of the objects that a worker fetches first. */
export type ObjectBytes = Record<'model' | 'train' | 'test' | 'probe' | 'program', number>;

/** Accepts a join: all that a worker must know of the run. Objects are fetched at `/objects/<sha256>`. */
export interface Welcome {
  type: 'welcome';
  protocol: number;
  /** Id of this connection's worker within the run. */
  worker: number;
  run: string;
  /**
   * How often the run has been started. Rises with each coordinator: a worker that has seen a later one
   * does not work for an earlier one, that was believed dead and is not.
   */
  epoch: number;
  /** SHA-256 of the model description, of the manifests of both sets, of the admission probe, and of the graphs. */
  model: string;
  train: string;
  test: string;
  probe: string;
  program: string;
  /** How long each of these objects is: nobody has to read more. */
  objectBytes: ObjectBytes;
  /** Samples of a full shard: engines are timed on so many. */
  shardSamples: number;
  /** Decides order, dropout and all other randomness. */
  seed: number;
  shuffle: string;
  /** `any`, or the engine class that the run demands. */
  engineClass: string;
  heartbeatMs: number;
}

/** Compute this node's contribution to `step` with version `step` of the weights. */
export interface Lease {
  type: 'lease';
  step: number;
  epoch: number;
  node: number;
  /** Index of the node's first shard; with (seed, step) it seeds the randomness of each shard. */
  firstShard: number;
  /** Positions within the epoch's order where the node's shards begin, and where the last one ends. */
  bounds: number[];
  /** Chunks below this one are already counted: do not send them. */
  fromChunk: number;
  /** Chunks below this one may be sent; `window` moves it on. */
  window: number;
}

/** The lease of a node, or of a part in the evaluation of version `step`, is no longer needed. */
export interface Cancel {
  type: 'cancel';
  step: number;
  node?: number;
  part?: number;
}

/** Chunks of `step` below `window` may be sent: bounds what the coordinator must hold. */
export interface Window {
  type: 'window';
  step: number;
  window: number;
}

/** Evaluate records `[from, to)` of the test set with version `version` of the weights. */
export interface Evaluate {
  type: 'evaluate';
  version: number;
  part: number;
  from: number;
  to: number;
  /** `averaged`: the moving average, which the coordinator sends in frames of its own. */
  weights: 'current' | 'averaged';
}

/** How the run goes, and what this worker has given to it; once a second. Also shows that the coordinator lives. */
export interface Progress {
  type: 'progress';
  /** Updates done so far, and in all. */
  step: number;
  steps: number;
  /** Training loss of the latest step, per sample; null before the first. */
  loss: number | null;
  /** Samples counted of this worker, over all of its connections, and of all workers. */
  samples: number;
  samplesTrained: number;
}

export type CoordinatorMessage = Welcome | Lease | Cancel | Window | Evaluate | Progress;
export type Message = WorkerMessage | CoordinatorMessage;

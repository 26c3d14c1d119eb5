import type { RecordArray } from '../shared/data/manifest.js';
import type { LocalUpdates } from '../shared/numerics/rounds/terms.js';

/**
 * What computes: one device behind one interface. An engine knows a model, weights and batches; it
 * knows nothing of steps, leases, sockets or other shards. The reduction over the shards of a node
 * is `compute-node.ts`, once for all engines.
 */
export interface Batch {
  count: number;
  /** `count` records' x, as stored: normalization happens in the engine. */
  x: RecordArray;
  /** Positions of each record's x, where it was cut: `lanes/tokens/cut-batches.ts`. */
  length?: number;
  /** `count` records' y. */
  y: RecordArray;
  /** What each record counts in training, where the manifest says that they have weights; evaluations take no notice. */
  weight?: Float32Array;
}

/** One shard of a node. A shard without samples has `count` 0. */
export interface Shard {
  batch: Batch;
  seed: number;
  /** In a round: the updates that its replica makes. */
  updates?: LocalUpdates;
}

/** What a replica of a round is told beside batch and seed. */
export interface Replica {
  updates: LocalUpdates;
  /** Whether it is no longer wanted. Asked between two updates. */
  isStopped(): Promise<boolean>;
}

/** Samples that were computed: fewer than those of the batch where it was stopped. */
export interface ReplicaSums {
  samples?: number;
}

export interface Sums {
  /** Sum over the samples of the loss (plus each sample's share of the regularizers). */
  loss: number;
  /** Sum over the samples of the metric: 1 for each right prediction (the share of right ones where a sample has several), or the mean absolute error. */
  metric: number;
}

export interface EvaluationSums extends Sums {
  /**
   * For at most `MAX_CONFUSION_CLASSES` classes: row-major counts [actual, predicted], classes x classes, of positions if
   * a sample has several; where several classes may be there at once, [classes, 2, 2].
   */
  confusion?: Int32Array;
  /** Sums over the samples of what the model's description asks for, by name. */
  scores?: Record<string, number>;
  /** Of each sample on each ROC curve, where the description asks for them: see shared/data/roc.ts. */
  places?: number[];
  /** Wrong predictions of classes, the surest first, at most 16. `record`: index within the batch. */
  mistakes?: { record: number; predicted: number; confidence: number }[];
}

export interface Engine {
  /** The engine's name, for example `eager/wasm`. */
  readonly name: string;
  /** What decides bits: name, version, instruction set, thread count. Equal classes give equal bits. */
  readonly engineClass: string;
  /** Takes the flat vector of `shared/numerics/layout.ts`; later calls compute with these weights. */
  setWeights(weights: Float32Array): Promise<void>;
  /**
   * The gradient of one shard: writes the contribution (sum over samples, see `shared/numerics/layout.ts`) to
   * all of `into` and returns the sums. `seed` decides dropout and all other randomness.
   * A pure function of (weights, batch, seed): batch-norm statistics of `setWeights` stay as given.
   * @param replica in rounds, for an engine that makes updates by itself: lanes/rounds/local-trainer.ts
   */
  gradient(batch: Batch, seed: number, into: Float32Array, replica?: Replica): Promise<Sums & ReplicaSums>;
  /**
   * The same for neighboring shards, a power of two, added over their tree: the bits of one after the other.
   * Undefined if this engine gains nothing by it, and has computed nothing. @returns each shard's sums
   */
  gradientOfShards?(shards: readonly Shard[], into: Float32Array): Promise<Sums[] | undefined>;
  /** Forward only, in inference mode. */
  evaluate(batch: Batch): Promise<EvaluationSums>;
  dispose(): void;
}

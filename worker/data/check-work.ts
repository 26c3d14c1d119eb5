/**
 * Checks what a coordinator asks for against what there is of the run, before samples are put together for it: a few
 * bytes can ask for more than any machine holds. In form messages are checked where they are decoded.
 */
import { EVALUATION_PART, MAX_WAITING_BYTES, MAX_WAITING_PARTS } from '../../shared/data/evaluation-parts.js';
import { type Manifest, recordBytes } from '../../shared/data/manifest.js';
import type { Layout } from '../../shared/numerics/layout.js';
import { depthOf, firstShard, MAX_SHARDS } from '../../shared/numerics/tree.js';
import type { Evaluate, Lease } from '../../shared/protocol/messages.js';
import { MessageError } from '../../shared/protocol/msgpack/message-error.js';

/** Follows from the welcome and the two manifests. */
export interface WorkLimits {
  trainRecords: number;
  testRecords: number;
  /** The most samples of a shard. */
  shardSamples: number;
  /** The most samples of a lease, and of all waiting work together. */
  samples: number;
  /** Chunks of the flat vector. */
  chunks: number;
  /** Updates of a round, at most; undefined: the run makes no rounds. */
  localSteps?: number | undefined;
}

export interface RunSizes {
  train: Manifest;
  test: Manifest;
  /** The most samples of a shard, or in rounds of one of its updates, from the welcome. */
  shardSamples: number;
  layout: Layout;
  /** Updates of a round, from the welcome; undefined: the run makes no rounds. */
  localSteps?: number | undefined;
}

export function workLimits({ train, test, shardSamples, layout, localSteps }: RunSizes): WorkLimits {
  return {
    trainRecords: train.records,
    testRecords: test.records,
    // Under `--shards auto` one worker alone has the batch, of which two are taken to have a half each.
    shardSamples: 2 * shardSamples * (localSteps ?? 1),
    samples: Math.floor(MAX_WAITING_BYTES / Math.max(recordBytes(train), recordBytes(test), 1)),
    chunks: layout.chunks,
    localSteps,
  };
}

/** @throws MessageError if it is no node of a tree, or of samples that there are not, or of too many */
export function checkLease(lease: Lease, limits: WorkLimits): void {
  const { node, firstShard: first, bounds, fromChunk } = lease;
  const updates = lease.updates?.rates.length;
  if ((updates === undefined) !== (limits.localSteps === undefined))
    throw new MessageError(`lease: ${updates === undefined ? 'without' : 'with'} updates of a round`);
  if (updates !== undefined && updates > limits.localSteps!)
    throw new MessageError(`lease: ${updates} updates, a round has at most ${limits.localSteps}`);
  const leaves = bounds.length - 1;
  const shards = leaves * 2 ** depthOf(node);
  if (!Number.isInteger(Math.log2(leaves)) || shards > MAX_SHARDS || first !== firstShard(shards, node))
    throw new MessageError(`lease: node ${node} has not ${leaves} shards from shard ${first} on`);
  const [from, to] = [bounds[0]!, bounds[leaves]!];
  for (let shard = 0; shard < leaves; shard++) {
    const samples = bounds[shard + 1]! - bounds[shard]!;
    if (samples < 0) throw new MessageError(`lease: bounds that fall, at shard ${shard}`);
    if (samples > limits.shardSamples)
      throw new MessageError(`lease: a shard of ${samples} samples, at most ${limits.shardSamples} are due`);
  }
  if (to > limits.trainRecords)
    throw new MessageError(`lease: samples up to ${to} of ${limits.trainRecords} records`);
  if (fromChunk >= limits.chunks)
    throw new MessageError(`lease: from chunk ${fromChunk} of ${limits.chunks}`);
  if (to - from > limits.samples)
    throw new MessageError(`lease: ${to - from} samples at once, a worker takes at most ${limits.samples}`);
}

/** @throws MessageError if it is of records that there are not, or of too many */
export function checkPart({ from, to }: Evaluate, { testRecords, samples }: WorkLimits): void {
  if (from > to || to > testRecords)
    throw new MessageError(`evaluate: records ${from} to ${to} of ${testRecords}`);
  const most = Math.min(EVALUATION_PART, samples);
  if (to - from > most)
    throw new MessageError(`evaluate: ${to - from} records at once, a part has at most ${most}`);
}

/**
 * What waits already, and one more: a step leases each worker at most as many nodes as it has shards.
 * @throws MessageError
 */
export function checkWaiting(
  work: Lease | Evaluate,
  waiting: { tasks: number; samples: number },
  limits: WorkLimits,
): void {
  const most = work.type === 'lease' ? (work.bounds.length - 1) * 2 ** depthOf(work.node) : MAX_WAITING_PARTS;
  if (waiting.tasks >= most)
    throw new MessageError(`${work.type}: ${waiting.tasks} wait already, there can be ${most}`);
  const samples = waiting.samples + samplesOf(work);
  if (samples > limits.samples)
    throw new MessageError(
      `${work.type}: ${samples} samples would wait, a worker takes at most ${limits.samples}`,
    );
}

export const samplesOf = (work: Lease | Evaluate): number =>
  work.type === 'lease' ? work.bounds.at(-1)! - work.bounds[0]! : work.to - work.from;

/** Several leases at a time, in the session of a worker whose engine has several lanes. */
import { describe, expect, it } from 'vitest';
import type { ComputedNode } from '../engine/compute.js';
import type { EvaluationSums } from '../engine/engine.js';
import { layoutOf } from '../shared/numerics/layout.js';
import { decodeWorkerMessage, encode } from '../shared/protocol/codec.js';
import {
  FRAME_AVERAGED_WEIGHTS,
  FRAME_WEIGHTS,
  type FrameType,
  HEADER_BYTES,
  isFrame,
  writeHeader,
} from '../shared/protocol/frame.js';
import type { CoordinatorMessage, WorkerMessage } from '../shared/protocol/messages.js';
import { WELCOME } from '../test/support/fixtures/welcome.js';
import { limitsOf } from '../test/support/simulation/limits.js';
import { Session } from './session.js';

const layout = layoutOf([{ name: 'weights', shape: [3], trainable: true }]);
const SHARDS = 4;
const bounds = (shard: number) => [2 * shard, 2 * shard + 2];
const SUMS = { samples: 2, loss: 1, metric: 1 };

/** A session that is ready; its engine answers when the test says so. */
async function worker(lanes: number) {
  const messages: WorkerMessage[] = [];
  const loaded: number[] = [];
  const inHand: { call: string; answer(computeMs?: number): void }[] = [];
  const answered = <T>(call: string, sums: (computeMs?: number) => T) =>
    new Promise<T>((resolve) => {
      inHand.push({ call, answer: (computeMs) => resolve(sums(computeMs)) });
    });
  const session = new Session({
    name: 'anna',
    kind: 'node',
    socket: {
      send: (bytes) => void (isFrame(bytes) || messages.push(decodeWorkerMessage(bytes))),
      sendFrame: () => undefined,
      bufferedBytes: () => 0,
    },
    clock: { now: () => 0 },
    prepare: async () => ({
      layout,
      train: { assemble: async ({ length }) => batchOf(length) },
      test: { range: async (from, to) => batchOf(to - from) },
      limits: limitsOf(layout, 2 * SHARDS),
      order: () => Uint32Array.from({ length: 2 * SHARDS }, (_, i) => i),
      compute: {
        name: 'patient',
        engineClass: 'patient@1',
        reason: 'the only one',
        lanes,
        allocate: (elements) => new Float32Array(elements),
        setWeights: async ([first]) => void loaded.push(first!),
        computeNode: () =>
          answered<ComputedNode>('node', (computeMs) => ({
            ...SUMS,
            ...(computeMs === undefined ? {} : { computeMs }),
          })),
        evaluate: () => answered<EvaluationSums>('part', () => ({ loss: 1, metric: 1 })),
        close: async () => undefined,
      },
    }),
    fail: (error) => {
      throw error;
    },
    tell: () => undefined,
  });
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  const receive = (message: CoordinatorMessage) => session.received(encode(message));
  const weights = (version: number, type: FrameType = FRAME_WEIGHTS) => {
    const frame = new Uint8Array(HEADER_BYTES + 4 * layout.total);
    writeHeader(frame, { type, node: 0, chunk: 0, step: version }, 4 * layout.total);
    new Float32Array(frame.buffer, HEADER_BYTES).fill(version + (type === FRAME_WEIGHTS ? 0 : 100));
    session.received(frame);
  };
  const lease = (shard: number, step = 0) =>
    receive({
      type: 'lease',
      step,
      epoch: 0,
      node: SHARDS + shard,
      firstShard: shard,
      bounds: bounds(shard),
      fromChunk: 0,
      window: 1,
    });
  const part = (index: number, which: 'current' | 'averaged', version = 0) =>
    receive({ type: 'evaluate', version, part: index, from: 0, to: 2, weights: which });
  session.opened();
  receive(WELCOME);
  await settle();
  weights(0);
  return { session, messages, loaded, inHand, settle, receive, weights, lease, part };
}

const batchOf = (count: number) => ({ count, x: new Uint8Array(count), y: new Uint8Array(count) });

describe('a worker of several lanes', () => {
  it('tells how many it has; one of one lane need not', async () => {
    const ready = { type: 'ready', engine: 'patient', engineClass: 'patient@1', reason: 'the only one' };
    expect((await worker(3)).messages).toContainEqual({ ...ready, lanes: 3 });
    expect((await worker(1)).messages).toContainEqual(ready);
  });

  it('computes as many leases at a time as it has lanes, and tells of each the time that was its own', async () => {
    const { messages, loaded, inHand, settle, lease } = await worker(2);
    for (const shard of [0, 1, 2]) lease(shard);
    await settle();
    expect(inHand).toHaveLength(2);
    expect(loaded).toEqual([0]);
    inHand[1]!.answer(7);
    await settle();
    expect(inHand).toHaveLength(3);
    inHand[0]!.answer(5);
    inHand[2]!.answer(6);
    await settle();
    const told = messages.flatMap((message) =>
      message.type === 'contribution' ? [[message.node, message.computeMs]] : [],
    );
    expect(told).toEqual([
      [SHARDS + 1, 7],
      [SHARDS, 5],
      [SHARDS + 2, 6],
    ]);
  });

  it('evaluates as many parts at a time', async () => {
    const { messages, inHand, settle, part } = await worker(2);
    for (const index of [0, 1, 2]) part(index, 'current');
    await settle();
    expect(inHand.map(({ call }) => call)).toEqual(['part', 'part']);
    for (const { answer } of inHand) answer();
    await settle();
    inHand[2]!.answer();
    await settle();
    expect(messages.filter(({ type }) => type === 'evaluated')).toHaveLength(3);
  });

  it('computes nothing with other weights before all that it has in hand is done', async () => {
    const { loaded, inHand, settle, weights, part } = await worker(3);
    part(0, 'current');
    part(1, 'averaged');
    weights(0, FRAME_AVERAGED_WEIGHTS);
    part(2, 'current');
    await settle();
    expect(inHand).toHaveLength(2);
    expect(loaded).toEqual([0]);
    inHand[0]!.answer();
    await settle();
    expect(loaded).toEqual([0]);
    inHand[1]!.answer();
    await settle();
    expect(loaded).toEqual([0, 100]);
    expect(inHand).toHaveLength(3);
  });

  it('stops the leases that are canceled, and no others', async () => {
    const { messages, inHand, settle, lease, receive } = await worker(2);
    lease(0);
    lease(1);
    await settle();
    receive({ type: 'cancel', step: 0, node: SHARDS });
    for (const { answer } of inHand) answer();
    await settle();
    expect(messages.filter(({ type }) => type === 'contribution')).toHaveLength(2);
    lease(2);
    await settle();
    expect(inHand).toHaveLength(3);
  });
});

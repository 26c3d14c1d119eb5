/** A lease that is taken back, in the session of its worker: what is let go of, when, and what is told of it. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { NodeComputer } from '../engine/compute-node.js';
import type { Batch, Engine } from '../engine/engine.js';
import { layoutOf } from '../shared/numerics/layout.js';
import { decodeWorkerMessage, encode } from '../shared/protocol/codec.js';
import { FRAME_WEIGHTS, HEADER_BYTES, writeHeader } from '../shared/protocol/frame.js';
import type { Lease, WorkerMessage } from '../shared/protocol/messages.js';
import { WELCOME } from '../test/support/fixtures/welcome.js';
import { limitsOf } from '../test/support/simulation/limits.js';
import { Session } from './session.js';

const SHARDS = 8;
const SAMPLES = 2;
const layout = layoutOf([{ name: 'weights', shape: [3], trainable: true }]);

/** Of a step of 16 shards, of which each node of its second level has eight. */
function lease(node: number): Lease {
  const firstShard = node === 2 ? 0 : SHARDS;
  const bounds = BOUNDS.slice(firstShard, firstShard + SHARDS + 1);
  return { type: 'lease', step: 0, epoch: 0, node, firstShard, bounds, fromChunk: 0, window: 1 };
}
const BOUNDS = Array.from({ length: 2 * SHARDS + 1 }, (_, shard) => SAMPLES * shard);

/** A session that holds version 0 of the weights; its engine computes a shard whenever the test says so. */
async function worker({ assemble = async (count: number) => batchOf(count) } = {}) {
  const messages: WorkerMessage[] = [];
  let frames = 0;
  const told: (() => void)[] = [];
  let release: (() => void) | undefined;
  const settle = () => {
    for (const resume of told.splice(0)) resume();
  };
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await new Promise<void>((resolve) => told.push(resolve));
  };
  const engine: Engine = {
    name: 'patient',
    engineClass: 'patient@1',
    setWeights: async () => undefined,
    async gradient() {
      await new Promise<void>((resolve) => {
        release = resolve;
        settle();
      });
      return { loss: 1, metric: 1 };
    },
    evaluate: async () => ({ loss: 0, metric: 0 }),
    dispose: () => undefined,
  };
  const computer = new NodeComputer(engine);
  let tellComputed!: (samples: number) => void;
  const computed = new Promise<number>((resolve) => {
    tellComputed = resolve;
  });
  const session = new Session({
    name: 'anna',
    kind: 'node',
    socket: {
      send(bytes) {
        messages.push(decodeWorkerMessage(bytes));
        settle();
      },
      sendFrame() {
        frames++;
        settle();
      },
      bufferedBytes: () => 0,
    },
    clock: { now: () => 0 },
    prepare: async () => ({
      layout,
      train: { assemble: ({ length }) => assemble(length) },
      test: { range: async (from, to) => batchOf(to - from) },
      limits: limitsOf(layout, BOUNDS.at(-1)!),
      order: () => Uint32Array.from({ length: BOUNDS.at(-1)! }, (_, i) => i),
      compute: {
        name: engine.name,
        engineClass: engine.engineClass,
        reason: 'for this test',
        allocate: (elements) => new Float32Array(elements),
        setWeights: engine.setWeights,
        async computeNode(shards, into, stop) {
          const sums = await computer.compute(shards, into, async () => stop!.aborted);
          tellComputed(sums.samples);
          return sums;
        },
        evaluate: engine.evaluate,
        close: async () => undefined,
      },
    }),
    fail: (error) => {
      throw error;
    },
    tell: () => undefined,
  });
  onTestFinished(() => session.close());
  session.received(encode(WELCOME));
  await until(() => messages.some(({ type }) => type === 'ready'));
  const weights = new Uint8Array(HEADER_BYTES + 4 * layout.total);
  writeHeader(weights, { type: FRAME_WEIGHTS, node: 0, chunk: 0, step: 0 }, 4 * layout.total);
  session.received(weights);
  await until(() => messages.some(({ type }) => type === 'synced'));
  return {
    session,
    sent: async (type: WorkerMessage['type']) => {
      await until(() => messages.some((message) => message.type === type));
      return messages.find((message) => message.type === type)!;
    },
    frames: () => frames,
    /** Samples of the first node, once it is computed or given up. */
    computed,
    /** The shard in hand is computed, once there is one. */
    async computes() {
      await until(() => release !== undefined);
      release!();
      release = undefined;
    },
    /** A shard is in hand. */
    computing: () => until(() => release !== undefined),
  };
}

const batchOf = (count: number): Batch => ({
  count,
  x: new Uint8Array(count),
  y: new Uint8Array(count),
});

describe('a lease that is taken back', () => {
  it('is not computed to its end: what was computed is told, and no gradient is sent', async () => {
    const { session, computes, computing, sent, frames } = await worker();
    session.received(encode(lease(2)));
    for (let shard = 0; shard < 3; shard++) await computes();
    await computing();
    session.received(encode({ type: 'cancel', step: 0, node: 2 }));
    await computes();
    expect(await sent('contribution')).toMatchObject({ step: 0, node: 2, samples: 4 * SAMPLES });
    expect(frames()).toBe(0);
  });

  it('is dropped where its samples had not come yet', async () => {
    let arrive: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const assemble = async (count: number) => {
      await arrived;
      return batchOf(count);
    };
    const { session, sent } = await worker({ assemble });
    session.received(encode(lease(2)));
    session.received(encode({ type: 'cancel', step: 0, node: 2 }));
    arrive();
    expect(await sent('dropped')).toEqual({ type: 'dropped', step: 0, node: 2 });
  });

  it('is dropped at once where it had not been begun', async () => {
    const { session, computing, sent } = await worker();
    session.received(encode(lease(2)));
    session.received(encode(lease(3)));
    await computing();
    session.received(encode({ type: 'cancel', step: 0, node: 3 }));
    expect(await sent('dropped')).toEqual({ type: 'dropped', step: 0, node: 3 });
  });

  it('with its connection leaves the engine to the next one, after the shard in hand', async () => {
    const { session, computes, computing, computed } = await worker();
    session.received(encode(lease(2)));
    await computes();
    await computing();
    session.close();
    await computes();
    expect(await computed).toBe(2 * SAMPLES);
  });

  it('does not disturb the one that is computed', async () => {
    const { session, computes, sent, frames } = await worker();
    session.received(encode(lease(2)));
    session.received(encode(lease(3)));
    await computes();
    session.received(encode({ type: 'cancel', step: 0, node: 3 }));
    for (let shard = 1; shard < SHARDS; shard++) await computes();
    expect(await sent('contribution')).toMatchObject({ node: 2, samples: SHARDS * SAMPLES });
    expect(frames()).toBe(1);
  });
});

/** A lease that is foreseen: gathered and computed before it has come, and told of only if it comes. */
import { describe, expect, it } from 'vitest';
import type { ComputedNode } from '../../engine/compute.js';
import type { Batch, Shard } from '../../engine/engine.js';
import { layoutOf } from '../../shared/numerics/layout.js';
import { mix } from '../../shared/numerics/random.js';
import { decodeWorkerMessage } from '../../shared/protocol/codec.js';
import type { Lease, WorkerMessage } from '../../shared/protocol/messages.js';
import { limitsOf } from '../../test/support/simulation/limits.js';
import type { RunMaterial } from '../data/material.js';
import { Outbox } from '../sending/outbox.js';
import { type UploadSocket, Uploads } from '../sending/uploads.js';
import { WeightVersions } from '../weights/weight-versions.js';
import { GradientBuffers } from './gradient-buffers.js';
import { TaskRunner } from './task-runner.js';

const SEED = 9;
const RECORDS = 1000;
const layout = layoutOf([{ name: 'weights', shape: [3], trainable: true }]);

/** All of a step of 8 samples, in two shards. */
function lease(step: number, change: Partial<Lease> = {}): Lease {
  const bounds = [0, 4, 8].map((bound) => bound + 8 * step);
  return {
    type: 'lease',
    step,
    epoch: 0,
    node: 1,
    firstShard: 0,
    bounds,
    fromChunk: 0,
    window: 1,
    ...change,
  };
}

interface Call {
  /** The weights with which it is computed, by their first element. */
  weights: number;
  /** The first position of each shard, and its seed. */
  shards: { first: number; seed: number }[];
  stop: AbortSignal;
  answer(sums?: Partial<ComputedNode>): void;
}

function setup() {
  const messages: WorkerMessage[] = [];
  const frames: number[] = [];
  const calls: Call[] = [];
  const gathered: number[] = [];
  let loaded = -1;
  const socket: UploadSocket = {
    send: (bytes) => void messages.push(decodeWorkerMessage(bytes)),
    sendFrame: (_header, _body, flushed) => {
      frames.push(calls.length);
      flushed();
    },
    bufferedBytes: () => 0,
  };
  const material: RunMaterial = {
    layout,
    train: {
      async assemble(indices) {
        gathered.push(indices[0]!);
        return batchOf(indices);
      },
    },
    test: { range: async (from, to) => batchOf(Uint32Array.from({ length: to - from })) },
    limits: limitsOf(layout, RECORDS),
    order: () => Uint32Array.from({ length: RECORDS }, (_, i) => i),
    compute: {
      ...{ name: 'patient', engineClass: 'patient@1', reason: 'the only one' },
      allocate: (elements) => new Float32Array(elements),
      async setWeights([first]) {
        loaded = first!;
      },
      computeNode: (shards: readonly Shard[], _into, stop) =>
        new Promise((resolve) => {
          calls.push({
            weights: loaded,
            shards: shards.map(({ batch, seed }) => ({ first: (batch.x as Int32Array)[0]!, seed })),
            stop: stop!,
            answer: (sums) => resolve({ samples: 8, loss: 1, metric: 1, computeMs: 2, ...sums }),
          });
        }),
      evaluate: async () => ({ loss: 1, metric: 1 }),
      close: async () => undefined,
    },
  };
  const weights = new WeightVersions(material);
  const gradients = new GradientBuffers(layout.total, socket, material.compute.allocate);
  const uploads = new Uploads(layout, socket, (gradient) => gradients.giveBack(gradient));
  const outbox = new Outbox(socket, (error) => expect.unreachable(String(error)));
  const runner = new TaskRunner({
    ...{ material, weights, gradients, uploads, outbox, seed: SEED },
    clock: { now: () => 0 },
    fail: (error) => expect.unreachable(String(error)),
  });
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    ...{ runner, messages, frames, calls, gathered, settle },
    async hold(version: number) {
      weights.hold('current', version, new Float32Array(layout.total).fill(version));
      uploads.dropBefore(version);
      runner.weightsCame('current');
      await settle();
    },
    contributions: () =>
      messages.flatMap((message) => (message.type === 'contribution' ? [message.step] : [])),
  };
}

function batchOf(indices: Uint32Array): Batch {
  return { count: indices.length, x: Int32Array.from(indices), y: new Uint8Array(indices.length) };
}

/** A worker to which six steps have come as foreseen. @param computeMs what each of them took */
async function sure(computeMs = 2) {
  const worker = setup();
  for (let step = 0; step < 6; step++) {
    await worker.hold(step);
    worker.runner.lease(lease(step));
    await worker.settle();
    worker.calls[step]!.answer({ computeMs });
    await worker.settle();
  }
  expect(worker.contributions()).toEqual([0, 1, 2, 3, 4, 5]);
  return worker;
}

describe('a lease that is foreseen', () => {
  it('has its samples gathered while the one before is computed', async () => {
    const { runner, hold, gathered, settle } = setup();
    for (const step of [0, 1]) {
      await hold(step);
      runner.lease(lease(step));
      await settle();
    }
    expect(gathered).toEqual([0, 4, 8, 12]);
  });

  it('is computed once its weights are here, as if it had come, and sent when it comes', async () => {
    const { runner, hold, calls, frames, contributions, settle, gathered } = await sure();
    await hold(6);
    expect(calls).toHaveLength(7);
    expect(calls[6]).toMatchObject({
      weights: 6,
      shards: [
        { first: 48, seed: mix(SEED, 6, 0) },
        { first: 52, seed: mix(SEED, 6, 1) },
      ],
    });
    calls[6]!.answer();
    await settle();
    expect([contributions().length, frames.length]).toEqual([6, 6]);
    runner.lease(lease(6));
    await settle();
    expect([contributions().at(-1), contributions().length, frames.length]).toEqual([6, 7, 7]);
    expect(calls).toHaveLength(7);
    expect(gathered.filter((first) => first === 48)).toHaveLength(1);
  });

  it('is sent when it is computed, where it comes before that', async () => {
    const { runner, hold, calls, contributions, settle, gathered } = await sure();
    await hold(6);
    runner.lease(lease(6));
    await settle();
    expect(contributions()).toHaveLength(6);
    // What comes next is gathered meanwhile.
    expect(gathered.slice(-2)).toEqual([56, 60]);
    calls[6]!.answer();
    await settle();
    expect(contributions().slice(6)).toEqual([6]);
    await hold(7);
    expect(calls).toHaveLength(8);
  });

  it.each<[string, (worker: Awaited<ReturnType<typeof sure>>) => unknown]>([
    ['another lease', ({ runner }) => runner.lease(lease(6, { bounds: [48, 51, 56] }))],
    [
      'an evaluation',
      ({ runner }) =>
        runner.evaluate({ type: 'evaluate', version: 6, part: 0, from: 0, to: 2, weights: 'current' }),
    ],
    ['newer weights', ({ hold }) => hold(7)],
    ['the end of the connection', ({ runner }) => runner.close()],
  ])('is given up, and nobody hears of it, where %s comes instead', async (_what, come) => {
    const worker = await sure();
    const { hold, calls, settle, messages, contributions } = worker;
    await hold(6);
    expect(calls[6]!.stop.aborted).toBe(false);
    await come(worker);
    expect(calls[6]!.stop.aborted).toBe(true);
    calls[6]!.answer({ samples: 4 });
    await settle();
    expect(contributions()).toHaveLength(6);
    expect(messages.filter(({ type }) => type === 'dropped')).toEqual([]);
  });

  it('gives way to the lease that comes instead, which is computed with its own samples', async () => {
    const { runner, hold, calls, settle, contributions } = await sure();
    await hold(6);
    runner.lease(lease(6, { bounds: [48, 51, 56] }));
    calls[6]!.answer();
    await settle();
    expect(calls[7]!.shards.map(({ first }) => first)).toEqual([48, 51]);
    calls[7]!.answer();
    await settle();
    expect(contributions().slice(6)).toEqual([6]);
  });

  it('can be canceled once it has come: what was computed is told, and no gradient is sent', async () => {
    const { runner, hold, calls, frames, settle, messages } = await sure();
    await hold(6);
    runner.lease(lease(6));
    runner.cancel({ type: 'cancel', step: 6, node: 1 });
    calls[6]!.answer({ samples: 4 });
    await settle();
    expect(messages.at(-1)).toMatchObject({ type: 'contribution', step: 6, samples: 4 });
    expect(frames).toHaveLength(6);
  });

  it('is waited for where a step takes long: what is begun for nothing would keep the engine', async () => {
    const { hold, calls } = await sure(1000);
    await hold(6);
    expect(calls).toHaveLength(6);
  });

  it('is waited for as long as it is not as good as sure', async () => {
    const { runner, hold, calls, settle } = setup();
    for (const step of [0, 1, 2]) {
      await hold(step);
      runner.lease(lease(step));
      await settle();
      calls[step]!.answer();
      await settle();
    }
    await hold(3);
    expect(calls).toHaveLength(3);
  });
});

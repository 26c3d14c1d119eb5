/** Compute workers that do what the test says: the watch over one on a GPU, and lanes of others. No browser needed. */
import { describe, expect, it } from 'vitest';
import type { Shard } from '../../../engine/engine.js';
import { AwakeTime } from '../../../engine/lanes/awake-time.js';
import type { CallRequest } from '../../../engine/remote.js';
import type { ComputeSubject } from '../../../worker/data/material.js';
import type { ComputeSays, ComputeStart } from '../compute-worker.js';
import type { ComputePort } from './remote-engine.js';
import { startTabCompute, type TabComputeOptions } from './start-compute.js';

/** Starts as whatever is wanted; computes contributions of sevens for each shard; falls silent or dies when told. */
class ScriptedWorker implements ComputePort {
  readonly requests: CallRequest[] = [];
  started: ComputeStart | undefined;
  isTerminated = false;
  /** What to do with the next node. */
  behavior: 'compute' | 'hang' | 'lose' | 'fail' = 'compute';
  private say: (event: { data: ComputeSays }) => void = () => undefined;

  constructor(private readonly engine: string) {}

  addEventListener(type: string, listener: (event: never) => void): void {
    if (type === 'message') this.say = listener as never;
  }

  postMessage(message: unknown): void {
    queueMicrotask(() => this.receive(message as ComputeStart | CallRequest));
  }

  terminate(): void {
    this.isTerminated = true;
  }

  private receive(message: ComputeStart | CallRequest): void {
    if (this.isTerminated) return;
    if (!('call' in message)) {
      this.started = message;
      const name = message.wanted === 'auto' ? this.engine : message.wanted;
      const tried = message.subject.probe ? [{ name, shardMs: 1 }] : [];
      this.say({ data: { started: { name, engineClass: `${name}@1`, reason: 'only one', tried } } });
      return;
    }
    this.requests.push(message);
    if (message.call !== 'computeNode') return this.say({ data: { id: message.id, result: undefined } });
    const { length } = message.shards;
    const sums = { samples: 4 * length, loss: length, metric: 2 * length };
    switch (this.behavior) {
      case 'compute': {
        const contribution = new Float32Array(message.into as number).fill(7 * length);
        return this.say({ data: { id: message.id, result: { ...sums, contribution } } });
      }
      case 'lose':
        return this.say({ data: { lost: 'the WebGL context was lost' } });
      case 'fail':
        return this.say({ data: { id: message.id, error: { message: 'no memory', exitCode: undefined } } });
      case 'hang':
    }
  }
}

const SUBJECT = {
  model: { weights: [] },
  manifest: {},
  probe: {},
  shardSamples: 4,
} as unknown as ComputeSubject;
const shard = { batch: { count: 4, x: new Uint8Array(4), y: new Uint8Array(4) }, seed: 1 } as Shard;

function tab(engine: string, options: Partial<TabComputeOptions> = {}) {
  const workers: ScriptedWorker[] = [];
  const time = new AwakeTime(() => undefined);
  const failures = { gpu: 0 };
  const rests: number[] = [];
  const told: string[] = [];
  let now = 0;
  return {
    workers,
    time,
    failures,
    rests,
    told,
    pass: (ms: number) => {
      now += ms;
    },
    start: () =>
      startTabCompute(SUBJECT, 'auto', {
        coordinator: 'http://coordinator',
        cores: 1,
        memoryBytes: 2 ** 40,
        spawn: () => {
          const gpuIsOff = failures.gpu >= 2;
          const worker = new ScriptedWorker(gpuIsOff ? 'eager/wasm' : engine);
          workers.push(worker);
          return worker;
        },
        isShared: false,
        failures,
        time,
        now: () => now,
        wait: async (ms) => {
          rests.push(ms);
          now += ms;
        },
        dutyCycle: () => 1,
        computed: () => undefined,
        told: (sentence) => told.push(sentence),
        ...options,
      }),
  };
}

describe('an engine on a GPU', () => {
  it('computes, and gives the contribution back where memory cannot be shared', async () => {
    const { start } = tab('eager/webgl');
    const compute = await start();
    const into = compute.allocate(3);
    expect(await compute.computeNode([shard], into)).toEqual({ samples: 4, loss: 1, metric: 2 });
    expect(Array.from(into)).toEqual([7, 7, 7]);
  });

  it.each(['lose', 'fail'] as const)(
    'repeats what was in hand in a new worker, with the same weights: %s',
    async (behavior) => {
      const { start, workers } = tab('eager/webgl');
      const compute = await start();
      await compute.setWeights(Float32Array.of(1, 2, 3));
      workers[0]!.behavior = behavior;
      const into = compute.allocate(3);
      expect((await compute.computeNode([shard], into)).samples).toBe(4);
      expect(Array.from(into)).toEqual([7, 7, 7]);
      expect(workers[0]!.isTerminated).toBe(true);
      expect(workers[1]!.started).toMatchObject({ wanted: 'eager/webgl', withGpu: true });
      expect(workers[1]!.requests.map(({ call }) => call)).toEqual(['setWeights', 'computeNode']);
      expect(workers[1]!.requests[0]).toMatchObject({ weights: Float32Array.of(1, 2, 3) });
    },
  );

  it('does not wait for ever for a worker that hangs, but for as long as it is awake', async () => {
    const { start, workers, time, failures } = tab('eager/webgl');
    const compute = await start();
    workers[0]!.behavior = 'hang';
    const done = compute.computeNode([shard], compute.allocate(3));
    await Promise.resolve();
    time.tick(3_600_000);
    await Promise.resolve();
    expect(failures.gpu).toBe(0);
    for (let second = 0; second < 200; second++) time.tick(1000);
    expect((await done).samples).toBe(4);
    expect(failures.gpu).toBe(1);
  });

  it('gives up a GPU that was lost twice, and computes without it when asked again', async () => {
    const { start, workers } = tab('eager/webgl');
    const compute = await start();
    for (const number of [0, 1]) {
      workers[number]!.behavior = 'lose';
      const result = compute.computeNode([shard], compute.allocate(3));
      if (number === 0) await result;
      else await expect(result).rejects.toThrow('eager/webgl failed 2 times (the WebGL context was lost)');
    }
    const again = await start();
    expect(workers.at(-1)!.started).toMatchObject({ withGpu: false });
    expect(again.name).toBe('eager/wasm');
  });

  it('rests as the duty cycle asks, after what it has idled already', async () => {
    const { start, rests, pass } = tab('eager/wasm', {
      dutyCycle: () => 0.25,
      // Every node takes 100 ms.
      computed: () => undefined,
    });
    const compute = await start();
    const node = async () => {
      const done = compute.computeNode([shard], compute.allocate(3));
      await Promise.resolve();
      pass(100);
      await done;
    };
    await node();
    await node();
    pass(120);
    await node();
    expect(rests).toEqual([300, 180]);
  });
});

describe('engines on the processor', () => {
  const shards = (count: number) => Array.from({ length: count }, () => shard);
  /** Lets messages go to and fro. */
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

  it('are as many as its owner gives cores, each with the weights; the tree adds what they send', async () => {
    const { start, workers, told } = tab('compiled/wasm', { cores: 3 });
    const compute = await start();
    await settle();
    expect(compute.lanes).toBe(3);
    expect(compute.reason).toBe('3 cores of only one');
    // Only the first is compared and timed.
    expect(workers.map(({ started }) => [started!.wanted, 'probe' in started!.subject])).toEqual([
      ['auto', true],
      ['compiled/wasm', false],
      ['compiled/wasm', false],
    ]);
    await compute.setWeights(Float32Array.of(1, 2, 3));
    const into = compute.allocate(3);
    expect(await compute.computeNode(shards(8), into)).toMatchObject({ samples: 32, loss: 8, metric: 16 });
    expect([...into]).toEqual([56, 56, 56]);
    for (const { requests } of workers) {
      expect(requests[0]).toMatchObject({ call: 'setWeights', weights: Float32Array.of(1, 2, 3) });
      expect(requests[1]).toMatchObject({ call: 'computeNode', into: 3 });
    }
    expect(told).toEqual([]);
  });

  it('add in shared memory where there is some, each a part', async () => {
    const { start, workers } = tab('compiled/wasm', { cores: 2, isShared: true });
    const compute = await start();
    await settle();
    const into = compute.allocate(2 ** 18);
    expect(into.buffer).toBeInstanceOf(SharedArrayBuffer);
    await compute.computeNode(shards(2), into);
    for (const { requests } of workers) {
      expect(requests.map(({ call }) => call)).toEqual(['computeNode', 'add']);
      expect((requests[0] as { into: Float32Array }).into.buffer).toBeInstanceOf(SharedArrayBuffer);
    }
  });

  it('do the work of one that fails, of which the owner hears', async () => {
    const { start, workers, told } = tab('compiled/wasm', { cores: 2 });
    const compute = await start();
    await settle();
    workers[1]!.behavior = 'fail';
    const into = compute.allocate(3);
    expect(await compute.computeNode(shards(4), into)).toMatchObject({ samples: 16 });
    expect([...into]).toEqual([28, 28, 28]);
    expect(workers[1]!.isTerminated).toBe(true);
    expect(told).toEqual(['Core 2 failed (no memory): 1 of 2 cores are left.']);
  });

  it('do the work of one that hangs, as long as the tab was awake', async () => {
    const { start, workers, told, time } = tab('compiled/wasm', { cores: 2 });
    const compute = await start();
    await settle();
    workers[1]!.behavior = 'hang';
    const into = compute.allocate(3);
    const done = compute.computeNode(shards(4), into);
    await settle();
    time.tick(3_600_000);
    expect(told).toEqual([]);
    for (let second = 0; second < 200; second++) time.tick(1000);
    expect(await done).toMatchObject({ samples: 16 });
    expect(workers[1]!.isTerminated).toBe(true);
    expect(told).toEqual(['Core 2 failed (it did not answer for 180 s): 1 of 2 cores are left.']);
  });

  it('are fewer where memory has no room for them, of which the owner hears', async () => {
    const { start, told } = tab('compiled/wasm', { cores: 4, memoryBytes: 2 ** 30 });
    expect((await start()).lanes).toBe(3);
    expect(told).toEqual([
      '3 of 4 cores: another one needs about 268 MB; of the 1074 MB of memory that it may use, 537 MB stay free.',
    ]);
  });

  it('are not started where the engine is one of the GPU', async () => {
    const { start, workers, told } = tab('eager/webgl', { cores: 4 });
    expect((await start()).lanes).toBeUndefined();
    expect(workers[0]!.started!.lanes).toBe(4);
    expect([workers.length, told]).toEqual([1, []]);
  });

  it('fail together when none is left, for the reason of the last', async () => {
    const { start, workers } = tab('compiled/wasm', { cores: 2 });
    const compute = await start();
    await settle();
    for (const worker of workers) worker.behavior = 'fail';
    await expect(compute.computeNode(shards(2), compute.allocate(3))).rejects.toThrow(
      'no lane is left: no memory',
    );
  });
});

/** The watch over the compute worker, on a worker that does what the test says. No browser needed. */
import { describe, expect, it } from 'vitest';
import type { Shard } from '../../engine/engine.js';
import { AwakeTime } from '../../engine/lanes/awake-time.js';
import type { CallRequest } from '../../engine/remote.js';
import type { ComputeSubject } from '../../worker/data/material.js';
import type { ComputeSays, ComputeStart } from './compute-worker.js';
import { type GuardOptions, startGuarded } from './guarded-compute.js';
import type { ComputePort } from './remote-engine.js';

/** Starts as whatever is wanted; computes contributions full of `value`; falls silent or dies when told. */
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
    const sums = { samples: 4, loss: 1, metric: 2 };
    switch (this.behavior) {
      case 'compute': {
        const contribution = new Float32Array(message.into as number).fill(7);
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

const SUBJECT = { model: {}, manifest: {}, probe: {}, shardSamples: 4 } as unknown as ComputeSubject;
const shard = { batch: { count: 4, x: new Uint8Array(4), y: new Uint8Array(4) }, seed: 1 } as Shard;

function guarded(engine: string, options: Partial<GuardOptions> = {}) {
  const workers: ScriptedWorker[] = [];
  const time = new AwakeTime(() => undefined);
  const failures = { gpu: 0, processor: 0 };
  const rests: number[] = [];
  let now = 0;
  return {
    workers,
    time,
    failures,
    rests,
    pass: (ms: number) => {
      now += ms;
    },
    start: () =>
      startGuarded(SUBJECT, 'auto', {
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
        lost: () => undefined,
        ...options,
      }),
  };
}

describe('a guarded engine', () => {
  it('computes, and gives the contribution back where memory cannot be shared', async () => {
    const { start } = guarded('eager/webgl');
    const compute = await start();
    const into = compute.allocate(3);
    expect(await compute.computeNode([shard], into)).toEqual({ samples: 4, loss: 1, metric: 2 });
    expect(Array.from(into)).toEqual([7, 7, 7]);
  });

  it.each(['lose', 'fail'] as const)(
    'repeats what was in hand in a new worker, with the same weights: %s',
    async (behavior) => {
      const { start, workers } = guarded('eager/webgl');
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
    const { start, workers, time, failures } = guarded('eager/webgl');
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
    const { start, workers } = guarded('eager/webgl');
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

  it('says that the device cannot compute the model when its processor fails twice', async () => {
    const { start, workers } = guarded('eager/wasm');
    const compute = await start();
    workers[0]!.behavior = 'fail';
    await compute.computeNode([shard], compute.allocate(3));
    workers[1]!.behavior = 'fail';
    await expect(compute.computeNode([shard], compute.allocate(3))).rejects.toMatchObject({
      name: 'UserError',
      message: 'this device cannot compute this model: eager/wasm failed 2 times (no memory)',
    });
  });

  it('rests as the duty cycle asks, after what it has idled already', async () => {
    const { start, rests, pass } = guarded('eager/wasm', {
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

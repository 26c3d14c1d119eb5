/** The pool on lanes that do what the test says, in the order that it says. No threads. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../shared/user-error.js';
import { addRange, NodeComputer } from '../compute-node.js';
import type { Engine, Shard } from '../engine.js';
import { AwakeTime } from './awake-time.js';
import type { Lane } from './lane.js';
import { LanePool } from './lane-pool.js';

const LENGTH = 3;

/** The gradient of a shard is a function of its seed and of the weights. */
class PlainEngine implements Engine {
  readonly name = 'plain';
  readonly engineClass = 'plain@1';
  private weight = Number.NaN;

  async setWeights(weights: Float32Array): Promise<void> {
    this.weight = weights[0]!;
  }

  async gradient(batch: Shard['batch'], seed: number, into: Float32Array) {
    for (let i = 0; i < LENGTH; i++) into[i] = Math.fround(Math.sin(seed * 7 + i) * 1000 + this.weight);
    return { loss: Math.sin(seed), metric: batch.count };
  }

  async evaluate(batch: Shard['batch']) {
    return { loss: this.weight, metric: batch.count };
  }

  dispose(): void {}
}

/** What a lane was asked and has not answered. */
interface Asked {
  lane: StubLane;
  what: string;
  /** Where it writes. */
  into: Float32Array | undefined;
  answer(): Promise<void>;
  fail(error: Error): void;
}

class StubLane implements Lane {
  readonly engineClass = 'plain@1';
  isClosed = false;
  private readonly engine = new PlainEngine();
  private readonly computer = new NodeComputer(this.engine);

  constructor(private readonly asked: Asked[]) {}

  setWeights(weights: Float32Array) {
    return this.ask('setWeights', () => this.engine.setWeights(weights));
  }

  computeNode(shards: readonly Shard[], into: Float32Array, stop?: AbortSignal) {
    const compute = () => this.computer.compute(shards, into, async () => stop?.aborted ?? false);
    return this.ask('computeNode', compute, into);
  }

  add(sum: Parameters<Lane['add']>[0]) {
    return this.ask('add', async () => addRange(sum), sum.into);
  }

  evaluate(batch: Shard['batch']) {
    return this.ask('evaluate', () => this.engine.evaluate(batch));
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  private ask<T>(what: string, compute: () => Promise<T>, into?: Float32Array): Promise<T> {
    return new Promise((resolve, reject) => {
      const answer = () => compute().then(resolve, reject);
      const fail = (error: Error) => {
        // One that fails may have written anything.
        into?.fill(Number.NaN);
        reject(error);
      };
      this.asked.push({ lane: this, what, into, answer, fail });
    });
  }
}

function poolOf(count: number, startFails: () => Error | undefined = () => undefined) {
  const asked: Asked[] = [];
  const lines: string[] = [];
  const time = new AwakeTime(() => undefined);
  let now = 0;
  const pool = new LanePool({
    engine: { name: 'plain', engineClass: 'plain@1', reason: 'the only one' },
    first: new StubLane(asked),
    count,
    start: async () => {
      const error = startFails();
      if (error) throw error;
      return new StubLane(asked);
    },
    allocate: (elements) => new Float32Array(elements),
    time,
    now: () => now,
    log: (line) => lines.push(line),
  });
  const pass = (ms: number) => {
    now += ms;
  };
  /** Lets what can happen without an answer happen. */
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  /** Answers all calls, in the order in which they come, until nothing is asked any more. */
  const answerAll = async () => {
    for (await settle(); asked.length > 0; await settle()) await asked.shift()!.answer();
  };
  const load = async (weight: number) => {
    const done = pool.setWeights(new Float32Array(LENGTH).fill(weight));
    await answerAll();
    await done;
  };
  return { pool, asked, lines, time, pass, settle, answerAll, load };
}

const shardsOf = (counts: readonly number[]): Shard[] =>
  counts.map((count, seed) => ({
    batch: { count, x: new Uint8Array(count), y: new Uint8Array(count) },
    seed,
  }));

/** By one engine, one shard after the other. */
async function alone(counts: readonly number[], weight: number) {
  const engine = new PlainEngine();
  await engine.setWeights(new Float32Array(LENGTH).fill(weight));
  const into = new Float32Array(LENGTH).fill(Number.NaN);
  const sums = await new NodeComputer(engine).compute(shardsOf(counts), into);
  return { into: [...into], sums };
}

const counts = fc
  .integer({ min: 0, max: 5 })
  .chain((levels) => fc.array(fc.nat(3), { minLength: 2 ** levels, maxLength: 2 ** levels }));
const lanes = fc.integer({ min: 1, max: 9 });
/** Which of the calls that wait is answered next, and whether its lane dies of it instead. */
const fates = fc.infiniteStream(fc.record({ which: fc.nat(50), dies: fc.integer({ min: 0, max: 9 }) }));

describe('the lanes of a machine', () => {
  it('give the bits of one lane, however many there are and in whichever order they answer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(counts, { minLength: 1, maxLength: 3 }),
        lanes,
        fates,
        async (nodes, count, fates) => {
          const { pool, asked, settle, load } = poolOf(count);
          await load(5);
          const results = nodes.map((node) => {
            const into = new Float32Array(LENGTH).fill(Number.NaN);
            return pool.computeNode(shardsOf(node), into).then((sums) => ({ into: [...into], sums }));
          });
          for (await settle(); asked.length > 0; await settle())
            await asked.splice(fates.next().value.which % asked.length, 1)[0]!.answer();
          for (const [i, { into, sums }] of (await Promise.all(results)).entries()) {
            const expected = await alone(nodes[i]!, 5);
            expect({ into, sums }).toEqual({ into: expected.into, sums: { ...expected.sums, computeMs: 0 } });
          }
        },
      ),
    );
  });

  it('lose time and no bits when lanes die, as long as one is left', async () => {
    let deaths = 0;
    await fc.assert(
      fc.asyncProperty(counts, lanes, fates, async (node, count, fates) => {
        const { pool, asked, lines, settle, load } = poolOf(count);
        await load(5);
        const into = new Float32Array(LENGTH).fill(Number.NaN);
        const result = pool.computeNode(shardsOf(node), into);
        const outcome = result.then(
          (sums) => ({ sums }),
          (error: Error) => ({ error }),
        );
        for (await settle(); asked.length > 0; await settle()) {
          const { which, dies } = fates.next().value;
          const [call] = asked.splice(which % asked.length, 1);
          if (dies > 2) await call!.answer();
          else {
            // A dead lane answers none of its calls.
            for (let i = asked.length - 1; i >= 0; i--) if (asked[i]!.lane === call!.lane) asked.splice(i, 1);
            call!.fail(new Error('out of memory'));
            deaths++;
          }
        }
        const ended = await outcome;
        if ('error' in ended) {
          expect(ended.error.message).toBe('no lane is left: out of memory');
          expect(lines.filter((line) => line.includes(' 0 of '))).toHaveLength(1);
        } else {
          const { computeMs: _, ...sums } = ended.sums;
          expect({ into: [...into], sums }).toEqual(await alone(node, 5));
        }
      }),
    );
    expect(deaths).toBeGreaterThan(0);
  });

  it('share out the pieces of a node, and each lane takes another when it is done', async () => {
    const { pool, asked, settle, load, answerAll } = poolOf(3);
    await load(0);
    const result = pool.computeNode(shardsOf(Array(8).fill(1)), new Float32Array(LENGTH));
    await settle();
    expect(asked.map(({ what }) => what)).toEqual(['computeNode', 'computeNode', 'computeNode']);
    const [slow, ...others] = asked;
    for (const { answer } of asked.splice(1)) await answer();
    await settle();
    expect(asked.map(({ lane }) => lane)).toEqual([slow!.lane, ...others.map(({ lane }) => lane)]);
    await answerAll();
    expect(await result).toMatchObject({ samples: 8 });
  });

  it('compute two nodes beside each other where one has too few shards for all', async () => {
    const { pool, asked, settle, pass, load, answerAll } = poolOf(3);
    await load(0);
    const [one, two] = [1, 2].map((shards) =>
      pool.computeNode(shardsOf(Array(shards).fill(1)), new Float32Array(LENGTH)),
    );
    await settle();
    expect(asked).toHaveLength(3);
    pass(30);
    await answerAll();
    // Each counts the part of the time that was its own.
    expect((await one!).computeMs).toBeCloseTo(10);
    expect((await two!).computeMs).toBeCloseTo(20);
  });

  it('end a canceled node with the pieces in hand, and tell of what was computed', async () => {
    const { pool, asked, settle, load, answerAll } = poolOf(2);
    await load(0);
    const stop = new AbortController();
    const result = pool.computeNode(
      shardsOf([1, 1, 1, 1, 0, 0, 1, 1]),
      new Float32Array(LENGTH),
      stop.signal,
    );
    await settle();
    await asked.shift()!.answer();
    await settle();
    stop.abort();
    const begun = asked.length;
    await answerAll();
    expect(begun).toBeGreaterThan(0);
    const { samples } = await result;
    expect(samples).toBeGreaterThanOrEqual(4);
    expect(samples).toBeLessThan(6);
    // The lanes are free for the next one.
    const next = pool.computeNode(shardsOf([1, 1]), new Float32Array(LENGTH));
    await answerAll();
    expect(await next).toMatchObject({ samples: 2 });
  });

  it('leave a node that was canceled before it began', async () => {
    const { pool, load } = poolOf(2);
    await load(0);
    const result = pool.computeNode(shardsOf([1, 1]), new Float32Array(LENGTH), AbortSignal.abort());
    expect(await result).toMatchObject({ samples: 0 });
  });

  it('start a lane again that had computed something, give it the weights, and say so in one line', async () => {
    const { pool, asked, lines, settle, load, answerAll } = poolOf(1);
    await load(7);
    const first = pool.computeNode(shardsOf([1]), new Float32Array(LENGTH));
    await answerAll();
    await first;
    const into = new Float32Array(LENGTH);
    const second = pool.computeNode(shardsOf([1]), into);
    await settle();
    const [call] = asked.splice(0);
    call!.fail(new Error('bad allocation'));
    await answerAll();
    await second;
    expect([...into]).toEqual((await alone([1], 7)).into);
    expect(call!.lane.isClosed).toBe(true);
    expect(lines).toEqual(['lane 1 failed (bad allocation): it is started again']);
  });

  it('drop a lane that gets nothing done', async () => {
    const { pool, asked, lines, settle, load, answerAll } = poolOf(2);
    await load(7);
    const result = pool.computeNode(shardsOf([1, 1]), new Float32Array(LENGTH));
    await settle();
    asked.splice(1, 1)[0]!.fail(new Error('bad allocation'));
    await answerAll();
    expect(await result).toMatchObject({ samples: 2 });
    expect(lines).toEqual(['lane 2 failed (bad allocation): 1 of 2 lanes are left']);
  });

  it('drop a lane that cannot be started, or comes with another engine class', async () => {
    const { pool, lines, load, answerAll } = poolOf(3, () => new Error('no memory'));
    await load(7);
    const result = pool.computeNode(shardsOf([1, 1, 1, 1]), new Float32Array(LENGTH));
    await answerAll();
    expect(await result).toMatchObject({ samples: 4 });
    expect(lines).toEqual([
      'lane 2 failed (it could not be started: no memory): 2 of 3 lanes are left',
      'lane 3 failed (it could not be started: no memory): 1 of 3 lanes are left',
    ]);
  });

  it('give the work of a lane that does not answer to another, and use the memory of the first no more', async () => {
    const { pool, asked, lines, time, settle, load, answerAll } = poolOf(2);
    await load(7);
    const into = new Float32Array(LENGTH);
    const result = pool.computeNode(shardsOf([1, 1, 1, 1]), into);
    await settle();
    const [stalled] = asked.splice(1, 1);
    await answerAll();
    time.tick(1);
    for (let second = 0; second < 180; second++) time.tick(1000);
    await answerAll();
    await result;
    expect([...into]).toEqual((await alone([1, 1, 1, 1], 7)).into);
    expect(stalled!.lane.isClosed).toBe(true);
    expect(lines).toEqual(['lane 2 failed (it did not answer for 180 s): 1 of 2 lanes are left']);
    const next = pool.computeNode(shardsOf([1, 1]), into);
    await settle();
    const slots = asked.map(({ into }) => into);
    await stalled!.answer();
    expect(slots).not.toContain(stalled!.into);
    await answerAll();
    await next;
    expect([...into]).toEqual((await alone([1, 1], 7)).into);
  });

  it('fail a node whose gradient a lane that does not answer may still write to', async () => {
    const { pool, asked, time, settle, load, answerAll } = poolOf(2);
    await load(7);
    const result = expect(pool.computeNode(shardsOf([1]), new Float32Array(LENGTH))).rejects.toThrow(
      'may still write to the gradient',
    );
    await settle();
    asked.splice(0);
    time.tick(1);
    for (let second = 0; second < 180; second++) time.tick(1000);
    await result;
    const next = pool.computeNode(shardsOf([1]), new Float32Array(LENGTH));
    await answerAll();
    expect(await next).toMatchObject({ samples: 1 });
  });

  it('fail all that waits when none is left, with the reason of the last', async () => {
    const { pool, asked, settle, load } = poolOf(1);
    await load(7);
    const [shards] = [shardsOf([1])];
    const results = [
      pool.computeNode(shards, new Float32Array(LENGTH)),
      pool.evaluate(shards[0]!.batch),
      pool.computeNode(shards, new Float32Array(LENGTH)),
    ].map((result) => expect(result).rejects.toThrow('this device has no engine'));
    await settle();
    asked.shift()!.fail(new UserError('this device has no engine'));
    await Promise.all(results);
    await expect(pool.computeNode(shards, new Float32Array(LENGTH))).rejects.toThrow(UserError);
    await expect(pool.setWeights(new Float32Array(LENGTH))).rejects.toThrow(UserError);
  });

  it('evaluate parts beside each other', async () => {
    const { pool, asked, settle, load, answerAll } = poolOf(2);
    await load(3);
    const parts = [4, 5].map((count) => pool.evaluate(shardsOf([count])[0]!.batch));
    await settle();
    expect(asked).toHaveLength(2);
    await answerAll();
    expect(await Promise.all(parts)).toEqual([
      { loss: 3, metric: 4 },
      { loss: 3, metric: 5 },
    ]);
  });

  it('end with the pool: what waits fails, and no lane is started again', async () => {
    const { pool, asked, lines, settle, load } = poolOf(2);
    await load(3);
    const result = expect(pool.computeNode(shardsOf([1, 1]), new Float32Array(LENGTH))).rejects.toThrow(
      'closed',
    );
    await settle();
    const calls = asked.splice(0);
    await pool.close();
    await result;
    for (const { fail } of calls) fail(new Error('the thread ended'));
    await settle();
    expect(lines).toEqual([]);
    expect(asked).toEqual([]);
    expect(calls.every(({ lane }) => lane.isClosed)).toBe(true);
  });
});

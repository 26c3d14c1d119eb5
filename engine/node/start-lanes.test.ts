/** Real engines in threads of this process: the bits of one lane, and how many lanes there are. */
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { type Subject, subjectOf } from '../../test/support/compiled/subject.js';
import { zoo } from '../../test/support/compiled/zoo.js';
import { createProgram } from '../compiled/program.js';
import { createTracer } from '../compiled/trace/trace-source.js';
import { lanesFor } from '../lanes/lanes-for.js';
import { type EngineThread, startEngineThread } from './engine-thread.js';
import { type Machine, startLanes } from './start-lanes.js';

const dropout = () =>
  subjectOf({
    model: (tf, { inputShape, outputs, outputActivation }) =>
      tf.sequential({
        layers: [
          tf.layers.flatten({ inputShape }),
          tf.layers.dense({ units: 16, activation: 'relu' }),
          tf.layers.dropout({ rate: 0.4 }),
          tf.layers.dense({ units: outputs, activation: outputActivation }),
        ],
      }),
    x: { shape: [5, 4], dtype: 'uint8' },
  });

const SUBJECTS: Record<string, () => Promise<Subject>> = {
  mlp: () => zoo('mlp'),
  cnn: () => zoo('cnn'),
  'resnet, with batch normalization': () => zoo('resnet'),
  'an mlp with dropout': dropout,
};

/** Shards of unequal sizes, and some without samples. */
const NODES = [[3, 3, 5, 3], [3, 0, 5, 3, 0, 0, 5, 3], [5], [0, 0, 0, 3]];

/** As a coordinator does: else each lane would load TF.js and trace the model itself. */
async function programOf({ description, data }: Subject) {
  await tf.setBackend('cpu');
  const tracer = await createTracer(tf, description, data);
  const sizes = [3, 5].map((samples) => ({ kind: 'gradient', samples }) as const);
  return createProgram(sizes, (wanted) => tracer.trace(wanted));
}

async function start(subject: Subject, lanes: number, machine?: Partial<Machine>) {
  const lines: string[] = [];
  const pool = await startLanes({
    model: subject.description,
    manifest: subject.data,
    program: await programOf(subject),
    shardSamples: 3,
    wanted: 'compiled/cpu',
    lanes,
    log: (line) => lines.push(line),
    machine: {
      startThread: startEngineThread,
      used: () => 0,
      available: () => 2 ** 40,
      ...machine,
    },
  });
  await pool.started;
  return { pool, lines };
}

/** The hash of each node's gradient, with what came along. @param meanwhile is called while each is computed */
async function hashes(subject: Subject, lanes: number, machine?: Partial<Machine>, meanwhile?: () => void) {
  const { pool, lines } = await start(subject, lanes, machine);
  const weights = pool.allocate(subject.layout.total);
  weights.set(subject.weights);
  await pool.setWeights(weights);
  const into = pool.allocate(subject.layout.total);
  const found: unknown[] = [];
  for (const counts of NODES) {
    const shards = counts.map((count, seed) => ({ batch: subject.batch(count, seed), seed }));
    const result = pool.computeNode(shards, into);
    meanwhile?.();
    const { computeMs: _, ...sums } = await result;
    found.push({ sums, hash: createHash('sha256').update(new Uint8Array(into.buffer)).digest('hex') });
  }
  await pool.close();
  return { found, engineClass: pool.engineClass, lines };
}

describe('lanes of real engines', { timeout: 120_000 }, () => {
  it.each(Object.keys(SUBJECTS))('give the bits and the engine class of one lane: %s', async (name) => {
    const subject = await SUBJECTS[name]!();
    const one = await hashes(subject, 1);
    expect(new Set(one.found.map((node) => JSON.stringify(node))).size).toBe(NODES.length);
    for (const lanes of [2, 3]) expect(await hashes(subject, lanes)).toEqual(one);
  });

  it('give the same bits when a thread ends in the middle', async () => {
    const subject = await zoo('cnn');
    const threads: EngineThread[] = [];
    const machine: Partial<Machine> = {
      async startThread(options) {
        const thread = await startEngineThread(options);
        threads.push(thread);
        return thread;
      },
    };
    const expected = await hashes(subject, 1);
    let ended = 0;
    const { found, lines } = await hashes(subject, 2, machine, () => void threads[ended++ * 2]?.close());
    expect(found).toEqual(expected.found);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines[0]).toContain('failed');
  });
});

describe('how many lanes a worker has', () => {
  const need = { wanted: 4, needed: 1e9, available: 100e9 };
  const told = (engine: string, options: Partial<typeof need>) => {
    const lines: string[] = [];
    return { lanes: lanesFor(engine, { ...need, ...options, log: (line) => lines.push(line) }), lines };
  };

  it('is what was wanted', () => {
    expect(told('compiled/cpu', {})).toEqual({ lanes: 4, lines: [] });
  });

  it('is what memory has room for, which is told in one line', () => {
    const spare = 512 * 2 ** 20;
    expect(told('compiled/wasm', { available: 3e9 + spare })).toEqual({ lanes: 4, lines: [] });
    expect(told('compiled/wasm', { available: 3e9 + spare - 1 })).toEqual({
      lanes: 3,
      lines: [
        '3 of 4 lanes: another one needs about 1000 MB; of the 3537 MB of memory that it may use, 537 MB stay free',
      ],
    });
    expect(told('compiled/wasm', { available: 0 })).toMatchObject({ lanes: 1 });
  });

  it.each(['compiled/webgpu', 'eager/node', 'eager/node-gpu'])('is one of %s', (engine) => {
    expect(told(engine, {})).toEqual({
      lanes: 1,
      lines: [`1 lane instead of 4: ${engine} serves the whole machine by itself`],
    });
    expect(told(engine, { wanted: 1 })).toEqual({ lanes: 1, lines: [] });
  });

  it('is as many as fit, by what the first has taken', async () => {
    let used = 1e9;
    const { pool, lines } = await start(await zoo('mlp'), 5, {
      used: () => used,
      available: () => 512 * 2 ** 20 + 2.5e9,
      startThread: async (options) => {
        used += 1e9;
        return startEngineThread(options);
      },
    });
    expect(pool.lanes).toBe(3);
    expect(lines).toEqual([expect.stringMatching(/^3 of 5 lanes: another one needs about 100\d MB/)]);
    await pool.close();
  });
});

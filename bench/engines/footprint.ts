/**
 * What does an engine cost beside its steps? Trace, lowering and session of each model; start-up time and memory of
 * a process that computes, with TF.js and without; and whether its memory grows over 10,000 steps.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { lower } from '../../engine/compiled/lower.js';
import { createTracer } from '../../engine/compiled/trace/trace-source.js';
import { cpuRuntime } from '../../engine/node/compiled.js';
import { type BenchSubject, CASES, type Case, subjectOf } from '../support/cases.js';
import type { Bench, BenchResult } from '../support/question.js';
import type { Footprint, FootprintRequest } from './footprint-process.js';

/** Small, so that 11,000 steps take a minute. */
const LONG: Case[] = [
  { model: 'mlp', spec: 'mlp:128', shape: [784], classes: 10, kind: 'images', batch: 16 },
  { model: 'cnn', spec: 'cnn', shape: [12, 12, 1], classes: 10, kind: 'images', batch: 16 },
];
const FIRST = 1_000;
const MORE = 10_000;

export const footprint: Bench = {
  question:
    'what does an engine cost to start and to keep? (goals: 1 s to compile, no growth over 10,000 steps)',
  async run({ quick, log }) {
    const results: BenchResult[] = [];
    const add = (result: BenchResult) => {
      results.push(result);
      log(`  ${JSON.stringify(result)}`);
    };
    for (const own of CASES) add(await compileTimes(own));
    for (const engine of ['compiled/cpu', 'compiled/wasm', 'eager/wasm', 'eager/cpu']) {
      const subject = await subjectOf(LONG[0]!);
      const { startMs, rssMb } = await measure({ engine, subject, marks: [1] });
      add({ name: `start ${engine}`, engine, startMs, rssMb: rssMb[0]! });
    }
    const marks = quick ? [FIRST / 10, (FIRST + MORE) / 10] : [FIRST, FIRST + MORE];
    for (const own of LONG) {
      const { rssMb } = await measure({ engine: 'compiled/cpu', subject: await subjectOf(own), marks });
      const [before, after] = rssMb as [number, number];
      const name = `memory ${own.model}`;
      add({ name, model: own.model, steps: marks[1]! - marks[0]!, before, after, growthMb: after - before });
    }
    return results;
  },
};

async function compileTimes(own: Case): Promise<BenchResult> {
  const { model, manifest, shardSamples: samples } = await subjectOf(own);
  const runtime = await cpuRuntime();
  tf.enableProdMode();
  await tf.setBackend('cpu');
  const processor = process.cpuUsage();
  const times: number[] = [performance.now()];
  const tracer = await createTracer(tf, model, manifest);
  const graph = tracer.trace({ kind: 'gradient', samples });
  times.push(performance.now());
  const { bytes } = lower(graph, runtime.target);
  times.push(performance.now());
  const session = await runtime.ort.InferenceSession.create(bytes, runtime.session);
  times.push(performance.now());
  const { user, system } = process.cpuUsage(processor);
  tracer.dispose();
  await session.release();
  const [traceMs, lowerMs, sessionMs] = times.slice(1).map((time, i) => time - times[i]!);
  return {
    name: `compile ${own.model}`,
    model: own.model,
    traceMs: traceMs!,
    lowerMs: lowerMs!,
    sessionMs: sessionMs!,
    totalMs: times[3]! - times[0]!,
    // What a machine that others use too tells most surely.
    cpuMs: (user + system) / 1000,
  };
}

/** In a process of its own, which knows of the model what a worker does. */
async function measure(
  request: Omit<FootprintRequest, 'subject'> & { subject: BenchSubject },
): Promise<Footprint> {
  const script = fileURLToPath(new URL('./footprint-process.ts', import.meta.url));
  const started = performance.now();
  const child = fork(script, { execArgv: ['--import', 'tsx', '--expose-gc'], serialization: 'advanced' });
  try {
    child.send(request);
    return await new Promise<Footprint>((resolve, reject) => {
      let startMs = Number.NaN;
      child.on('message', (message) => {
        if (message === 'first step') startMs = performance.now() - started;
        else resolve({ ...(message as Footprint), startMs });
      });
      child.once('exit', (code) => reject(new Error(`the measured process ended (${code})`)));
    });
  } finally {
    child.kill();
  }
}

/**
 * What deaths and slow workers cost, on simulated time: thirty machines, 512 shards, nothing but computing and
 * latencies of 1 to 5 ms. The bench `faults` asks the same of real sockets, where the machine has its say.
 */
import { describe, expect, it, vi } from 'vitest';
import { layoutOf } from '../../../shared/numerics/layout.js';
import { Simulation } from '../../support/simulation/simulation.js';
import { testRun } from '../../support/simulation/test-run.js';
import { materialOf } from './counting-model.js';

const MACHINES = 30;
const SHARDS = 512;
const BATCH = 1024;
/** Samples a millisecond of a machine: a step computes for 0.4 s. */
const SPEED = 1 / 12;
const WARM_UP = 10;
const STEPS = 60;
const LATECOMER = 'latecomer';
const TIRED = 'machine 0';

interface Played {
  stepMs: number[];
  /** Steps of which the worker of this name computed a part that counts. */
  stepsOf(worker: string): number[];
}

async function play({ killEvery = 0, slow = 0, latecomer = false, tiring = false }): Promise<Played> {
  vi.useFakeTimers({ toFake: ['setInterval', 'setTimeout', 'clearInterval', 'clearTimeout'] });
  const layout = layoutOf([{ name: 'weights', shape: [100], trainable: true }]);
  const order = Uint32Array.from({ length: BATCH }, (_, i) => i % 96);
  const simulation = new Simulation(1, (machine) => materialOf(machine, layout, () => order), false);
  const stepMs: number[] = [];
  const stepsOf = new Map<string, Set<number>>();
  const { core, run } = testRun({
    ...{ layout, steps: WARM_UP + STEPS, batchSize: BATCH, shards: SHARDS, clock: simulation.clock },
    learningRate: 0,
    tell: (event) => {
      if (process.env.CHAOS_EVENTS) console.log(Math.round(simulation.clock.now()), event.text);
    },
    record: {
      step: ({ step }) => stepped(step),
      contribution: ({ name }) => {
        stepsOf.set(name, (stepsOf.get(name) ?? new Set()).add(stepMs.length));
      },
    },
  });
  simulation.core = core;
  simulation.every(10, () => core.swarm.look());
  simulation.every(2500, () => {
    for (const machine of simulation.machines) machine.heartbeat();
    core.swarm.sweep();
  });
  for (let i = 0; i < MACHINES; i++) simulation.start(`machine ${i}`, i < slow ? SPEED / 10 : SPEED);
  let [last, kills] = [0, 0];
  const stepped = (step: number) => {
    const now = simulation.clock.now();
    if (step > WARM_UP) stepMs.push(now - last);
    last = now;
    if (latecomer && step === WARM_UP) {
      // Its first lease finds it cold: it computes so long that others are asked for the same.
      const cold = simulation.start(LATECOMER, SPEED / 40);
      simulation.after(1000, () => {
        cold.speed = SPEED;
      });
    }
    if (tiring && step === WARM_UP) {
      for (const machine of simulation.machines) if (machine.name === TIRED) machine.speed = SPEED / 10;
    }
    if (killEvery === 0 || step < WARM_UP || kills >= Math.floor((step - WARM_UP) / killEvery)) return;
    kills++;
    simulation.after(simulation.random.between(0, 410), () => {
      const machines = [...simulation.machines];
      const victim = machines[simulation.random.below(machines.length)]!;
      victim.kill();
      simulation.start(`newcomer ${kills}`, victim.speed);
    });
  };
  await simulation.play(core.swarm.atLeast(MACHINES, new AbortController().signal));
  try {
    await simulation.play(run());
  } finally {
    vi.useRealTimers();
  }
  return { stepMs, stepsOf: (worker) => [...(stepsOf.get(worker) ?? [])] };
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const quantile = (values: number[], part: number) =>
  [...values].sort((a, b) => a - b)[Math.ceil(part * values.length) - 1]!;

let undisturbed: Promise<Played> | undefined;

describe('useful steps a second against the undisturbed run', () => {
  it.each([
    { name: 'a kill every 5.5 steps', fault: { killEvery: 5.5 }, least: 0.95 },
    { name: 'a kill every step', fault: { killEvery: 1 }, least: 0.8 },
    { name: 'every fifteenth worker ten times slower', fault: { slow: 2 }, least: 0.9 },
  ])('are at least $least of it with $name', async ({ name, fault, least }) => {
    undisturbed ??= play({});
    const { stepMs: calm } = await undisturbed;
    const { stepMs: wild } = await play(fault);
    const efficiency = mean(calm) / mean(wild);
    const tail = quantile(wild, 0.99) / quantile(wild, 0.5);
    console.log(
      `${name}: efficiency ${efficiency.toFixed(3)}, p99 ${tail.toFixed(2)} of the median step, ${mean(calm).toFixed(0)} ms undisturbed`,
    );
    if (process.env.CHAOS_EVENTS) console.log(wild.map(Math.round).join(' '));
    expect(efficiency).toBeGreaterThanOrEqual(least);
    if (fault.slow) expect(tail).toBeLessThanOrEqual(1.3);
  });
});

describe('a newcomer whose first share was slow', () => {
  it('is asked again soon, and then has a share of every step', async () => {
    const { stepsOf } = await play({ latecomer: true });
    const steps = stepsOf(LATECOMER);
    expect(steps.at(-1)).toBe(STEPS - 1);
    expect(steps.length).toBeGreaterThanOrEqual(STEPS / 2);
  });
});

describe('a worker that becomes ten times slower in the middle of the run', () => {
  it('is told to stop, and soon has a share again that it can compute in time', async () => {
    const { stepsOf } = await play({ tiring: true });
    expect(stepsOf(TIRED).length).toBeGreaterThanOrEqual(STEPS - 6);
  });
});

/**
 * What do deaths and slow workers cost? Thirty workers with real sockets whose engine sleeps in place of
 * computing, in a few processes. Efficiency: useful steps a second against the undisturbed run of the same
 * call. A worker that is killed is replaced at once, and joins as every newcomer does.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FaultReport } from './support/fault-coordinator.js';
import type { Bench, BenchResult } from './support/question.js';
import { median } from './support/statistics.js';

const WORKERS = 30;
const PROCESSES = 3;
const PARAMETERS = 20_000;
/** Seventeen shards a worker: a lost node can be shared by many others. */
const SHARDS = 512;
const BATCH = 2 * SHARDS;
/** So that a step computes for about 0.4 s: 1024 samples over thirty workers. */
const SAMPLE_MICROS = 12_000;

interface Disturbance {
  name: string;
  /** Steps from one kill to the next; 0: none. */
  stepsBetweenKills: number;
  /** Workers that are ten times slower, in all. */
  slow: number;
  goal: number;
}

const CASES: Disturbance[] = [
  { name: 'a kill every 5.5 steps', stepsBetweenKills: 5.5, slow: 0, goal: 95 },
  { name: 'a kill every step', stepsBetweenKills: 1, slow: 0, goal: 80 },
  { name: '5 % of workers ten times slower', stepsBetweenKills: 0, slow: 2, goal: 90 },
];

export const faults: Bench = {
  question:
    'what do deaths and slow workers cost? (goals: 95 % and 80 % efficiency; p99 step 1.3x the median)',
  async run({ quick, log }) {
    const steps = quick ? 30 : 100;
    const results: BenchResult[] = [];
    for (const disturbance of CASES) {
      // Before each case anew: a change in the machine's speed meets both.
      const calm = await measure({ name: 'undisturbed', stepsBetweenKills: 0, slow: 0, goal: 100 }, steps);
      const report = await measure(disturbance, steps);
      const p99 = (of: FaultReport) => quantile(of.stepMs, 0.99) / median(of.stepMs);
      results.push({
        name: disturbance.name,
        efficiencyPercent: (100 * mean(calm.stepMs)) / mean(report.stepMs),
        goalPercent: disturbance.goal,
        meanMs: mean(report.stepMs),
        undisturbedMs: mean(calm.stepMs),
        p99OverMedian: p99(report),
        // How quiet the machine itself was.
        undisturbedP99OverMedian: p99(calm),
        shardsReissued: report.reissued,
        speculated: report.speculated,
        shardsLost: report.expected - report.counted,
      });
      log(
        `  ${disturbance.name}: ${mean(report.stepMs).toFixed(0)} ms a step, ${mean(calm.stepMs).toFixed(0)} undisturbed`,
      );
    }
    return results;
  },
};

const quantile = (values: number[], part: number) =>
  [...values].sort((a, b) => a - b)[Math.ceil(part * values.length) - 1]!;
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

async function measure({ stepsBetweenKills, slow }: Disturbance, steps: number): Promise<FaultReport> {
  const children: ChildProcess[] = [];
  const start = (file: string, ...args: (string | number)[]): ChildProcess => {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const child = fork(path, args.map(String), { execArgv: ['--import', 'tsx'] });
    children.push(child);
    return child;
  };
  const coordinator = start('./support/fault-coordinator.ts', PARAMETERS, WORKERS, steps, BATCH, SHARDS);
  const workers: ChildProcess[] = [];
  let kills = 0;
  let lastStepAt = performance.now();
  const stepped = (step: number) => {
    const now = performance.now();
    const stepMs = Math.min(now - lastStepAt, 1000);
    lastStepAt = now;
    if (stepsBetweenKills === 0 || kills >= Math.floor(step / stepsBetweenKills)) return;
    kills = Math.floor(step / stepsBetweenKills);
    // At any instant of the step.
    setTimeout(() => workers[kills % PROCESSES]!.send('kill'), Math.random() * stepMs);
  };
  try {
    return await new Promise<FaultReport>((resolve, reject) => {
      coordinator.on('message', (message: { url?: string; step?: number; report?: FaultReport }) => {
        if (message.url) {
          for (let i = 0; i < PROCESSES; i++) {
            const slowHere = i < slow ? 1 : 0;
            const args = [message.url, PARAMETERS, WORKERS / PROCESSES, slowHere, SAMPLE_MICROS];
            workers.push(start('./support/fault-worker.ts', ...args));
          }
        }
        if (message.step !== undefined) stepped(message.step);
        if (message.report) resolve(message.report);
      });
      coordinator.on('exit', (code) => reject(new Error(`the coordinator of the bench ended (${code})`)));
    });
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

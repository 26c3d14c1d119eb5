/**
 * How fast is a step beside computing? Workers whose engine does nothing, in processes of their own: the
 * chunk pipeline of the product, against one message per whole gradient and per whole weights, and against PyTorch's
 * gloo in as many processes. Also tells the coordinator's memory and processor time.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Bench, BenchResult } from './support/question.js';
import { glooStep } from './support/rivals/gloo-step.js';
import type { CoordinatorReport } from './support/step-coordinator.js';

const SIZES = [100_000, 1_200_000, 25_000_000];
const WORKERS = [2, 4];
/** A goal of the project: two versions of the weights, optimizer state, and this much for all else. */
const MEMORY_ALLOWANCE_MB = 100;

export type Transport = 'chunks' | 'whole';

export const stepTime: Bench = {
  question:
    'how long does a step take beside computing, against one message per gradient, and against gloo? (goal: at most gloo)',
  async run({ quick, python, log }) {
    const results: BenchResult[] = [];
    for (const parameters of quick ? SIZES.slice(0, 2) : SIZES) {
      for (const workers of WORKERS) {
        const steps = Math.max(20, Math.min(300, Math.round(3e8 / parameters / workers / (quick ? 5 : 1))));
        const whole = await measure('whole', parameters, workers, steps);
        const chunks = await measure('chunks', parameters, workers, steps);
        const gloo = python === undefined ? undefined : await beside(python, parameters, { workers, steps });
        const weightsMb = (4 * parameters) / 1e6;
        results.push({
          name: `${parameters / 1e6}M parameters, ${workers} workers`,
          chunksMs: chunks.stepMs,
          wholeMs: whole.stepMs,
          ratio: whole.stepMs / chunks.stepMs,
          ...gloo,
          ...(gloo && { ofGloo: chunks.stepMs / gloo.glooMs }),
          coordinatorCpuMs: chunks.cpuMs,
          coordinatorMb: chunks.peakMb,
          // The weights in two versions, and one state vector: SGD with momentum.
          memoryGoalMb: 3 * weightsMb + MEMORY_ALLOWANCE_MB,
          coordinatorMbOfWhole: whole.peakMb,
        });
        log(
          `  ${results.at(-1)!.name}: ${chunks.stepMs.toFixed(1)} ms against ${whole.stepMs.toFixed(1)} ms${gloo ? `, gloo ${gloo.glooMs.toFixed(1)} ms` : ''}`,
        );
      }
    }
    return results;
  },
};

/** gloo's two ways, and the better one. */
async function beside(python: string, parameters: number, size: { workers: number; steps: number }) {
  const allReduce = await glooStep(python, 'allreduce', parameters, size);
  const broadcast = await glooStep(python, 'broadcast', parameters, size);
  return {
    glooAllReduceMs: allReduce.stepMs,
    glooBroadcastMs: broadcast.stepMs,
    glooMs: Math.min(allReduce.stepMs, broadcast.stepMs),
    glooCpuMs: Math.min(allReduce.cpuMs, broadcast.cpuMs),
  };
}

/** One coordinator process and its workers. */
async function measure(
  transport: Transport,
  parameters: number,
  workers: number,
  steps: number,
): Promise<CoordinatorReport> {
  const start = (file: string, ...args: (string | number)[]): ChildProcess =>
    fork(fileURLToPath(new URL(file, import.meta.url)), args.map(String), { execArgv: ['--import', 'tsx'] });
  const coordinator = start('./support/step-coordinator.ts', transport, parameters, workers, steps);
  const report = new Promise<CoordinatorReport>((resolve, reject) => {
    coordinator.on('message', (message: { url?: string; report?: CoordinatorReport }) => {
      if (message.url)
        for (let i = 0; i < workers; i++)
          children.push(start('./support/step-worker.ts', transport, message.url, parameters));
      if (message.report) resolve(message.report);
    });
    coordinator.on('exit', (code) => reject(new Error(`the coordinator of the bench ended (${code})`)));
  });
  const children: ChildProcess[] = [coordinator];
  try {
    return await report;
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

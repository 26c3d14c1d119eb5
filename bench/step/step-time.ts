/**
 * How fast is a step beside computing? Workers whose engine does nothing, in processes of their own: the
 * chunk pipeline of the product, against one message per whole gradient and per whole weights, and against PyTorch's
 * gloo in as many processes. Every worker uploads a whole gradient at every step, as gloo's do. Also tells the
 * coordinator's memory and processor time.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { SINGLE_THREADED_GC } from '../../cli/input/node-flags.js';
import type { Bench, BenchResult } from '../support/question.js';
import { compiled } from './compiled.js';
import type { CoordinatorReport } from './coordinator.js';
import { glooStep } from './gloo-step.js';

const SIZES = [100_000, 1_200_000, 25_000_000];
const WORKERS = [2, 4];
/** A goal of the project: two versions of the weights, optimizer state, and this much for all else. */
const MEMORY_ALLOWANCE_MB = 100;

const [COORDINATOR, WORKER] = ['coordinator.ts', 'worker.ts'];

export type Transport = 'chunks' | 'whole';

export const stepTime: Bench = {
  question:
    'how long does a step take beside computing, against one message per gradient, and against gloo? (goal: at most gloo)',
  async run({ quick, python, log }) {
    const results: BenchResult[] = [];
    const processes = await compiled(COORDINATOR, WORKER);
    for (const parameters of quick ? SIZES.slice(0, 2) : SIZES) {
      for (const workers of WORKERS) {
        const steps = Math.max(20, Math.min(300, Math.round(3e8 / parameters / workers / (quick ? 5 : 1))));
        const whole = await measure(processes.path, 'whole', parameters, { workers, steps });
        const chunks = await measure(processes.path, 'chunks', parameters, { workers, steps });
        const gloo = python === undefined ? undefined : await beside(python, parameters, { workers, steps });
        const weightsMb = (4 * parameters) / 1e6;
        results.push({
          name: `${parameters / 1e6}M parameters, ${workers} workers`,
          chunksMs: chunks.stepMs,
          wholeMs: whole.stepMs,
          ratio: whole.stepMs / chunks.stepMs,
          ...gloo,
          ...(gloo && { ofGloo: chunks.stepMs / gloo.glooMs }),
          uploadsAStep: chunks.uploads,
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
    processes.remove();
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

/** One coordinator process and its workers. @param pathOf where a process's program is */
async function measure(
  pathOf: (source: string) => string,
  transport: Transport,
  parameters: number,
  { workers, steps }: { workers: number; steps: number },
): Promise<CoordinatorReport> {
  // With the flag that the product gives to its processes.
  const start = (source: string, ...args: (string | number)[]): ChildProcess =>
    fork(pathOf(source), args.map(String), { execArgv: [SINGLE_THREADED_GC] });
  const coordinator = start(COORDINATOR, transport, parameters, workers, steps);
  const report = new Promise<CoordinatorReport>((resolve, reject) => {
    coordinator.on('message', (message: { url?: string; report?: CoordinatorReport }) => {
      if (message.url)
        for (let i = 0; i < workers; i++) children.push(start(WORKER, transport, message.url, parameters));
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

/** The exchange of a step by PyTorch's gloo, in processes of its own: step-time.py. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SCRIPT = fileURLToPath(new URL('./step-time.py', import.meta.url));

/** All ranks sum and update; or one does, and sends the weights to the others, as our coordinator. */
export type GlooWay = 'allreduce' | 'broadcast';

/** Milliseconds of a step, the median; and of processor time in all processes. */
export interface GlooStep {
  stepMs: number;
  cpuMs: number;
}

/** @throws Error if that Python has no PyTorch */
export async function glooStep(
  python: string,
  way: GlooWay,
  parameters: number,
  { workers, steps }: { workers: number; steps: number },
): Promise<GlooStep> {
  const values = [SCRIPT, way, parameters, workers, steps].map(String);
  const { stdout } = await promisify(execFile)(python, values, {
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
  return JSON.parse(stdout) as GlooStep;
}

/**
 * TF.js's own wasm backend in a process of its own: without the kernels that `eager/wasm` adds, which would be there
 * for all of a process once one engine has asked for them.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BenchSubject } from '../cases.js';
import type { StepTime } from './pytorch-step.js';

const SCRIPT = fileURLToPath(new URL('./tfjs-step-process.ts', import.meta.url));

export type TfjsAnswer = 'ready' | StepTime | { refused: string };

export class TfjsStep {
  readonly engine = 'tfjs/wasm';
  private constructor(private readonly process: ChildProcess) {}

  /** @throws Error if TF.js's backend cannot train that model */
  static async start(subject: BenchSubject): Promise<TfjsStep> {
    const child = fork(SCRIPT, { execArgv: ['--import', 'tsx'], serialization: 'advanced' });
    const started = new TfjsStep(child);
    try {
      await started.ask(subject);
      await started.step();
    } catch (error) {
      started.close();
      throw error;
    }
    return started;
  }

  step = async (): Promise<StepTime> => {
    const answer = await this.ask('step');
    if (answer === 'ready') throw new Error('no step was made');
    return answer;
  };

  close = (): void => void this.process.kill();

  private async ask(message: BenchSubject | 'step'): Promise<'ready' | StepTime> {
    const answered = new AbortController();
    const { signal } = answered;
    const ended = once(this.process, 'exit', { signal }).then(() => {
      throw new Error('the process of TF.js ended');
    });
    // Aborted once the answer is there.
    ended.catch(() => undefined);
    this.process.send(message);
    const [answer] = (await Promise.race([once(this.process, 'message', { signal }), ended])) as [TfjsAnswer];
    answered.abort();
    if (typeof answer === 'object' && 'refused' in answer) throw new Error(answer.refused);
    return answer;
  }
}

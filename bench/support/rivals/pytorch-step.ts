/** A PyTorch process that makes one training step whenever it is asked: bench/engines/engine.py. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../engines/engine.py', import.meta.url));

export interface PyTorchModel {
  spec: string;
  shape: number[];
  classes: number;
  kind: 'images' | 'tokens';
  batch: number;
}

/** How images lie in memory: PyTorch's default, or as ours do. */
export type MemoryFormat = 'contiguous' | 'channels_last';

/** Milliseconds of a step: by the clock, and of processor time in all threads of the process. */
export interface StepTime {
  ms: number;
  cpuMs: number;
}

export class PyTorchStep {
  private constructor(
    readonly engine: string,
    private readonly process: ChildProcess,
    private readonly lines: AsyncIterator<string>,
  ) {}

  /** @throws Error if that Python has no PyTorch */
  static async start(
    python: string,
    model: PyTorchModel,
    threads: number,
    format: MemoryFormat,
    device: 'cpu' | 'cuda' = 'cpu',
  ): Promise<PyTorchStep> {
    const { spec, shape, classes, kind, batch } = model;
    const values = [spec, shape.join(), classes, batch, threads, kind, format, device].map(String);
    const child = spawn(python, [SCRIPT, ...values], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = linesOf(createInterface({ input: child.stdout! }));
    const first = await lines.next();
    if (first.value !== 'ready')
      throw new Error(
        `${python} ended: it needs torch and numpy${device === 'cpu' ? '' : `, and ${device}`}`,
      );
    const own = format === 'contiguous' ? 'pytorch' : `pytorch/${format}`;
    const engine = device === 'cpu' ? own : `${own} on ${device}`;
    return new PyTorchStep(engine, child, lines);
  }

  step = async (): Promise<StepTime> => {
    this.process.stdin!.write('step\n');
    const { value } = await this.lines.next();
    const [ms, cpuMs] = String(value).split(' ').map(Number);
    return { ms: ms!, cpuMs: cpuMs! };
  };

  close = (): void => {
    this.process.stdin!.end();
  };
}

const linesOf = (lines: Interface): AsyncIterator<string> => lines[Symbol.asyncIterator]();

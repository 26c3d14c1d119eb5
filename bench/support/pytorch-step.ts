/** A PyTorch process that makes one training step whenever it is asked: bench/engine.py. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../engine.py', import.meta.url));

export interface PyTorchModel {
  spec: string;
  shape: number[];
  classes: number;
  kind: 'images' | 'tokens';
  batch: number;
}

export class PyTorchStep {
  readonly engine = 'pytorch';

  private constructor(
    private readonly process: ChildProcess,
    private readonly lines: AsyncIterator<string>,
  ) {}

  /** @throws Error if that Python has no PyTorch */
  static async start(python: string, model: PyTorchModel, threads: number): Promise<PyTorchStep> {
    const { spec, shape, classes, kind, batch } = model;
    const values = [spec, shape.join(), classes, batch, threads, kind].map(String);
    // Threads that spin after their work would slow down whoever has the next turn.
    const env = {
      ...process.env,
      OMP_NUM_THREADS: String(threads),
      KMP_BLOCKTIME: '0',
      OMP_WAIT_POLICY: 'PASSIVE',
    };
    const child = spawn(python, [SCRIPT, ...values], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = linesOf(createInterface({ input: child.stdout! }));
    const first = await lines.next();
    if (first.value !== 'ready') throw new Error(`${python} ended: it needs torch and numpy`);
    return new PyTorchStep(child, lines);
  }

  step = async (): Promise<number> => {
    this.process.stdin!.write('step\n');
    const { value } = await this.lines.next();
    return Number(value);
  };

  close = (): void => {
    this.process.stdin!.end();
  };
}

const linesOf = (lines: Interface): AsyncIterator<string> => lines[Symbol.asyncIterator]();

/**
 * Ctrl-C, SIGTERM, a terminal that is closed, and a reader of the output that is gone: the first asks for a clean end. A
 * second Ctrl-C or SIGTERM ends at once.
 */

export type Interruption = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGPIPE';

/** What shells and service managers expect: 128 and the number of the signal. */
const EXIT_CODES: Record<Interruption, number> = { SIGHUP: 129, SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 };

/** A second one of these ends the process at once. A closed terminal may send its signal several times. */
const IMPATIENT: readonly Interruption[] = ['SIGINT', 'SIGTERM'];

/** Thrown by a command that has ended early and cleanly, because it was asked to. */
export class Interrupted extends Error {
  readonly exitCode: number;

  constructor(signal: Interruption) {
    super(`ended by ${signal}`);
    this.exitCode = EXIT_CODES[signal];
  }
}

/** Write errors that mean that the reader of the output is gone, so that reporting them is useless. */
const NOBODY_READS = ['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'];

/** Resolves at the first interruption, with its signal; from then on an impatient one ends the process. */
export function interrupted(
  { stdout, stderr }: Pick<NodeJS.Process, 'stdout' | 'stderr'> = process,
  exit: (code: number) => void = process.exit,
): Promise<Interruption> {
  return new Promise((resolve) => {
    let isInterrupted = false;
    const interrupt = (signal: Interruption) => {
      if (isInterrupted && IMPATIENT.includes(signal)) exit(EXIT_CODES[signal]);
      isInterrupted = true;
      resolve(signal);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => interrupt(signal));
    for (const stream of [stdout, stderr]) {
      stream.on('error', (error: NodeJS.ErrnoException) => {
        if (!NOBODY_READS.includes(error.code ?? '')) throw error;
        interrupt('SIGPIPE');
      });
    }
  });
}

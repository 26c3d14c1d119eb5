/** Ctrl-C and SIGTERM: the first one asks for a clean end, the second one ends at once. */

export type Interruption = 'SIGINT' | 'SIGTERM';

/** What shells and service managers expect: 128 and the number of the signal. */
const EXIT_CODES: Record<Interruption, number> = { SIGINT: 130, SIGTERM: 143 };

/** Thrown by a command that has ended early and cleanly, because it was asked to. */
export class Interrupted extends Error {
  readonly exitCode: number;

  constructor(signal: Interruption) {
    super(`ended by ${signal}`);
    this.exitCode = EXIT_CODES[signal];
  }
}

/** Resolves at the first interruption, with its signal; from then on the next one ends the process. */
export function interrupted(): Promise<Interruption> {
  return new Promise((resolve) => {
    let count = 0;
    const interrupt = (signal: NodeJS.Signals) => {
      if (++count === 1) resolve(signal as Interruption);
      else process.exit(EXIT_CODES[signal as Interruption]);
    };
    process.on('SIGINT', interrupt);
    process.on('SIGTERM', interrupt);
  });
}

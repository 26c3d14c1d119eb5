/** Ctrl-C and SIGTERM: the first one asks for a clean end, the second one ends at once. */

/** What shells expect of an interrupted program. */
export const EXIT_INTERRUPTED = 130;

/** Thrown by a command that has ended early and cleanly, because it was asked to. */
export class Interrupted extends Error {}

/** Resolves at the first interruption; from then on the next one ends the process. */
export function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    let count = 0;
    const interrupt = () => {
      if (++count === 1) resolve();
      else process.exit(EXIT_INTERRUPTED);
    };
    process.on('SIGINT', interrupt);
    process.on('SIGTERM', interrupt);
  });
}

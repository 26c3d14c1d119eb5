/**
 * An error that its message explains fully: what was wrong, and what to do. Shown as one line, without
 * a stack trace. Exit code 1: the run cannot go on; 2: the command was used wrongly.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  constructor(
    message: string,
    readonly exitCode: 1 | 2 = 1,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** For programs: `SWARMGRAD_USAGE` for what was given and cannot be used, `SWARMGRAD_FAILED` for all else. */
  get code(): 'SWARMGRAD_USAGE' | 'SWARMGRAD_FAILED' {
    return this.exitCode === 2 ? 'SWARMGRAD_USAGE' : 'SWARMGRAD_FAILED';
  }
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

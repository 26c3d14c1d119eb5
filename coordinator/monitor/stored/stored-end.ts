/** Whether a run whose files are looked at has ended, and how: its summary, and its lock, which a living coordinator touches. */
import { readFile, stat } from 'node:fs/promises';
import { type Clock, monotonicClock } from '../../../shared/clock.js';
import { messageOf, UserError } from '../../../shared/user-error.js';
import type { Summary } from '../../record/folder/summary.js';

/** A lock that has not been touched for so long has no living owner: `record/lock/run-lock.ts` touches it every 2 s. */
const LEFT_AFTER_MS = 6_000;

/** Undefined for a run that has not ended. @throws UserError if the file cannot be read */
export async function readSummary(path: string): Promise<Summary | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Summary;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UserError(`${path} cannot be read: ${messageOf(error)}`);
  }
}

/** Looks again and again at who leads the run. */
export class LockWatch {
  /** Whether a coordinator leads it. */
  isLed = false;
  private touched = Number.NaN;
  private changedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly path: string,
    private readonly now: () => number = Date.now,
    /** Never goes back: correcting the clock makes no coordinator look alive or dead. */
    private readonly clock: Clock = monotonicClock,
  ) {}

  async look(): Promise<boolean> {
    const touched = await stat(this.path).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
    // At first the clock must do; afterwards only changes count, since clocks of machines differ.
    if (touched !== undefined && touched !== this.touched) {
      const age = Number.isNaN(this.touched) ? Math.max(0, this.now() - touched) : 0;
      this.changedAt = this.clock.now() - age;
      this.touched = touched;
    }
    this.isLed = touched !== undefined && this.clock.now() - this.changedAt < LEFT_AFTER_MS;
    return this.isLed;
  }
}

/**
 * Watches whether any worker can compute the run at all. Workers come and go, and a run waits for the next one; but where
 * one after the other leaves since it cannot compute this run, and none is left that can, waiting does not help.
 */
import { CLOSE, type CloseReason } from '../../../shared/protocol/close-codes.js';

/** The run fails so long after the first of them left, if no worker is connected. */
export const HOPELESS_AFTER_MS = 120_000;

/** Reasons that will be the same the next time. */
const UNABLE: readonly CloseReason[] = [
  'unable',
  'failed',
  'malformed',
  'engineClass',
  'wrongShape',
  'notFinite',
];
const UNABLE_CODES: ReadonlySet<number> = new Set(UNABLE.map((reason) => CLOSE[reason].code));

export const cannotCompute = (code: number): boolean => UNABLE_CODES.has(code);

export interface Verdict {
  /** How many left, and why. */
  text: string;
  /** Milliseconds until the run has failed. */
  msLeft: number;
}

interface Departure {
  code: number;
  why: string;
  isVolunteer: boolean;
  /** Whether it had an engine. */
  hasJoined: boolean;
}

export class Departures {
  private since = 0;
  private count = 0;
  private latest = '';
  private isSame = true;

  /**
   * A worker has left. @param code with which its connection was closed
   * @returns whether it could not compute the run
   */
  left({ code, why, isVolunteer, hasJoined }: Departure, now: number): boolean {
    const isUnable = cannotCompute(code);
    // A guest must not be able to end the run.
    if (isUnable && !isVolunteer) this.unable(why, now);
    else if (!isUnable && hasJoined) this.clear();
    return isUnable;
  }

  /** A worker that is trusted has left since it cannot compute the run. */
  unable(why: string, now: number): void {
    if (this.count === 0) {
      this.since = now;
      this.isSame = true;
    }
    this.isSame &&= this.count === 0 || why === this.latest;
    this.latest = why;
    this.count++;
  }

  /** Something was computed, or somebody has left who could compute and may come back. */
  clear(): void {
    this.count = 0;
  }

  /** Call it while no worker is connected. @returns undefined if the run need only wait */
  verdict(now: number): Verdict | undefined {
    if (this.count === 0) return undefined;
    const who = this.count === 1 ? 'the last worker' : `the last ${this.count} workers`;
    const how = this.isSame || this.count === 1 ? '' : ', the latest of them';
    return {
      text: `${who} could not compute this run${how}: ${this.latest}`,
      msLeft: Math.max(0, this.since + HOPELESS_AFTER_MS - now),
    };
  }
}

export const inWords = ({ text, msLeft }: Verdict): string =>
  `${text}; the run fails in ${Math.ceil(msLeft / 1000)} s unless one comes that can`;

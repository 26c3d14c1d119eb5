/**
 * Decides what a worker does after a connection has ended: the run is over, it gives up, or it comes back, and when.
 * Knows no timers and no sockets.
 */
import { CLOSE, mayRetry } from '../shared/protocol/close-codes.js';

const FIRST_RETRY_MS = 250;
/** A coordinator that is back must not wait for its workers. */
const LONGEST_RETRY_MS = 3_000;
/** An engine that fails so many times in a row, without one result between, will not do better. */
const MOST_FAILURES = 8;
/**
 * A token expires by the clock of the coordinator's machine, which may have jumped ahead and be put back: for so long,
 * and so often, a worker whose token has expired comes back.
 */
const PATIENCE_WITH_CLOCK_MS = 10 * 60_000;
const EXPIRED_RETRY_MS = 10_000;
const LONGEST_AFTER_FAILURE_MS = 30_000;

/** How a connection ended. */
export interface ConnectionEnd {
  code: number;
  why: string;
  /** Whether this worker ended it, since the coordinator broke the protocol. */
  wasBroken: boolean;
  /** Whether it failed by what this worker had: its engine, or what it fetched. */
  hasFailed: boolean;
  /** Samples of the contributions that it computed meanwhile. */
  samples: number;
}

export type Decision =
  /** The run is over. */
  | { next: 'finish' }
  /** @param error for people */
  | { next: 'give up'; error: string }
  | { next: 'retry'; afterMs: number };

export class Reconnection {
  /** Connections in a row that were not opened. */
  private attempt = 0;
  /** When the coordinator last stopped answering. */
  private aloneSince: number | undefined;
  /** When connections began to be refused for an expired token. */
  private expiredSince: number | undefined;
  /** Failures that this worker caused, since it last computed something. */
  private failures = 0;

  /**
   * @param address of the coordinator, for people to read
   * @param giveUpAfterMs without a connection
   */
  constructor(
    private readonly address: string,
    private readonly giveUpAfterMs = Number.POSITIVE_INFINITY,
  ) {}

  /** The worker begins to take part, perhaps not for the first time. */
  begin(now: number): void {
    this.failures = 0;
    this.aloneSince = now;
  }

  /** The coordinator has answered. */
  opened(): void {
    this.attempt = 0;
    this.aloneSince = undefined;
  }

  /** @param random from 0 up to 1 */
  after(end: ConnectionEnd, now: number, random: number): Decision {
    const { code, why, wasBroken, hasFailed, samples } = end;
    if (samples > 0) this.failures = 0;
    if (hasFailed) this.failures++;
    if (code === CLOSE.finished.code) return { next: 'finish' };
    if (wasBroken)
      return giveUp(`left: the coordinator at ${this.address} does not keep to the protocol (${why})`);
    if (code === CLOSE.unable.code) return giveUp(why);
    if (code !== CLOSE.expired.code) this.expiredSince = undefined;
    else this.expiredSince ??= now;
    const hasExpired = now - (this.expiredSince ?? Number.POSITIVE_INFINITY) >= PATIENCE_WITH_CLOCK_MS;
    if (hasExpired || !mayRetry(code)) return giveUp(`the coordinator refused this worker: ${why}`);
    if (this.failures >= MOST_FAILURES)
      return giveUp(`gave up after ${MOST_FAILURES} failures in a row: ${why}`);
    this.aloneSince ??= now;
    const patienceMs = this.aloneSince + this.giveUpAfterMs - now;
    if (patienceMs <= 0) {
      const seconds = this.giveUpAfterMs / 1000;
      return giveUp(`gave up: no coordinator at ${this.address} for ${seconds} s (${why})`);
    }
    // Jitter: workers that lost the same coordinator must not all come back in the same instant.
    return { next: 'retry', afterMs: Math.min(patienceMs, this.pauseMs() * (0.5 + random / 2)) };
  }

  private pauseMs(): number {
    return Math.max(
      Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.attempt++),
      this.expiredSince === undefined ? 0 : EXPIRED_RETRY_MS,
      this.failures === 0 ? 0 : Math.min(LONGEST_AFTER_FAILURE_MS, FIRST_RETRY_MS * 2 ** this.failures),
    );
  }
}

const giveUp = (error: string): Decision => ({ next: 'give up', error });

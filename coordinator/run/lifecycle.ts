/** Leads a run from its start to its end: ends it when asked to, and gives it up when it cannot go on. */
import { isOver } from '../../shared/status/status.js';
import { type Recorder, run } from './loop.js';
import { type Run, tellProgress } from './run.js';

/** How long a stop waits for the step in hand before it gives it up. */
const DRAIN_MS = 10_000;
/** How often workers hear how the run goes. */
const TELL_EVERY_MS = 1000;

/** Why a run makes no further step. */
export type RunEnd =
  | { how: 'finished' | 'stopped' }
  /** The folder is another coordinator's now. */
  | { how: 'lost'; why: string }
  /** No worker that comes can compute the run. */
  | { how: 'hopeless'; why: string }
  | { how: 'failed'; error: unknown };

/** What keeps a run. */
export interface Keeper<Result> {
  /** Opens what the run writes as it goes on. */
  open(): Promise<Recorder>;
  /** Writes what is left of a run that is over, and sends its workers away. */
  finish(end: RunEnd): Promise<Result>;
  /** Files that cannot be written are tried for at most so long from now. */
  hurry(patienceMs: number): void;
}

export class RunLifecycle<Result> {
  private readonly drain = new AbortController();
  private readonly abort = new AbortController();
  /** Why the run ends before its last step, where nobody asked for that. */
  private broken: RunEnd | undefined;

  /** @param lost aborted, with an Error as its reason, once the run's folder belongs to another coordinator */
  constructor(
    private readonly run: Run,
    private readonly keeper: Keeper<Result>,
    lost: AbortSignal,
  ) {
    lost.addEventListener('abort', () => this.lose(lost.reason.message));
    if (lost.aborted) this.lose(lost.reason.message);
  }

  /** Runs to the end. Never rejects but for a defect: the result tells how the run ended. */
  async start(): Promise<Result> {
    const telling = setInterval(() => {
      tellProgress(this.run);
      this.lookForHope();
    }, TELL_EVERY_MS);
    try {
      return await this.keeper.finish(await this.lead());
    } finally {
      clearInterval(telling);
    }
  }

  /**
   * Ends the run after the step in hand.
   * @param patienceMs how long whoever asks waits for files that cannot be written
   */
  stop(patienceMs = Number.POSITIVE_INFINITY): void {
    this.keeper.hurry(patienceMs);
    if (this.drain.signal.aborted) return;
    this.drain.abort(new Error('stopped'));
    setTimeout(() => this.abort.abort(new Error('stopped')), DRAIN_MS).unref();
    if (this.run.core.swarm.active().length === 0) this.abort.abort(new Error('stopped'));
  }

  /** The run until it has no step left to make, or cannot make one. */
  private async lead(): Promise<RunEnd> {
    const { options, core, progress, control, clock } = this.run;
    const stop = { drain: this.drain.signal, abort: this.abort.signal };
    try {
      const record = await this.keeper.open();
      const isComplete = await run(options, { core, progress, control, clock, record }, stop);
      return this.broken ?? { how: isComplete ? 'finished' : 'stopped' };
    } catch (error) {
      if (this.broken) return this.broken;
      return error === this.abort.signal.reason ? { how: 'stopped' } : { how: 'failed', error };
    }
  }

  /** Ends at once, and writes nothing more. */
  private lose(why: string): void {
    this.run.tell({ type: 'warning', text: `${why}: this one ends, and leaves the folder alone` });
    this.break({ how: 'lost', why });
  }

  /** A run that no worker can compute waits for a while, and then it has failed. */
  private lookForHope(): void {
    const { core, progress } = this.run;
    if (isOver(progress.state) || ['saving', 'paused'].includes(progress.state)) return;
    const verdict = core.swarm.disconnections.hopeless();
    if (verdict && verdict.msLeft <= 0 && !this.broken) this.break({ how: 'hopeless', why: verdict.text });
  }

  private break(end: Extract<RunEnd, { why: string }>): void {
    this.broken = end;
    this.drain.abort(new Error(end.why));
    this.abort.abort(new Error(end.why));
  }
}

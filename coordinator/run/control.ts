/**
 * What admins ask of a run: pause, resume, another learning rate, a checkpoint. It is done between two
 * steps, and never within one. Changes of the learning rate are kept with the step at which they took
 * effect, so that a resumed run makes them at the same step again; a pause is not repeated.
 */
import type { Clock } from '../../shared/clock.js';
import type { Change } from '../../shared/status/monitoring.js';
import type { Progress } from './progress.js';

export type Request =
  | { what: 'checkpoint' }
  | { what: 'pause' | 'resume' }
  | { what: 'learning-rate'; learningRate: number };

export interface ControlOptions {
  /** The learning-rate schedule with this peak, by updates. */
  schedule(peak: number): (update: number) => number;
  /** The peak until it is changed. */
  peak: number;
  /** What the run's record tells of an earlier start, in the order of the requests. */
  changes: readonly Change[];
}

/** What the run offers at the place between two steps. */
export interface Between {
  progress: Progress;
  pipeline: { state: { isFinite(): boolean } };
  clock: Clock;
  record: { change(change: Change): void; checkpoint(): void; settled(): Promise<void> };
}

export class Control {
  readonly changes: Change[];
  private requests: Request[] = [];
  private paused = false;
  private wake: () => void = () => undefined;
  private courses: { from: number; course: (step: number) => number }[] = [];

  constructor(private readonly options: ControlOptions) {
    this.changes = [...options.changes];
    this.plan();
  }

  /** Done before the next step begins. */
  request(request: Request): void {
    this.requests.push(request);
    this.wake();
  }

  /** The latest peak that the course has. */
  get peak(): number {
    return latestPeak(this.changes) ?? this.options.peak;
  }

  /**
   * Lowers the peak from update `step` on, where the run's own evaluation asks for that. It comes before what admins
   * have changed at later steps, which a run that goes on knows already.
   * @param next the peak that takes the place of the given one; undefined: none does
   */
  lower(step: number, next: (peak: number) => number | undefined, record: Between['record']): void {
    const after = this.changes.findIndex((change) => change.step > step);
    const at = after < 0 ? this.changes.length : after;
    const learningRate = next(latestPeak(this.changes.slice(0, at)) ?? this.options.peak);
    if (learningRate === undefined) return;
    const change: Change = { step, what: 'learning-rate', learningRate, by: 'plateau' };
    this.changes.splice(at, 0, change);
    this.plan();
    record.change(change);
  }

  /**
   * The learning rate of the update from version `step` to the next.
   * @param update which of the run's updates that is, where a step makes several
   */
  learningRate(step: number, update = step): number {
    return this.courses.findLast(({ from }) => from <= step)!.course(update);
  }

  /** Does what was asked for; while paused it waits for more, until `until` is aborted. */
  async betweenSteps({ progress, pipeline, record, clock }: Between, until: AbortSignal): Promise<void> {
    const { state } = progress;
    for (;;) {
      // More may be asked for while one is being done.
      for (let request = this.requests.shift(); request; request = this.requests.shift()) {
        if (request.what !== 'checkpoint') {
          this.change(request, progress.step, record);
          continue;
        }
        // Only one is written at a time: a request gets the next checkpoint, not the one in progress.
        await record.settled();
        // Weights that are no numbers end the run soon enough; they are nothing to keep.
        if (pipeline.state.isFinite()) record.checkpoint();
      }
      if (!this.paused || until.aborted) break;
      progress.state = 'paused';
      progress.pause(clock.now());
      await this.nextRequest(until);
    }
    progress.state = state;
    progress.goOn(clock.now());
  }

  private change(
    request: Exclude<Request, { what: 'checkpoint' }>,
    step: number,
    record: Between['record'],
  ): void {
    if (request.what !== 'learning-rate') {
      const pause = request.what === 'pause';
      if (pause === this.paused) return;
      this.paused = pause;
    }
    const change: Change = { step, ...request };
    this.changes.push(change);
    this.plan();
    record.change(change);
  }

  /** A later request overrules earlier ones for later steps: those of a future that never was. */
  private plan(): void {
    const { schedule, peak } = this.options;
    this.courses = [{ from: 0, course: schedule(peak) }];
    for (const change of this.changes) {
      if (change.what !== 'learning-rate') continue;
      this.courses = this.courses.filter(({ from }) => from === 0 || from < change.step);
      this.courses.push({ from: change.step, course: schedule(change.learningRate) });
    }
  }

  private nextRequest(until: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        until.removeEventListener('abort', done);
        this.wake = () => undefined;
        resolve();
      };
      this.wake = done;
      until.addEventListener('abort', done);
    });
  }
}

const latestPeak = (changes: readonly Change[]): number | undefined =>
  changes.flatMap((change) => (change.what === 'learning-rate' ? [change.learningRate] : [])).at(-1);

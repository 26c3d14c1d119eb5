/**
 * Several lanes behind the interface of one engine: its bits are theirs, since every addition is one of the tree.
 *
 * A lane takes the next job when it is done with one. A lane that fails, or does not answer in time, costs time and
 * no bits: its job goes to another, and it is started again, or dropped if it does not get anything done. The pool
 * fails when no lane is left. A native crash of a thread ends the whole process, and with it the pool.
 */
import { messageOf, UserError } from '../../shared/user-error.js';
import type { Compute, ComputedNode } from '../compute.js';
import type { Batch, EvaluationSums, Shard } from '../engine.js';
import type { AwakeTime } from './awake-time.js';
import { Deadline, SHORTEST_DEADLINE_MS } from './deadline.js';
import { evaluation, type Job, NodeInHand, Slots } from './jobs.js';
import type { Lane } from './lane.js';

/** A lane that fails so often is not started again, though it got something done each time. */
const MOST_RESTARTS = 3;

export interface LanePoolOptions {
  /** The engine of the first lane, and of all. */
  engine: Pick<Compute, 'name' | 'engineClass' | 'reason'>;
  first: Lane;
  /** Lanes in all. Those beside the first are started meanwhile, and join once they are ready. */
  count: number;
  start(): Promise<Lane>;
  /** What people call a lane; default: `lane`. */
  unit?: string;
  allocate(elements: number): Float32Array;
  /** How long the first piece of all may take; default: that of a shard. */
  firstDeadlineMs?: number | undefined;
  time: Pick<AwakeTime, 'after'>;
  now(): number;
  log(text: string): void;
}

/** A place for a lane: whichever lane it has at a time. */
interface Place {
  number: number;
  /** Undefined while one is started. */
  lane: Lane | undefined;
  isReady: boolean;
  job: Job | undefined;
  /** Jobs that the present lane has done. */
  done: number;
  restarts: number;
}

export class LanePool implements Compute {
  readonly name: string;
  readonly engineClass: string;
  readonly reason: string;
  readonly lanes: number;
  private readonly places: Set<Place>;
  private queue: Job[] = [];
  private readonly slots: Slots;
  private readonly deadline: Deadline;
  private weights: Float32Array | undefined;
  /** Counts the calls of `setWeights`: two versions may lie in the same memory, one after the other. */
  private version = 0;
  /** Until when computing time has been counted. */
  private countedUntil = 0;
  private dead: Error | undefined;
  /** Resolves once each lane has started, or failed to. Until then the others compute. */
  readonly started: Promise<unknown>;
  /** Resolves once no lane is left, whether it was closed or failed. */
  readonly closed: Promise<void>;
  private resolveClosed!: () => void;

  constructor(private readonly options: LanePoolOptions) {
    const { engine, count, allocate, first, firstDeadlineMs } = options;
    this.deadline = new Deadline(firstDeadlineMs);
    this.closed = new Promise((resolve) => {
      this.resolveClosed = resolve;
    });
    this.name = engine.name;
    this.engineClass = engine.engineClass;
    this.reason = count === 1 ? engine.reason : `${count} ${options.unit ?? 'lane'}s of ${engine.reason}`;
    this.lanes = count;
    this.slots = new Slots(allocate);
    const empty = { job: undefined, done: 0, restarts: 0, isReady: false, lane: undefined };
    this.places = new Set(Array.from({ length: count }, (_, i): Place => ({ ...empty, number: i + 1 })));
    const [own, ...others] = this.places;
    Object.assign(own!, { lane: first, isReady: true });
    this.started = Promise.all(others.map((place) => this.start(place)));
  }

  allocate(elements: number): Float32Array {
    return this.options.allocate(elements);
  }

  /** Each lane copies them; one that is started later, too. */
  async setWeights(weights: Float32Array): Promise<void> {
    this.weights = weights;
    this.version++;
    await Promise.all([...this.places].map((place) => place.isReady && this.load(place)));
    if (this.dead) throw this.dead;
  }

  computeNode(shards: readonly Shard[], into: Float32Array, stop?: AbortSignal): Promise<ComputedNode> {
    const node = new NodeInHand({ shards, into, stop, slots: this.slots, lanes: this.lanes });
    if (this.dead) node.fail(this.dead);
    else this.add(node.begin());
    return node.result;
  }

  evaluate(batch: Batch): Promise<EvaluationSums> {
    const { job, result } = evaluation(batch);
    if (this.dead) job.fail(this.dead);
    else this.add([job]);
    return result;
  }

  async close(): Promise<void> {
    const lanes = [...this.places].flatMap(({ lane }) => lane ?? []);
    this.die(new Error('the engine was closed'));
    await Promise.all(lanes.map((lane) => lane.close()));
  }

  /** @param jobs that come after those that wait; `next`: before them, as they free memory */
  private add(jobs: readonly Job[], next = false): void {
    this.queue = next ? [...jobs, ...this.queue] : [...this.queue, ...jobs];
    for (const place of this.places) {
      if (!place.isReady || place.job) continue;
      this.queue = this.queue.filter(({ isWanted }) => isWanted);
      const job = this.queue.shift();
      if (!job) return;
      void this.run(place, place.lane!, job);
    }
  }

  private async run(place: Place, lane: Lane, job: Job): Promise<void> {
    this.count();
    place.job = job;
    job.begun();
    const started = this.options.now();
    const deadlineMs = job.samples > 0 ? this.deadline.of(job.samples) : SHORTEST_DEADLINE_MS;
    const take = await this.inTime(place, lane, deadlineMs, () => job.perform(lane));
    if (!take) return;
    this.count();
    place.job = undefined;
    place.done++;
    if (job.samples > 0) this.deadline.took(this.options.now() - started, job.samples);
    this.add(take(), true);
  }

  /** Gives the place's lane the weights, whichever come while it takes them. @returns whether it has them */
  private async load(place: Place): Promise<boolean> {
    const lane = place.lane!;
    for (let held = 0; held !== this.version; ) {
      const { weights, version } = this;
      if (weights) {
        const set = () => lane.setWeights(weights).then(() => true);
        if (!(await this.inTime(place, lane, SHORTEST_DEADLINE_MS, set))) return false;
      }
      held = version;
    }
    return true;
  }

  /** What the lane answers; undefined if it is lost, which then is seen to. */
  private async inTime<T>(
    place: Place,
    lane: Lane,
    ms: number,
    ask: () => Promise<T>,
  ): Promise<T | undefined> {
    const late = `it did not answer for ${Math.round(ms / 1000)} s`;
    const callOff = this.options.time.after(ms, () => this.lost(place, lane, new Error(late), true));
    try {
      const answer = await ask();
      return place.lane === lane ? answer : undefined;
    } catch (error) {
      this.lost(place, lane, error);
      return undefined;
    } finally {
      callOff();
    }
  }

  /** @param hangs it has not answered: it may still write */
  private lost(place: Place, lane: Lane, error: unknown, hangs = false): void {
    if (place.lane !== lane) return;
    this.count();
    const { job, done } = place;
    Object.assign(place, { lane: undefined, isReady: false, job: undefined, done: 0 });
    void lane.close().catch(() => undefined);
    if (this.dead) return;
    const mayRestart = done > 0 && place.restarts < MOST_RESTARTS;
    if (mayRestart) place.restarts++;
    else this.places.delete(place);
    this.tell(place, messageOf(error), mayRestart ? 'it is started again' : undefined);
    job?.lost(hangs);
    if (this.places.size === 0) this.die(withContext(error), job);
    else if (job) this.add([job], true);
    if (mayRestart) void this.start(place);
  }

  private async start(place: Place): Promise<void> {
    try {
      const lane = await this.options.start();
      if (this.dead) return void lane.close();
      if (lane.engineClass !== this.engineClass) {
        void lane.close();
        throw new Error(`it came as ${lane.engineClass}, not ${this.engineClass}`);
      }
      place.lane = lane;
      place.isReady = await this.load(place);
      if (place.isReady) this.add([]);
    } catch (error) {
      this.places.delete(place);
      if (this.dead) return;
      this.tell(place, `it could not be started: ${messageOf(error)}`);
      if (this.places.size === 0) this.die(withContext(error));
    }
  }

  private tell({ number }: Place, why: string, then?: string): void {
    const { unit = 'lane' } = this.options;
    const left = `${this.places.size} of ${this.lanes} ${unit}s are left`;
    this.options.log(`${unit} ${number} failed (${why}): ${then ?? left}`);
  }

  private die(error: Error, inHand?: Job): void {
    this.dead ??= error;
    const jobs = [
      ...this.queue,
      ...[...this.places].flatMap(({ job }) => job ?? []),
      ...(inHand ? [inHand] : []),
    ];
    this.queue = [];
    this.places.clear();
    for (const job of jobs) job.fail(this.dead);
    this.resolveClosed();
  }

  /** Shares out the time since the last count among the jobs that were computed in it. */
  private count(): void {
    const now = this.options.now();
    const running = [...this.places].flatMap(({ job }) => job ?? []);
    for (const job of running) job.spent((now - this.countedUntil) / running.length);
    this.countedUntil = now;
  }
}

/** A reason that no other attempt can mend stays one. */
function withContext(error: unknown): Error {
  return error instanceof UserError ? error : new Error(`no lane is left: ${messageOf(error)}`);
}

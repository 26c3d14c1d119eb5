/**
 * Who reads the body of a frame now, and who later: as many bodies are on their way at a time as have a place in the
 * kernels' memory. The others are not read, so that they lie with their senders and not here: a thousand gradients at
 * once are as many half ones in memory otherwise. In the order in which they came.
 *
 * Whoever holds a place is waited for, but not for long: a line that is slow, or a sender that is silent in the middle
 * of a frame, must not keep others from being heard. What has waited too long is read without a place, and copied.
 */
import type { Worker } from '../scheduling/worker.js';
import type { Pipeline } from '../update/pipeline.js';

/** Smaller bodies need no place: a connection keeps as much memory anyway. */
export const WAITED_BYTES = 16 << 10;
/** So long a body waits where no place becomes free at all... */
const STALLED_MS = 1000;
/** ...and so long in any case. */
const LONGEST_MS = 5000;

/** A body that is not read yet. */
interface Waiting {
  worker: Worker;
  bytes: number;
  since: number;
  /** It is read from now on: to this place, or to none. */
  named(place: Uint8Array | undefined): void;
}

export class LandingQueue {
  private readonly waiting = new Set<Waiting>();
  private freedAt = 0;
  private isServing = false;

  constructor(
    private readonly pipeline: Pick<Pipeline, 'takes' | 'lend'>,
    private readonly now: () => number,
  ) {}

  /**
   * @param named is called once the body of which this says `later` is to be read; undefined: it cannot wait
   * @returns where the body may be written
   */
  lend(worker: Worker, bytes: number, named?: Waiting['named']): Uint8Array | undefined | 'later' {
    if (!this.pipeline.takes(bytes)) return undefined;
    const place = this.waiting.size === 0 ? this.pipeline.lend(bytes) : undefined;
    if (place || !named || bytes < WAITED_BYTES) return place;
    this.waiting.add({ worker, bytes, since: this.now(), named });
    return 'later';
  }

  /** It is gone: nothing of it is read any more. */
  forget(worker: Worker): void {
    for (const one of this.waiting) if (one.worker === worker) this.waiting.delete(one);
  }

  /** A place has become free: the next have it. */
  freed(): void {
    this.freedAt = this.now();
    // A body that is whole at once frees its place again.
    if (this.isServing) return;
    this.isServing = true;
    try {
      for (const one of this.waiting) {
        const place = this.pipeline.lend(one.bytes);
        if (!place) return;
        this.read(one, place);
      }
    } finally {
      this.isServing = false;
    }
  }

  /** Time has passed: who has waited for too long is read. */
  passed(): void {
    const now = this.now();
    for (const one of this.waiting) {
      const since = Math.max(one.since, this.freedAt);
      if (now - since < STALLED_MS && now - one.since < LONGEST_MS) return;
      this.read(one, undefined);
    }
  }

  /** Those who wait cannot be heard: they are not silent. */
  excuse(): void {
    for (const { worker } of this.waiting) worker.heard(this.now());
  }

  private read(one: Waiting, place: Uint8Array | undefined): void {
    this.waiting.delete(one);
    one.worker.heard(this.now());
    one.named(place);
  }
}

/**
 * Sends one worker the weights as changes: every one, in order. Who has none to begin from, or needs one that is not kept any
 * more, is first sent all that is held, in float32: a copy, which all of these share, for the steps go on meanwhile.
 */

import { FRAME_WEIGHTS, newHeader } from '../../../shared/protocol/frame.js';
import type { Changes, HeldWeights } from '../../update/version/held-weights.js';
import type { WeightsCopies } from './weights-copies.js';
import { type Feed, type FrameSink, HIGH_WATER_BYTES } from './weights-feed.js';

/** Hears of what a worker is sent. */
export interface ChangesListener {
  /** All of what is held is being sent. @param isAgain no change could follow what was sent so before: they are no longer kept */
  keyframe(isAgain: boolean): void;
  /** All of the change to a version has been sent. */
  changed(version: number): void;
}

type Copy = ReturnType<WeightsCopies['take']>;

export class ChangesFeed implements Feed {
  /** That is being sent, or comes next; -1 before it begins. */
  private version = -1;
  private chunk = 0;
  private last = -1;
  /** Whether the worker has the version before this one. */
  private hasBase = false;
  /** Where a version is sent whole. */
  private copy: Copy | undefined;
  /** Whether the version before this one was. */
  private wasWhole = false;

  constructor(
    private readonly held: HeldWeights,
    private readonly changes: Changes,
    private readonly copies: WeightsCopies,
    private readonly sink: FrameSink,
    private readonly listener: ChangesListener,
  ) {}

  /** @param from the version whose change comes first; undefined: the worker has nothing to begin from */
  begin(last = Number.POSITIVE_INFINITY, from?: number): void {
    this.end();
    this.hasBase = from !== undefined;
    this.wasWhole = false;
    this.version = from ?? 0;
    this.chunk = 0;
    this.last = last;
    this.pump();
  }

  /** Nothing more is sent. */
  end(): void {
    this.copy?.done();
    this.copy = undefined;
    this.version = -1;
  }

  pump = (): void => {
    for (;;) {
      if (this.version < 0 || this.version > this.last) return;
      const made = this.copy || !this.hasBase ? undefined : this.changes.made(this.version);
      if (made === undefined && !this.copy && !this.takeCopy()) return;
      if (this.chunk === this.held.chunks) this.turn();
      else if (made !== undefined && this.chunk >= made) return;
      else if (this.sink.bufferedBytes() > HIGH_WATER_BYTES) return;
      else this.send();
    }
  };

  /** @returns whether there is one: others may be sent older ones, which are of no use to this worker */
  private takeCopy(): boolean {
    const { version, layout } = this.held;
    const copy = this.copies.take({
      version,
      copy: () => this.held.whole(version).slice(0, layout.moving),
    });
    if (copy.version < this.version) {
      copy.done();
      return false;
    }
    this.copy = copy;
    this.version = copy.version;
    this.chunk = 0;
    this.listener.keyframe(this.wasWhole);
    return true;
  }

  private send(): void {
    const { version, chunk, copy } = this;
    this.chunk++;
    if (!copy) {
      const { header, body } = this.changes.change(version, chunk);
      return this.sink.sendFrame(header, body, this.pump);
    }
    const { start, end } = this.held.layout.range(chunk);
    const body = copy.body.subarray(4 * start, 4 * end);
    const header = newHeader({ type: FRAME_WEIGHTS, node: 0, chunk, step: version }, body.length);
    this.sink.sendFrame(header, body, this.pump);
  }

  /** A version is sent. */
  private turn(): void {
    this.wasWhole = this.copy !== undefined;
    if (this.copy) this.copy.done();
    else this.listener.changed(this.version);
    this.copy = undefined;
    this.hasBase = true;
    this.version++;
    this.chunk = 0;
  }
}

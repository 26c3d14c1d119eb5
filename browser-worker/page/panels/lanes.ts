/** Which lanes a timeline shows, the one that steps waited for first, and what lies under the pointer. */
import type { Segment, StepTimeline, TimelineView } from '../../../shared/status/monitoring.js';

export type Lane = TimelineView['workers'][number];

/**
 * The slowest first: by when its last contribution was counted, as a part of each step, over the steps that it took part
 * in. Who took part in none comes last.
 */
export function slowestFirst({ workers, steps }: TimelineView): Lane[] {
  const ends = new Map<number, { sum: number; steps: number }>();
  for (const { milliseconds, segments } of steps) {
    const last = new Map<number, number>();
    for (const { worker, counted } of segments) last.set(worker, Math.max(counted, last.get(worker) ?? 0));
    for (const [worker, counted] of last) {
      const end = ends.get(worker) ?? { sum: 0, steps: 0 };
      ends.set(worker, { sum: end.sum + counted / (milliseconds || 1), steps: end.steps + 1 });
    }
  }
  const lateness = ({ id }: Lane) => {
    const end = ends.get(id);
    return end ? end.sum / end.steps : -1;
  };
  return [...workers].sort((a, b) => lateness(b) - lateness(a) || a.id - b.id);
}

/** Where each step's place begins and how wide it is. */
export interface Scale {
  left: number;
  /** Pixels a millisecond. */
  perMs: number;
  gap: number;
}

/** What lies at `x` in a lane: the step, and the contribution that was in the making then. */
export function under(
  steps: readonly StepTimeline[],
  worker: number,
  { left, perMs, gap }: Scale,
  x: number,
): { step: StepTimeline; segment: Segment | undefined } | undefined {
  let begins = left;
  for (const step of steps) {
    const width = step.milliseconds * perMs;
    if (x >= begins && x <= begins + width) {
      const ms = (x - begins) / perMs;
      const segment = step.segments.find(
        (segment) => segment.worker === worker && ms >= segment.leased && ms <= segment.counted,
      );
      return { step, segment };
    }
    begins += width + gap;
  }
  return undefined;
}

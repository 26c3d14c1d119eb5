/**
 * Where the time of the last steps went: for each contribution when it was leased, computed, and counted.
 * All by the coordinator's clock; only the length of the computing is the worker's word.
 */
import type { Segment, StepTimeline, TimelineView, TimeShares } from '../../shared/status/monitoring.js';
import type { ContributionTimes } from '../scheduling/contribution-times.js';

/** Kept; the shares of a worker are over these. */
const STEPS_KEPT = 24;
const STEPS_SHOWN = 8;
/** A step over thousands of workers keeps its memory bounded, and the answer short. */
const SEGMENTS_OF_STEP = 1024;
/** Workers that have left are remembered by name, the latest of them. */
const DEPARTED_KEPT = 1024;
const DEPARTED_SHOWN = 100;

interface KeptStep {
  step: number;
  from: number;
  to: number;
  contributions: ContributionTimes[];
}

export class Timeline {
  private readonly steps: KeptStep[] = [];
  private current: ContributionTimes[] = [];
  /** Of every step since this start, by name, the latest to take part at the end. */
  private readonly spent = new Map<string, TimeShares>();

  contribution(times: ContributionTimes): void {
    if (this.current.length < SEGMENTS_OF_STEP) this.current.push(times);
  }

  /** The step is over, after `step` updates. @returns what it took, in milliseconds */
  stepped(step: number, now: number): number | undefined {
    const contributions = this.current;
    this.current = [];
    if (contributions.length === 0) return undefined;
    const from = Math.min(...contributions.map(({ leasedAt }) => leasedAt));
    const kept = { step, from, to: now, contributions };
    this.steps.push(kept);
    this.remember(kept);
    if (this.steps.length > STEPS_KEPT) this.steps.shift();
    return now - from;
  }

  view(steps = STEPS_SHOWN): TimelineView {
    const names = new Map<number, string>();
    const spent = new Map<number, TimeShares>();
    const timelines = this.steps.map((step) => timelineOf(step));
    for (const [i, { contributions }] of this.steps.entries()) {
      for (const { worker, name } of contributions) names.set(worker, name);
      for (const [worker, times] of timesByWorker(timelines[i]!)) add(spent, worker, times);
    }
    const workers = [...names].map(([id, name]) => ({ id, name, shares: normalized(spent.get(id)!) }));
    workers.sort((a, b) => a.id - b.id);
    const present = new Set(names.values());
    const departed = [...this.spent].flatMap(([name, times]) =>
      present.has(name) ? [] : [{ name, shares: normalized(times) }],
    );
    return { workers, departed: departed.slice(-DEPARTED_SHOWN), steps: timelines.slice(-steps) };
  }

  private remember(step: KeptStep): void {
    const names = new Map(step.contributions.map(({ worker, name }) => [worker, name]));
    for (const [worker, times] of timesByWorker(timelineOf(step))) {
      const name = names.get(worker)!;
      const before = this.spent.get(name);
      this.spent.delete(name);
      this.spent.set(name, before ? sumOf(before, times) : times);
    }
    while (this.spent.size > DEPARTED_KEPT) this.spent.delete(this.spent.keys().next().value!);
  }
}

function timelineOf({ step, from, to, contributions }: KeptStep): StepTimeline {
  const busyUntil = new Map<number, number>();
  const inOrder = [...contributions].sort((a, b) => a.announcedAt - b.announcedAt);
  const segments = inOrder.map((times): Segment => {
    // What a worker computes after another node began when that one was done.
    const earliest = Math.max(times.leasedAt, busyUntil.get(times.worker) ?? 0);
    const computed = Math.max(earliest, times.announcedAt);
    const started = Math.max(earliest, computed - times.computeMs);
    busyUntil.set(times.worker, computed);
    return {
      worker: times.worker,
      shard: times.shard,
      shards: times.shards,
      leased: round(earliest - from),
      started: round(started - from),
      computed: round(computed - from),
      counted: round(Math.max(computed, times.countedAt) - from),
    };
  });
  return { step, milliseconds: round(Math.max(to - from, ...segments.map((s) => s.counted))), segments };
}

/** What each worker spent a step on. Exported for the test that counts what that takes. */
export function timesByWorker({ segments, milliseconds }: StepTimeline): Map<number, TimeShares> {
  const byWorker = new Map<number, Segment[]>();
  for (const segment of segments) {
    const { worker } = segment;
    const own = byWorker.get(worker);
    if (own) own.push(segment);
    else byWorker.set(worker, [segment]);
  }
  return new Map([...byWorker].map(([worker, own]) => [worker, timesOf(own, milliseconds)]));
}

/** The uploads of one node overlap with the computing of the next: that time counts as computing. */
function timesOf(segments: readonly Segment[], milliseconds: number): TimeShares {
  const times: TimeShares = { download: 0, compute: 0, upload: 0, wait: 0 };
  for (const [i, { leased, started, computed, counted }] of segments.entries()) {
    times.download += started - leased;
    times.compute += computed - started;
    times.upload += Math.max(0, Math.min(counted, segments[i + 1]?.leased ?? counted) - computed);
  }
  times.wait = Math.max(0, milliseconds - times.download - times.compute - times.upload);
  return times;
}

function add(spent: Map<number, TimeShares>, worker: number, times: TimeShares): void {
  const before = spent.get(worker);
  spent.set(worker, before ? sumOf(before, times) : times);
}

const sumOf = (a: TimeShares, b: TimeShares): TimeShares => ({
  download: a.download + b.download,
  compute: a.compute + b.compute,
  upload: a.upload + b.upload,
  wait: a.wait + b.wait,
});

function normalized(times: TimeShares): TimeShares {
  const total = KEYS.reduce((sum, key) => sum + times[key], 0) || 1;
  return Object.fromEntries(KEYS.map((key) => [key, round(times[key] / total)])) as unknown as TimeShares;
}

const KEYS = ['download', 'compute', 'upload', 'wait'] as const;
const round = (value: number) => Math.round(value * 1000) / 1000;

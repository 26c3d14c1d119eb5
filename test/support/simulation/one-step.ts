/**
 * A step by itself, with workers that say what a test makes them say: events in, and what follows from each as lines. In
 * the place of the pipeline stands a count of which shards have which chunk.
 */
import { Worker, type WorkerIdentity } from '../../../coordinator/scheduling/worker.js';
import {
  describeEffect,
  type Effect,
  type StepEvent,
  type StepSums,
} from '../../../coordinator/step/events.js';
import type { GlobalBatch } from '../../../coordinator/step/state.js';
import { Step } from '../../../coordinator/step/training/step.js';
import { ownWorker } from '../../../coordinator/trust/own-engine.js';
import { Trust, type TrustOptions } from '../../../coordinator/trust/trust.js';
import { Roster } from '../../../coordinator/workers/roster.js';
import { layoutOf } from '../../../shared/numerics/layout.js';
import { firstShard, leafCount, type Node, ROOT } from '../../../shared/numerics/tree.js';
import { FRAME_CONTRIBUTION } from '../../../shared/protocol/frame.js';
import type { Contribution } from '../../../shared/protocol/messages.js';

export interface TestWorker extends Partial<WorkerIdentity> {
  name: string;
  engineClass?: string;
  /** It has computed so many samples a second before, and each lease took so many milliseconds beside. */
  measured?: { speed: number; overheadMs: number };
}

export interface OneStepOptions {
  workers: readonly TestWorker[];
  /** Of the gradient; each chunk holds one number. */
  chunks?: number;
  /** How many chunks may be sent before the first of them is complete. */
  reach?: number;
  batch?: Partial<GlobalBatch>;
  root?: Node;
  trust?: Partial<TrustOptions>;
  /** Whether the coordinator has an engine of its own. */
  own?: boolean;
}

const DEFAULT_CLASS = 'eager/cpu@1';

export function oneStep(options: OneStepOptions) {
  const { chunks = 1, reach = chunks, root = ROOT } = options;
  // Four shards of four samples.
  const batch = { step: 0, epoch: 0, bounds: [0, 4, 8, 12, 16], ...options.batch };
  const roster = new Roster();
  const own = ownWorker();
  const trust = new Trust({
    ...{ volunteers: 'none', auditRate: 0, secret: new Uint8Array(32), tell: () => undefined },
    ...(options.own ? { ownEngine: { worker: own } as TrustOptions['ownEngine'] } : {}),
    ...options.trust,
  });
  const layout = layoutOf([{ name: 'weights', shape: [chunks], trainable: true }], 1);
  const step = new Step({ batch, layout, workers: roster, trust, root });
  const shards = batch.bounds.length - 1;
  const counted = Array.from({ length: chunks }, () => new Set<number>());
  const effects: Effect<StepSums>[] = [];
  let [now, lastId] = [0, 0];

  const inPart = (shard: number) =>
    shard >= firstShard(shards, root) &&
    shard < firstShard(shards, root) + leafCount(shards, root) &&
    batch.bounds[shard + 1]! > batch.bounds[shard]!;
  const all = Array.from({ length: shards }, (_, shard) => shard).filter(inPart);
  const reached = () => {
    const incomplete = counted.findIndex((has) => all.some((shard) => !has.has(shard)));
    const front = incomplete < 0 ? chunks : incomplete;
    return { front, window: Math.min(chunks, front + reach) };
  };

  /** What the pipeline answers, where it is asked. */
  function answerTo(effect: Effect<StepSums>): StepEvent | undefined {
    if (effect.do === 'aggregate') {
      for (const has of counted) for (const shard of all) has.add(shard);
      return { type: 'added', isFinite: true, ...reached() };
    }
    if (effect.do !== 'add') return undefined;
    const { node, chunk, body, counts } = effect;
    const areNumbers = new Float32Array(body.slice().buffer).every(Number.isFinite);
    if (areNumbers && counts)
      for (let i = 0; i < leafCount(shards, node); i++) counted[chunk]!.add(firstShard(shards, node) + i);
    return { type: 'added', isFinite: areNumbers, ...reached() };
  }

  function join({ name, engineClass = DEFAULT_CLASS, measured, ...identity }: TestWorker): Worker {
    const worker = new Worker({ id: ++lastId, name, kind: 'node', ...identity }, now);
    worker.ready('test', engineClass);
    worker.synced(now);
    if (measured) {
      const computeMs = 1000;
      const turnaroundMs = computeMs + measured.overheadMs;
      for (let i = 0; i < 3; i++) worker.measure({ samples: measured.speed, computeMs, turnaroundMs });
    }
    roster.add(worker);
    return worker;
  }

  const worker = (name: string): Worker => roster.all().find((one) => one.name === name)!;

  /** What follows from an event, and from the pipeline's answers to that. */
  function hear(event: StepEvent): string[] {
    const lines: string[] = [];
    for (const effect of step.handle(event, now)) {
      effects.push(effect);
      lines.push(describeEffect(effect));
      const answer = answerTo(effect);
      if (answer) lines.push(...hear(answer));
    }
    return lines;
  }

  function announce(from: string | Worker, node: Node, change: Partial<Contribution> = {}): string[] {
    const samples = step.samples(node);
    const sums = { samples, loss: samples, metric: 0, computeMs: 1, waitMs: 0 };
    const message = { type: 'contribution', step: batch.step, node, ...sums, ...change } as const;
    return hear({ type: 'contribution', worker: typeof from === 'string' ? worker(from) : from, message });
  }

  function send(from: string | Worker, node: Node, chunk = 0, value = 1): string[] {
    const body = new Uint8Array(Float32Array.of(value).buffer);
    const frame = { type: FRAME_CONTRIBUTION, step: batch.step, node, chunk, body } as const;
    return hear({ type: 'frame', worker: typeof from === 'string' ? worker(from) : from, frame });
  }

  for (const one of options.workers) join(one);
  return {
    ...{ step, roster, trust, own, effects, layout, join, worker, hear, announce, send },
    /** Moves the clock. */
    at: (ms: number) => void (now = ms),
    begin: () => hear({ type: 'begin', ...reached() }),
    tick: () => hear({ type: 'tick' }),
    /** A whole contribution. */
    contribute: (from: string | Worker, node: Node, value = 1, change: Partial<Contribution> = {}) => {
      const lines = announce(from, node, change);
      for (let chunk = 0; chunk < chunks; chunk++) lines.push(...send(from, node, chunk, value));
      return lines;
    },
    /** A worker that is gone from the roster. */
    lose: (name: string) => {
      const gone = worker(name);
      roster.remove(gone);
      return hear({ type: 'lost', worker: gone });
    },
    /** The effects of a kind, so far. */
    of: <Kind extends Effect['do']>(kind: Kind) =>
      effects.filter((effect): effect is Extract<Effect<StepSums>, { do: Kind }> => effect.do === kind),
  };
}

/** A worker of 100 samples a second, and a millisecond a lease. */
export const measured = (name: string, speed = 100): TestWorker => ({
  name,
  measured: { speed, overheadMs: 1 },
});

/** The first plan gives the nodes to the workers in their order. */
export const assigned = (...nodes: number[]) => ({
  batch: { assignments: nodes.map((node, at) => ({ node, worker: at + 1 })) },
});

/** How a lease of a whole node is told. */
export const lease = (name: string, id: number, node: number) =>
  `lease -> ${name} (${id}): node ${node}, from chunk 0, window 1`;

/** What follows where shards of a worker are given to others. */
export const reissued = (shards: number, name: string) => [
  `count ${shards} shards reissued`,
  `tell reissued: step 1: ${shards} shard${shards > 1 ? 's' : ''} of ${name} given to others`,
];

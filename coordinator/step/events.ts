/**
 * What a step hears, and what it wants done: the whole of what it has to do with the rest of the coordinator. Both are
 * plain data, one line each where they are printed.
 */
import type { Node } from '../../shared/numerics/tree.js';
import type { CloseReason } from '../../shared/protocol/close-codes.js';
import type * as m from '../../shared/protocol/messages.js';
import type { RunEvent } from '../../shared/status/events.js';
import type { ShardCounters } from '../../shared/status/status.js';
import type { ContributionTimes } from '../scheduling/contribution-times.js';
import type { Worker } from '../scheduling/worker.js';
import type { OwnChoice, Recomputed } from '../trust/own-engine.js';
import type { Ban } from '../trust/reputation.js';
import type { WorkerSum } from '../update/robust/rule.js';
import type { WorkerEvent } from '../workers/phase/phase.js';

/** How far the pipeline is: chunks below `front` are summed, chunks below `window` may be sent. */
export interface Reach {
  front: number;
  window: number;
}

/** The sums of a step: its samples, and loss and metric added over them. */
export interface StepSums {
  samples: number;
  loss: number;
  metric: number;
}

export type StepEvent =
  | WorkerEvent
  | ({ type: 'begin' } & Reach)
  /** The answer to `add` and to `aggregate`, before anything else: only by these is a chunk ever ready. */
  | ({ type: 'added'; isFinite: boolean } & Reach)
  /** The answer to `audit`; undefined: an opinion that could not be had. */
  | { type: 'audited'; audit: number; recomputed: Recomputed | undefined }
  /** It is to be broken off. */
  | { type: 'aborted'; reason: unknown }
  /** It is over, and nothing more is needed of anybody. */
  | { type: 'ended' };

export type Effect<Outcome = unknown> =
  /** Hands out a lease, takes one back, opens the window. */
  | { do: 'send'; worker: Worker; message: m.Lease | m.Evaluate | m.Cancel | m.SendWindow }
  | { do: 'sendAveraged'; worker: Worker }
  /** Sends a worker away; its leases are free already. */
  | { do: 'refuse'; worker: Worker; reason: CloseReason; text: string }
  /** ...for good, and all others of its identity. */
  | { do: 'ban'; ban: Ban }
  /** Adds a chunk of a node's sum, if it `counts` and is finite. Answered by `added`. */
  | { do: 'add'; node: Node; chunk: number; body: Uint8Array; counts: boolean }
  /** Makes the mean gradient of what each worker has summed, and adds it. Answered by `added`. */
  | { do: 'aggregate'; sums: readonly WorkerSum[] }
  /** The coordinator's own engine computes a node again. Answered by `audited`. */
  | { do: 'audit'; audit: number; lease: m.Lease; engine: OwnChoice; isOpinion: boolean }
  /** Samples of a worker have counted. */
  | { do: 'credit'; worker: Worker; samples: number }
  /** Somebody has computed something that is not counted in samples. */
  | { do: 'computed' }
  /** A contribution counts without having been recomputed. */
  | { do: 'unseen' }
  | { do: 'count'; counter: keyof ShardCounters; shards: number }
  | { do: 'record'; times: ContributionTimes }
  | { do: 'tell'; event: RunEvent }
  | { do: 'done'; outcome: Outcome }
  /** The numbers have left the range of float32. */
  | { do: 'diverged'; why: string }
  | { do: 'fail'; error: unknown };

/**
 * Decides, and does nothing: the same events, at the same times, always give the same effects. What a defect of ours
 * kept from being returned is returned with the effects of the next event: what was decided is never lost.
 */
export interface Decider<Outcome> {
  /** @param now milliseconds, on a clock that never goes back */
  handle(event: StepEvent, now: number): Effect<Outcome>[];
}

export const describeEvent = (event: StepEvent): string => {
  switch (event.type) {
    case 'contribution':
      return `contribution of ${name(event.worker)}: node ${event.message.node}`;
    case 'frame':
      return `frame of ${name(event.worker)}: node ${event.frame.node}, chunk ${event.frame.chunk}`;
    case 'evaluated':
      return `evaluated by ${name(event.worker)}: part ${event.message.part}`;
    case 'dropped':
      return `dropped by ${name(event.worker)}: ${place(event.message)}`;
    case 'joined':
    case 'lost':
      return `${event.type}: ${name(event.worker)}`;
    case 'begin':
      return `begin: window ${event.window}`;
    case 'added':
      return `added${event.isFinite ? '' : ', not finite'}: front ${event.front}, window ${event.window}`;
    case 'audited':
      return `audited: ${event.audit}${event.recomputed ? '' : ', no opinion'}`;
    case 'aborted':
      return `aborted: ${event.reason}`;
    default:
      return event.type;
  }
};

export const describeEffect = (effect: Effect): string => {
  switch (effect.do) {
    case 'send':
      return `${effect.message.type} -> ${name(effect.worker)}: ${place(effect.message)}`;
    case 'refuse':
      return `refuse ${name(effect.worker)}: ${effect.reason}, ${effect.text}`;
    case 'ban':
      return `ban ${effect.ban.name}: ${effect.ban.why}`;
    case 'add':
      return `add node ${effect.node}, chunk ${effect.chunk}${effect.counts ? '' : ' (does not count)'}`;
    case 'aggregate':
      return `aggregate ${effect.sums.length} workers`;
    case 'audit':
      return `audit ${effect.audit}: node ${effect.lease.node}${effect.isOpinion ? ', an opinion' : ''}`;
    case 'credit':
      return `credit ${name(effect.worker)}: ${effect.samples} samples`;
    case 'sendAveraged':
      return `averaged weights -> ${name(effect.worker)}`;
    case 'count':
      return `count ${effect.shards} shards ${effect.counter}`;
    case 'record':
      return `record ${effect.times.name}: shards ${effect.times.shard} to ${effect.times.shard + effect.times.shards}`;
    case 'tell':
      return `tell ${effect.event.type}: ${effect.event.text}`;
    case 'diverged':
      return `diverged: ${effect.why}`;
    case 'fail':
      return `fail: ${effect.error}`;
    default:
      return effect.do;
  }
};

const name = ({ id, name }: Worker): string => `${name} (${id})`;

function place(message: { type: string; node?: number; part?: number; fromChunk?: number; window?: number }) {
  const { node, part, fromChunk, window } = message;
  const what = node !== undefined ? [`node ${node}`] : part !== undefined ? [`part ${part}`] : [];
  if (fromChunk !== undefined) what.push(`from chunk ${fromChunk}`);
  if (window !== undefined) what.push(`window ${window}`);
  return what.join(', ');
}

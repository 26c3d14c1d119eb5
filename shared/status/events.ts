/**
 * The events of a run, as people and programs are told of them. Plain JSON: the fields are for programs, `text` is one
 * line for people that says the same.
 */
import type { MetricName } from '../numerics/losses.js';
import type { WorkerKind } from '../protocol/messages.js';
import { percent, significant } from './figures.js';
import type { Change } from './monitoring.js';

/** Levels, from what only debugging needs to what ends the run. */
export const LEVELS = ['debug', 'info', 'warning', 'error'] as const;
/** How much an event matters, the least first. */
export type Level = (typeof LEVELS)[number];

export const isAtLeast = (level: Level, least: Level): boolean =>
  LEVELS.indexOf(level) >= LEVELS.indexOf(least);

/** Whom an event is about: the name is its owner's choice, the id that of one connection. */
export interface OfWorker {
  worker: string;
  workerId: number;
}

/** What has happened, in fields. Steps count updates that have been made. */
export type Happening =
  | ({
      type: 'worker-joined';
      kind: WorkerKind;
      engine: string;
      engineClass: string;
      reason: string;
    } & OfWorker)
  /** `code`: with which the connection was closed. */
  | ({ type: 'worker-left'; code: number; reason: string } & OfWorker)
  | ({ type: 'worker-refused'; code: number; reason: string } & OfWorker)
  | { type: 'banned'; worker: string; step: number; reason: string }
  | {
      type: 'evaluation';
      /** Which set was evaluated. */
      set: 'validation' | 'test';
      step: number;
      steps: number;
      epoch: number;
      loss: number;
      metric: number;
      metricName: MetricName;
      /** Of `--metrics`. */
      metrics?: Record<string, number>;
    }
  | { type: 'checkpoint' | 'resumed'; step: number; path: string }
  /** `shards` of the step in hand that somebody else computes. */
  | ({ type: 'reissued'; step: number; shards: number } & OfWorker)
  | ({ type: 'change' } & Change)
  /** A step has fewer shards than all workers together can compute at a time. Told once. */
  | { type: 'idle-lanes'; shards: number; lanes: number; remedy: string }
  /** What only words tell. */
  | { type: 'speculated'; step: number; text: string }
  /** How the data were read: `data`. */
  | { type: 'waiting' | 'data' | 'warning'; text: string }
  | { type: 'finished'; status: 'finished' | 'stopped' | 'failed'; text: string };

/** What a part of the coordinator tells. */
export type RunEvent = Happening & { text: string };

/** Puts into words what its fields say. */
export const told = (happening: Happening): RunEvent =>
  ({ ...happening, text: textOf(happening) }) as RunEvent;

function textOf(event: Happening): string {
  switch (event.type) {
    case 'worker-joined':
      return `${event.worker} joined (${event.kind}): ${event.reason}`;
    case 'worker-left':
      return `${event.worker} left: ${event.reason}`;
    case 'worker-refused':
      return `${event.worker} refused: ${event.reason}`;
    case 'banned':
      return `step ${event.step}: ${event.worker} is banned: ${event.reason}`;
    case 'evaluation': {
      const { epoch, step, steps, loss, metric, metricName, set } = event;
      const score =
        metricName === 'accuracy'
          ? `accuracy ${percent(metric)}`
          : `mean absolute error ${significant(metric)}`;
      const more = Object.entries(event.metrics ?? {}).map(
        ([name, value]) => `, ${name} ${significant(value)}`,
      );
      return `epoch ${epoch}, step ${step} of ${steps}: ${set} ${score}, loss ${significant(loss)}${more.join('')}`;
    }
    case 'checkpoint':
      return `checkpoint at step ${event.step}: ${event.path}`;
    case 'resumed':
      return `resumed at step ${event.step} from ${event.path}`;
    case 'reissued': {
      const what = event.shards === 1 ? '1 shard' : `${event.shards} shards`;
      return `step ${event.step + 1}: ${what} of ${event.worker} given to others`;
    }
    case 'idle-lanes': {
      const { shards, lanes, remedy } = event;
      return `a step has ${shards === 1 ? '1 shard' : `${shards} shards`}, these workers ${lanes} lanes: \`${remedy}\` would use all`;
    }
    case 'change':
      return event.what === 'learning-rate'
        ? `learning rate ${event.learningRate} from step ${event.step + 1} on, by ${event.by === 'plateau' ? 'the plateau schedule' : 'an admin'}`
        : `${event.what === 'pause' ? 'paused' : 'resumed'} by an admin after step ${event.step}`;
    default:
      return event.text;
  }
}

/** An event as the log has it. */
export type LoggedEvent = RunEvent & {
  /** Counts from 0 over the whole run: an event is never told twice. */
  id: number;
  /** Milliseconds since 1970, by the coordinator's clock. */
  at: number;
  level: Level;
  /** Updates made by then; absent before the run is ready, and in files of older versions. */
  after?: number;
};

/** `debug`: events that are frequent in a large cluster and ask for no action. */
const LEVEL_OF: Record<RunEvent['type'], Level> = {
  'worker-joined': 'info',
  'worker-left': 'info',
  'worker-refused': 'warning',
  banned: 'warning',
  evaluation: 'info',
  checkpoint: 'debug',
  resumed: 'info',
  reissued: 'debug',
  speculated: 'debug',
  waiting: 'info',
  data: 'info',
  change: 'info',
  'idle-lanes': 'info',
  warning: 'warning',
  finished: 'info',
};

export const levelOf = (event: RunEvent): Level =>
  event.type === 'finished' && event.status === 'failed' ? 'error' : LEVEL_OF[event.type];

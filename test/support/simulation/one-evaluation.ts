/** An evaluation by itself, with workers that say what a test makes them say: events in, and what follows as lines. */
import { Worker, type WorkerIdentity } from '../../../coordinator/scheduling/worker.js';
import { Evaluation } from '../../../coordinator/step/evaluation/evaluation.js';
import { describeEffect, type Effect, type StepEvent } from '../../../coordinator/step/events.js';
import { Roster } from '../../../coordinator/workers/roster.js';
import { squareOf } from '../../../shared/data/confusion.js';
import type * as m from '../../../shared/protocol/messages.js';

/** Of the weights. */
export const VERSION = 7;
/** In each part. */
export const RECORDS = 10;

interface Options {
  parts?: number;
  classes?: number;
  mostInHand?: number;
  workers: readonly Partial<WorkerIdentity>[];
}

export function evaluation({ parts = 4, classes = 3, mostInHand = 64, workers }: Options) {
  const roster = new Roster();
  const made = new Evaluation({
    ...{ version: VERSION, weights: 'current', workers: roster },
    plan: {
      parts: Array.from({ length: parts }, (_, at) => ({ from: RECORDS * at, to: RECORDS * (at + 1) })),
      mostInHand,
      confusion: squareOf(classes),
    },
  });
  let [now, lastId] = [0, 0];
  const effects: Effect[] = [];
  const join = (identity: Partial<WorkerIdentity>) => {
    const worker = new Worker({ id: ++lastId, name: `w${lastId}`, kind: 'node', ...identity }, now);
    worker.synced(now);
    roster.add(worker);
    return worker;
  };
  const joined = workers.map(join);
  const hear = (event: StepEvent) => {
    const heard = made.handle(event, now);
    effects.push(...heard);
    return heard.map(describeEffect);
  };
  const done = (worker: Worker, part: number, change: Partial<m.Evaluated> = {}) => {
    const sums = { samples: RECORDS, loss: 1, metric: 1, computeMs: 1 };
    const message = { type: 'evaluated', version: VERSION, part, ...sums, ...change } as const;
    return hear({ type: 'evaluated', worker, message });
  };
  return {
    ...{ roster, hear, join, done, effects, workers: joined as [Worker, Worker, Worker] },
    at: (ms: number) => void (now = ms),
    begin: () => hear({ type: 'begin', front: 0, window: 0 }),
    tick: () => hear({ type: 'tick' }),
    lose: (worker: Worker) => {
      roster.remove(worker);
      return hear({ type: 'lost', worker });
    },
    outcome: () => effects.flatMap((effect) => (effect.do === 'done' ? [effect.outcome] : [])),
  };
}

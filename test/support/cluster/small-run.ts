/** A coordinator in this process with a run that takes a moment: for tests of what surrounds it. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  type RunningCoordinator,
  type StartCoordinatorOptions,
  startCoordinator,
} from '../../../coordinator/start.js';
import type { RunEvent } from '../../../shared/status/events.js';
import { type RunningWorker, startWorker } from '../../../worker/node/start.js';
import { temporaryFolder } from './cluster.js';
import { workHere } from './worker-here.js';

export interface SmallRun extends RunningCoordinator {
  events: RunEvent[];
  /** A worker on an engine without tensors, which is up at once; with `engine` one that computes, in a thread. */
  work(name?: string, engine?: string): RunningWorker;
  /** The same, in no hurry: a run without an end leaves the processors to what looks at it. */
  workSlowly(name?: string): RunningWorker;
}

const SLOW_SHARD_MS = 20;

/** @param onEnd where what must be done in the end is left; by default after the test */
export async function smallRun(
  options: StartCoordinatorOptions = {},
  onEnd: (end: () => Promise<unknown>) => void = onTestFinished as never,
): Promise<SmallRun> {
  const running = await startCoordinator({
    data: 'digits?train=64&test=20',
    model: 'linear',
    batchSize: 32,
    shards: 4,
    epochs: 2,
    port: 0,
    runDir: join(await temporaryFolder(onEnd), 'run'),
    ...options,
  });
  onEnd(() => running.close());
  const events: RunEvent[] = [];
  running.onEvent((event) => events.push(event));
  const { url, localToken: token } = running;
  const begun = (worker: RunningWorker) => {
    worker.finished.catch(() => undefined);
    onEnd(() => worker.stop());
    return worker;
  };
  return {
    ...running,
    events,
    work: (name = 'honest', engine) =>
      begun(engine ? startWorker({ url, engine, name, token }) : workHere(url, { name, token })),
    workSlowly: (name = 'honest') => begun(workHere(url, { name, token, shardMs: SLOW_SHARD_MS })),
  };
}

/**
 * Starts what all tests of a file share.
 * @param start is given where to leave what must be done in the end
 * @returns what does that, for `beforeAll`
 */
export async function shared(
  start: (onEnd: (end: () => Promise<unknown>) => void) => Promise<void>,
): Promise<() => Promise<void>> {
  const ends: (() => Promise<unknown>)[] = [];
  await start((end) => ends.push(end));
  return async () => {
    for (const end of ends.reverse()) await end();
  };
}

/** Resolves at the next event that is meant. */
export function next(run: SmallRun, isMeant: (event: RunEvent) => boolean): Promise<RunEvent> {
  return new Promise((resolve) => {
    const end = run.onEvent((event) => {
      if (!isMeant(event)) return;
      end();
      resolve(event);
    });
  });
}

/** Resolves at the first event, of those that came and those to come, that is meant. */
export async function happened(run: SmallRun, isMeant: (event: RunEvent) => boolean): Promise<RunEvent> {
  return run.events.find(isMeant) ?? next(run, isMeant);
}

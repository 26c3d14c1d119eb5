/** A compute worker, from its start until it has an engine. */

import type { AwakeTime } from '../../../engine/lanes/awake-time.js';
import { FIRST_DEADLINE_MS } from '../../../engine/lanes/deadline.js';
import type { Started } from '../../../engine/remote.js';
import { messageOf } from '../../../shared/user-error.js';
import type { ComputeStart } from '../compute-worker.js';
import type { DutyCycleOptions } from './duty-cycle.js';
import { type ComputePort, RemoteEngine } from './remote-engine.js';

export interface WatchOptions extends DutyCycleOptions {
  spawn(): ComputePort;
  /** Whether memory can be shared with compute workers. */
  isShared: boolean;
  /** How often engines of the GPU were lost, since the tab began to contribute. */
  failures: { gpu: number };
  time: Pick<AwakeTime, 'after'>;
  computed(samples: number): void;
  /** Hears what its owner may want to know, though the work goes on: a sentence. */
  told(sentence: string): void;
}

export interface Begun {
  engine: RemoteEngine;
  started: Started;
}

/** @throws EngineLostError if it does not start; Error if it has no engine */
export async function begin(start: ComputeStart, { spawn, time }: WatchOptions): Promise<Begun> {
  const engine = new RemoteEngine(spawn(), start);
  const callOff = time.after(FIRST_DEADLINE_MS, () => engine.end('it did not start'));
  try {
    return { engine, started: await engine.started };
  } catch (error) {
    engine.end(messageOf(error));
    throw error;
  } finally {
    callOff();
  }
}

/** The same; but engines that were tried and not taken hold memory, so the chosen one gets a worker of its own. */
export async function beginAlone(start: ComputeStart, options: WatchOptions): Promise<Begun> {
  const { engine, started } = await begin(start, options);
  if (started.tried.filter(({ refused }) => !refused).length < 2) return { engine, started };
  engine.end('another worker takes over');
  const again = await begin(onlyOf(start, started.name), options);
  return { engine: again.engine, started };
}

/** The start of a worker with a certain engine, which is neither compared nor timed. */
export function onlyOf(
  { subject: { probe: _, ...subject }, withGpu, coordinator }: ComputeStart,
  name: string,
): ComputeStart {
  return { subject, wanted: name, withGpu, coordinator };
}

/** A vector that compute workers see, where memory can be shared with them. */
export const allocate = (elements: number, { isShared }: Pick<WatchOptions, 'isShared'>): Float32Array =>
  isShared ? new Float32Array(new SharedArrayBuffer(4 * elements)) : new Float32Array(elements);

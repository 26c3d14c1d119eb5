/** The worker within the coordinator's process: lanes that read the weights and leave their gradients where they lie. */
import { hostname } from 'node:os';
import type { InProcessDoor } from '../../shared/protocol/in-process.js';
import type { Level } from '../../shared/status/events.js';
import { messageOf } from '../../shared/user-error.js';
import { startWorkerWithin } from '../../worker/node/start.js';

export interface LocalLanesOptions {
  /** 0: none. */
  lanes: 'auto' | number;
  door: InProcessDoor;
  engine: string;
  /** The file of the model's program, where it is one. */
  modelFile: string | undefined;
  log(worker: string, level: Level, text: string): void;
  /** Also log what the worker says. */
  verbose: boolean;
}

/** One that fails is told, and not started again: other workers may still join. */
export function startLocalLanes({ lanes, door, engine, modelFile, log, verbose }: LocalLanesOptions): {
  stop(): Promise<void>;
} {
  if (lanes === 0) return { stop: async () => undefined };
  const name = hostname();
  const worker = startWorkerWithin(door, {
    name,
    lanes,
    engine,
    modelFile,
    onEvent({ type, text }) {
      if (type === 'warning') log(name, 'warning', text);
      else if (verbose) log(name, 'debug', `${name}: ${text}`);
    },
  });
  worker.finished.catch((error) =>
    log(name, 'warning', `the lanes of this process ended: ${messageOf(error)}`),
  );
  return worker;
}

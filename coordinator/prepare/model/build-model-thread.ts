/** The thread behind `buildModel`: builds one model and answers once. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, UserError } from '../../../shared/user-error.js';
import type { BuildAnswer } from './build-model.js';
import type { BuildRequest } from './topology/request.js';
import { buildTopology } from './topology/topology.js';

const answer = (answer: BuildAnswer, transfer: ArrayBuffer[] = []) =>
  parentPort!.postMessage(answer, transfer);
try {
  const built = await buildTopology(workerData as BuildRequest);
  answer({ built }, [built.weights.buffer as ArrayBuffer]);
} catch (error) {
  const exitCode = error instanceof UserError ? error.exitCode : undefined;
  answer({ error: { message: messageOf(error), exitCode } });
}

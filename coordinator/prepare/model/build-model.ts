/**
 * Topology and initial weights, from a name, a file or a function. TF.js is loaded in a thread of its own,
 * which ends with its work: the coordinator need not keep TF.js in memory. A function cannot be sent to a
 * thread: a model of one, or with a loss of one, is built here.
 */
import { Worker } from 'node:worker_threads';
import PQueue from 'p-queue';
import { threadEntry } from '../../../engine/node/built-program.js';
import { UserError } from '../../../shared/user-error.js';
import type { BuildRequest, BuiltModel } from './topology/request.js';

export type { BuiltModel, ModelFunction, ModelSource } from './topology/request.js';

/** What the thread answers: a result, or an error in parts, since classes do not survive the way. */
export type BuildAnswer = { built: BuiltModel } | { error: { message: string; exitCode: 1 | 2 | undefined } };

/** TF.js names and counts for all of a process: two models that were built at the same time would mix. */
const inTurn = new PQueue({ concurrency: 1 });

/** Builds in this thread. @throws UserError if the model cannot be had, or does not fit the data */
export const buildHere = (request: BuildRequest): Promise<BuiltModel> =>
  inTurn.add(async () => {
    const { buildTopology } = await import('./topology/topology.js');
    return buildTopology(request);
  });

/** @throws UserError if the model cannot be had, or does not fit the data */
export async function buildModel(request: BuildRequest): Promise<BuiltModel> {
  const { model, loss, scores } = request;
  const isOfProgram = Object.keys(scores?.functions ?? {}).length > 0;
  if (typeof model === 'function' || typeof loss === 'function' || isOfProgram) return buildHere(request);
  const thread = new Worker(threadEntry('coordinator/prepare/model/build-model-thread.js'), {
    workerData: request,
  });
  try {
    const answer = await new Promise<BuildAnswer>((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', reject);
      thread.once('exit', (code) => reject(new Error(`the thread that builds the model ended (${code})`)));
    });
    if ('built' in answer) return answer.built;
    const { message, exitCode } = answer.error;
    throw exitCode === undefined ? new Error(message) : new UserError(message, exitCode);
  } finally {
    await thread.terminate();
  }
}

/**
 * The engine in a thread of its own: however long a shard takes, the thread that owns the socket goes on
 * sending heartbeats. Weights and gradients lie in memory that both threads see.
 */
import { SHARE_ENV, Worker } from 'node:worker_threads';
import type { Probe } from '../../shared/engines/probe.js';
import type { LocalTerms } from '../../shared/numerics/rounds/terms.js';
import type { Tried } from '../choose.js';
import type { CompiledSubject } from '../compiled/start.js';
import type { Compute, NodeSums } from '../compute.js';
import type { Shard } from '../engine.js';
import type { Lane } from '../lanes/lane.js';
import { type EngineAnswer, EngineCalls, errorOf, type StartAnswer } from '../remote.js';
import { threadEntry } from './built-program.js';

export interface EngineThreadOptions extends CompiledSubject {
  /** If it is absent, as for evaluation alone, the first engine that starts is used, neither compared nor timed. */
  probe?: Probe;
  shardSamples: number;
  /** `auto` or the name of an engine. */
  wanted: string;
  /** Threads of the engine, if it accepts a number; default: 1. */
  threads?: number | undefined;
  /** Lanes that the worker wants: engines are compared by what so many of each do. */
  lanes?: number;
  /** The file of the model's program, where it is one. */
  modelFile?: string | undefined;
  /** Of a run of rounds. */
  local?: LocalTerms | undefined;
  /** Try every engine, also those known to be slow. */
  tryAll?: boolean;
}

export interface EngineThread extends Omit<Compute, 'lanes'>, Lane {
  /** What was tried before the choice. */
  readonly tried: readonly Tried[];
}

/**
 * @param stop ends the thread, also one that has not started yet: a native library may hang
 * @throws UserError if this machine has no engine for the model, or not the wanted one; Error once `stop` is aborted
 */
export async function startEngineThread(
  options: EngineThreadOptions,
  stop?: AbortSignal,
): Promise<EngineThread> {
  stop?.throwIfAborted();
  const thread = new Worker(threadEntry('engine/node/engine-thread-main.js'), {
    workerData: options,
    // Native libraries read the process's environment, which a thread else has only a copy of.
    env: SHARE_ENV,
  });
  const calls = new EngineCalls((request) => thread.postMessage(request));
  thread.on('error', (error) => calls.die(error as Error));
  const gone = new Promise<void>((resolve) => {
    thread.on('exit', (code) => {
      calls.die(new Error(`the engine's thread ended (${code})`));
      resolve();
    });
  });

  const answer = await new Promise<StartAnswer>((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', (code) => reject(new Error(`the engine's thread ended (${code})`)));
    stop?.addEventListener('abort', () => {
      // Not once it has ended: native code that hangs cannot be ended.
      reject(stop.reason);
      void thread.terminate();
    });
  });
  if ('error' in answer) {
    await thread.terminate();
    throw errorOf(answer);
  }
  thread.on('message', (answer: EngineAnswer) => calls.answered(answer));
  return {
    ...answer.started,
    allocate: (elements) => new Float32Array(new SharedArrayBuffer(4 * elements)),
    setWeights: (weights) => calls.ask({ call: 'setWeights', weights }),
    // Batches are copied, not moved: another thread may have to compute them again.
    computeNode: (shards: readonly Shard[], into: Float32Array, stop?: AbortSignal) =>
      calls.ask<NodeSums>({ call: 'computeNode', shards, into }, stop),
    add: (sum) => calls.ask({ call: 'add', sum }),
    evaluate: (batch) => calls.evaluate(batch),
    close: async () => {
      calls.end("the engine's thread was ended");
      await gone;
    },
  };
}

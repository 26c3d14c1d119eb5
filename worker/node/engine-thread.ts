/**
 * The engine in a thread of its own: however long a shard takes, the thread that owns the socket goes on
 * sending heartbeats. Weights and gradients lie in memory that both threads see.
 */
import { SHARE_ENV, Worker } from 'node:worker_threads';
import type { Probe } from '../../shared/probe.js';
import { threadEntry } from '../../shared/thread-entry.js';
import type { Tried } from '../engine/choose.js';
import type { CompiledSubject } from '../engine/compiled/start.js';
import type { Compute, NodeSums } from '../engine/compute.js';
import { buffersOf, type EngineAnswer, EngineCalls, errorOf, type StartAnswer } from '../engine/remote.js';

export interface EngineThreadOptions extends CompiledSubject {
  /** Without one, as for evaluation alone, engines are neither compared nor timed: the first that starts is taken. */
  probe?: Probe;
  shardSamples: number;
  /** `auto` or the name of an engine. */
  wanted: string;
  /** Of the engine, where it can be told how many; default: 1. */
  threads?: number | undefined;
  /** Try every engine, also those known to be slow. */
  tryAll?: boolean;
}

export interface EngineThread extends Compute {
  /** What was tried before the choice. */
  readonly tried: readonly Tried[];
}

/** @throws UserError if this machine has no engine for the model, or not the wanted one */
export async function startEngineThread(options: EngineThreadOptions): Promise<EngineThread> {
  const thread = new Worker(threadEntry(import.meta.url, './engine-thread-main.js'), {
    workerData: options,
    // Native libraries read the process's environment, which a thread else has only a copy of.
    env: SHARE_ENV,
  });
  const calls = new EngineCalls((request, transfer) => thread.postMessage(request, transfer));
  thread.on('error', (error) => calls.die(error as Error));
  thread.on('exit', (code) => calls.die(new Error(`the engine's thread ended (${code})`)));

  const answer = await new Promise<StartAnswer>((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', (code) => reject(new Error(`the engine's thread ended (${code})`)));
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
    computeNode: (shards, into, stop) =>
      calls.ask<NodeSums>(
        { call: 'computeNode', shards, into },
        shards.flatMap(({ batch }) => buffersOf(batch)),
        stop,
      ),
    evaluate: (batch) => calls.evaluate(batch, buffersOf(batch)),
    close: async () => {
      await thread.terminate();
    },
  };
}

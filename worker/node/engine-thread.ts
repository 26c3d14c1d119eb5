/**
 * The engine in a thread of its own: however long a shard takes, the thread that owns the socket goes on
 * sending heartbeats. Weights and gradients lie in memory that both threads see.
 */
import { SHARE_ENV, Worker } from 'node:worker_threads';
import type { Probe } from '../../shared/probe.js';
import { threadEntry } from '../../shared/thread-entry.js';
import { UserError } from '../../shared/user-error.js';
import type { Tried } from '../engine/choose.js';
import type { Compute, NodeSums, Shard } from '../engine/compute.js';
import type { Batch, EvaluationSums } from '../engine/engine.js';
import type { EngineSubject } from './engines.js';

export interface EngineThreadOptions extends EngineSubject {
  /** Without one, as for evaluation alone, engines are neither compared nor timed: the first that starts is taken. */
  probe?: Probe;
  shardSamples: number;
  /** `auto` or the name of an engine. */
  wanted: string;
  /** Try every engine, also those known to be slow. */
  tryAll?: boolean;
}

/** Work for the thread. */
export type EngineCall =
  | { call: 'setWeights'; weights: Float32Array }
  | { call: 'computeNode'; shards: Shard[]; into: Float32Array }
  | { call: 'evaluate'; batch: Batch };

export type EngineRequest = EngineCall & { id: number };

/** What the thread says first. */
export interface Started {
  name: string;
  engineClass: string;
  reason: string;
  tried: Tried[];
}

/** Errors travel in parts, since classes do not survive the way. */
export interface Failure {
  error: { message: string; exitCode: 1 | 2 | undefined };
}

export type StartAnswer = { started: Started } | Failure;
export type EngineAnswer = { id: number } & ({ result: unknown } | Failure);

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
  const calls = new Map<number, { resolve(result: never): void; reject(error: Error): void }>();
  let nextId = 0;
  let dead: Error | undefined;
  const die = (error: Error) => {
    dead ??= error;
    for (const { reject } of calls.values()) reject(dead);
    calls.clear();
  };
  thread.on('error', (error) => die(error as Error));
  thread.on('exit', (code) => die(new Error(`the engine's thread ended (${code})`)));

  const answer = await new Promise<StartAnswer>((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', (code) => reject(new Error(`the engine's thread ended (${code})`)));
  });
  if ('error' in answer) {
    await thread.terminate();
    throw errorOf(answer);
  }
  thread.on('message', (answer: EngineAnswer) => {
    const call = calls.get(answer.id);
    calls.delete(answer.id);
    if ('error' in answer) call?.reject(errorOf(answer));
    else call?.resolve(answer.result as never);
  });
  const ask = <T>(call: EngineCall, transfer: ArrayBuffer[] = []) =>
    new Promise<T>((resolve, reject) => {
      if (dead) return reject(dead);
      const id = nextId++;
      calls.set(id, { resolve, reject });
      thread.postMessage({ ...call, id } satisfies EngineRequest, transfer);
    });
  return {
    ...answer.started,
    allocate: (elements) => new Float32Array(new SharedArrayBuffer(4 * elements)),
    setWeights: (weights) => ask({ call: 'setWeights', weights }),
    computeNode: (shards, into) =>
      ask<NodeSums>(
        { call: 'computeNode', shards, into },
        shards.flatMap(({ batch }) => buffersOf(batch)),
      ),
    evaluate: (batch) => ask<EvaluationSums>({ call: 'evaluate', batch }, buffersOf(batch)),
    close: async () => {
      await thread.terminate();
    },
  };
}

/** A batch is used once: it moves to the thread instead of being copied. */
const buffersOf = ({ x, y }: Batch): ArrayBuffer[] => [x.buffer as ArrayBuffer, y.buffer as ArrayBuffer];

function errorOf({ error: { message, exitCode } }: Failure): Error {
  return exitCode === undefined ? new Error(message) : new UserError(message, exitCode);
}

/**
 * An engine at the other end of a message port, a thread in Node or a worker in a browser: what travels,
 * and both ends of it. Where memory can be shared, vectors are seen by both ends; where it cannot, the
 * contribution comes back with the answer.
 */
import { messageOf, UserError } from '../shared/user-error.js';
import type { Tried } from './choose.js';
import type { NodeSums } from './compute.js';
import { addRange, NodeComputer, type RangeSum } from './compute-node.js';
import type { Batch, Engine, EvaluationSums, Shard } from './engine.js';
import { OwnBatches } from './own-batches.js';

export type EngineCall =
  | { call: 'setWeights'; weights: Float32Array }
  /** `into`: memory that both ends see, or how many elements to send back. */
  | { call: 'computeNode'; shards: readonly Shard[]; into: Float32Array | number }
  | { call: 'add'; sum: RangeSum }
  | { call: 'evaluate'; batch: Batch };

export type CallRequest = EngineCall & { id: number };

/** `stop`: the node of the `computeNode` call with this id is no longer wanted. `end`: nothing is any more. */
export type EngineRequest = CallRequest | { stop: number } | { end: true };

/** What the far end says first. */
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

/** The answer to `computeNode` where memory is not shared. */
export type SentNode = NodeSums & { contribution?: Float32Array };

export const failure = (error: unknown): Failure => ({
  error: { message: messageOf(error), exitCode: error instanceof UserError ? error.exitCode : undefined },
});

export function errorOf({ error: { message, exitCode } }: Failure): Error {
  return exitCode === undefined ? new Error(message) : new UserError(message, exitCode);
}

/** The near end: calls, and the answers that they wait for. */
export class EngineCalls {
  private readonly waiting = new Map<number, { resolve(result: never): void; reject(error: Error): void }>();
  private nextId = 0;
  private dead: Error | undefined;

  constructor(private readonly post: (request: EngineRequest) => void) {}

  ask<T>(call: EngineCall, stop?: AbortSignal): Promise<T> {
    const id = this.nextId++;
    const tell = () => this.post({ stop: id });
    return new Promise<T>((resolve, reject) => {
      if (this.dead) return reject(this.dead);
      this.waiting.set(id, { resolve, reject });
      this.post({ ...call, id });
      if (stop?.aborted) tell();
      else stop?.addEventListener('abort', tell);
    }).finally(() => stop?.removeEventListener('abort', tell));
  }

  /** Asks the far end to leave. A thread that is ended from here while native code runs may end its process. */
  end(why: string): void {
    this.post({ end: true });
    this.die(new Error(why));
  }

  evaluate(batch: Batch): Promise<EvaluationSums> {
    return this.ask<EvaluationSums>({ call: 'evaluate', batch });
  }

  answered(answer: EngineAnswer): void {
    const call = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if ('error' in answer) call?.reject(errorOf(answer));
    else call?.resolve(answer.result as never);
  }

  /** The far end is gone: pending and later calls reject with this error. */
  die(error: Error): void {
    this.dead ??= error;
    for (const { reject } of this.waiting.values()) reject(this.dead);
    this.waiting.clear();
  }
}

/**
 * The far end: computes one request after the other, in the order in which they are handed in.
 * @param post sends an answer; the buffers listed are not needed here any more
 * @param turn resolves once the messages that have come meanwhile were handed in: between one shard and the next
 *   an engine may do nothing but promises, which keep messages waiting
 * @param leave ends this worker; never called within an engine's native code
 */
export function serveEngine(
  engine: Engine,
  post: (answer: EngineAnswer, transfer: ArrayBuffer[]) => void,
  turn: () => Promise<void>,
  leave: () => void,
): (request: EngineRequest) => void {
  const computer = new NodeComputer(engine);
  const own = new OwnBatches();
  /** Whether each unanswered call has been stopped. */
  const stopped = new Map<number, boolean>();
  const perform = async (call: CallRequest): Promise<unknown> => {
    const isStopped = async () => {
      await turn();
      return stopped.get(call.id) === true;
    };
    switch (call.call) {
      case 'setWeights':
        return engine.setWeights(call.weights);
      case 'computeNode': {
        const shards = call.shards.map((shard, i) => ({ ...shard, batch: own.of(shard.batch, i) }));
        if (typeof call.into !== 'number') return computer.compute(shards, call.into, isStopped);
        const contribution = new Float32Array(call.into);
        const sums = await computer.compute(shards, contribution, isStopped);
        return { ...sums, contribution } satisfies SentNode;
      }
      case 'add':
        return addRange(call.sum);
      case 'evaluate':
        return engine.evaluate(own.of(call.batch, 0));
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  return (request) => {
    if ('end' in request) return leave();
    if ('stop' in request) {
      if (stopped.has(request.stop)) stopped.set(request.stop, true);
      return;
    }
    stopped.set(request.id, false);
    last = last.then(async () => {
      const answer = await perform(request).then((result) => ({ result }), failure);
      stopped.delete(request.id);
      const sent = 'result' in answer ? (answer.result as Partial<SentNode> | undefined) : undefined;
      post(
        { id: request.id, ...answer },
        sent?.contribution ? [sent.contribution.buffer as ArrayBuffer] : [],
      );
    });
  };
}

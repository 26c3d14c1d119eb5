/** What calls to an engine at the other end of a message port must do, whatever the runtime's event loop. */
import type { NodeSums } from '../../engine/compute.js';
import type { Engine, Shard } from '../../engine/engine.js';
import { type EngineAnswer, EngineCalls, type EngineRequest, serveEngine } from '../../engine/remote.js';
import { type Contract, equal } from './contract.js';

export interface FarEngineSubject {
  turn(): Promise<void>;
}

const SHARDS = 1024;

export const farEngineContract: Contract<FarEngineSubject> = {
  'computes a node whole': async ({ turn }) => {
    const calls = connect({ turn, computed: () => undefined });
    equal((await node(calls)).samples, SHARDS);
  },

  'ends a node that nobody waits for any more, and computes the next one whole': async ({ turn }) => {
    const stop = new AbortController();
    let count = 0;
    const calls = connect({ turn, computed: () => ++count === 3 && stop.abort() });
    const stopped = node(calls, stop.signal);
    const next = node(calls);
    const { samples } = await stopped;
    equal(samples >= 3 && samples < SHARDS, true);
    equal((await next).samples, SHARDS);
  },

  'begins no second shard of a node that was not wanted any more when it was asked for': async ({ turn }) => {
    const calls = connect({ turn, computed: () => undefined });
    const { samples } = await node(calls, AbortSignal.abort());
    equal(samples < SHARDS, true);
  },
};

function connect({ turn, computed }: FarEngineSubject & { computed(): void }): EngineCalls {
  const { port1: near, port2: far } = new MessageChannel();
  const serve = serveEngine(
    engine(computed),
    (answer) => far.postMessage(answer),
    turn,
    () => far.close(),
  );
  const calls = new EngineCalls((request) => near.postMessage(request));
  far.onmessage = ({ data }: { data: EngineRequest }) => serve(data);
  near.onmessage = ({ data }: { data: EngineAnswer }) => calls.answered(data);
  return calls;
}

function node(calls: EngineCalls, stop?: AbortSignal): Promise<NodeSums> {
  const batch = { count: 1, x: new Uint8Array(1), y: new Uint8Array(1) };
  const shards: Shard[] = Array.from({ length: SHARDS }, (_, seed) => ({ batch, seed }));
  return calls.ask<NodeSums>({ call: 'computeNode', shards, into: 1 }, stop);
}

/** As ONNX Runtime in WebAssembly: nothing but promises, which let no message in. */
const engine = (computed: () => void): Engine => ({
  name: 'prompt',
  engineClass: 'prompt@1',
  setWeights: async () => undefined,
  async gradient() {
    computed();
    return { loss: 0, metric: 0 };
  },
  evaluate: async () => ({ loss: 0, metric: 0 }),
  dispose: () => undefined,
});

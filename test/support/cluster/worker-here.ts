/** A worker in the test's own process: all of the real one but its engine, which needs no tensors and is up at once. */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { NodeComputer } from '../../../engine/compute-node.js';
import { confusionOf } from '../../../shared/data/confusion.js';
import { layoutOf } from '../../../shared/numerics/layout.js';
import { UserError } from '../../../shared/user-error.js';
import type { ComputeSubject } from '../../../worker/data/material.js';
import { MemoryCache } from '../../../worker/data/object-cache.js';
import { get } from '../../../worker/node/http.js';
import { addressesOf, dial } from '../../../worker/node/socket.js';
import type { RunningWorker } from '../../../worker/node/start.js';
import { Participation } from '../../../worker/participation.js';
import { lightCompute } from '../simulation/light-engine.mjs';

const CACHE_BYTES = 1 << 20;

interface WorkerHereOptions {
  name?: string;
  token?: string | undefined;
  /** Milliseconds of a shard beside its arithmetic. */
  shardMs?: number;
  /** It leaves with this reason, as a worker does that finds no engine. */
  unable?: string;
}

export function workHere(
  url: string,
  { name = 'light', token, shardMs = 0, unable }: WorkerHereOptions = {},
): RunningWorker {
  const { http, swarm } = addressesOf(url);
  const stopping = new AbortController();
  const { signal } = stopping;
  const participation = new Participation({
    joining: { name, kind: 'node', token },
    address: http,
    dial: (events) => dial(swarm, events),
    material: {
      engine: 'light',
      startCompute: async ({ model, manifest }: ComputeSubject) => {
        if (unable !== undefined) throw new UserError(unable);
        const { classes } = confusionOf(manifest.label);
        return lightCompute({ layout: layoutOf(model.weights), classes, shardMs, NodeComputer });
      },
      cache: new MemoryCache(CACHE_BYTES),
      fetchObject: async (hash, maxBytes) =>
        (await get(`${http}/objects/${hash}`, { token, ca: undefined, maxBytes, signal })).body,
      sha256: async (bytes) => createHash('sha256').update(bytes).digest('hex'),
    },
    wait: (ms, stop) => delay(ms, undefined, { signal: stop }).catch(() => undefined),
    tell: () => undefined,
  });
  const finished = participation.run(signal).finally(() => participation.release());
  finished.catch(() => undefined);
  const stop = async () => {
    stopping.abort();
    await finished.catch(() => undefined);
  };
  return { finished, stop, [Symbol.asyncDispose]: stop };
}

/** A tab's participation in a run: the worker's own code, with what browsers have for it. */
import { SWARM_PATH } from '../shared/protocol/messages.js';
import { Participation } from '../worker/participation.js';
import type { AwakeTime } from './awake-time.js';
import type { ComputePort } from './far-engine.js';
import { fetchObject } from './fetch-object.js';
import { startGuarded } from './guarded-compute.js';
import { memoryBudget } from './memory-budget.js';
import type { Network } from './network.js';
import { openCache } from './open-cache.js';
import type { Permission } from './permission.js';
import { sha256 } from './sha256.js';
import { dial } from './socket.js';
import type { StateReporter } from './state-reporter.js';

export const OFFLINE = 'This device is offline. It goes on by itself when the network is back.';

export interface TabParts {
  name: string;
  /** `auto` or the name of an engine. */
  engine: string;
  state: StateReporter;
  permission: Permission;
  network: Network;
  time: AwakeTime;
  spawn(): ComputePort;
}

export async function createParticipation(parts: TabParts): Promise<Participation> {
  const { name, engine, state, permission, network, time, spawn } = parts;
  const { origin } = globalThis.location;
  const { cache, kind } = await openCache((text) => state.note(text));
  state.set({ cache: kind });
  const losses = { gpu: 0, processor: 0 };
  return new Participation({
    name,
    kind: 'browser',
    address: origin,
    engine,
    cache,
    sha256,
    memoryBytes: memoryBudget((navigator as { deviceMemory?: number }).deviceMemory),
    dial: (events) => dial(`${origin.replace(/^http/, 'ws')}${SWARM_PATH}`, events),
    fetchObject: async (hash, bytes) => {
      // What is kept here need not be kept a second time by the browser.
      const object = await fetchObject(hash, bytes, kind === 'memory' ? 'default' : 'no-store');
      state.downloaded(object.length);
      return object;
    },
    startCompute: (subject, wanted) =>
      startGuarded(subject, wanted, {
        spawn,
        isShared: globalThis.crossOriginIsolated === true,
        losses,
        time,
        now: () => performance.now(),
        wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        dutyCycle: () => permission.dutyCycle,
        computed: (samples) => state.computed(samples),
        lost: (why) => state.note(`The engine was lost and started again: ${why}.`),
      }),
    wait: (ms, signal) => network.wait(ms, signal),
    log: () => undefined,
    watcher: {
      connected: () => state.show('preparing', 'Connected. Fetching the model and trying engines on it.'),
      welcomed: () => undefined,
      prepared: ({ name, reason }) => {
        state.set({ engine: name, engineReason: reason });
        state.show('contributing', 'Contributing.');
      },
      progressed: (progress) => state.progressed(progress),
      lost: (why) => {
        if (permission.isOnline) state.show('connecting', `Connection lost (${why}). Trying again.`);
        else state.show('offline', OFFLINE);
      },
    },
  });
}

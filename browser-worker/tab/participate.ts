/** A tab's participation in a run: the worker's own code, with what browsers have for it. */

import type { AwakeTime } from '../../engine/lanes/awake-time.js';
import { SWARM_PATH } from '../../shared/protocol/messages.js';
import { Participation } from '../../worker/participation.js';
import type { ComputePort } from '../compute/lanes/remote-engine.js';
import { startTabCompute } from '../compute/lanes/start-compute.js';
import { dial } from '../socket.js';
import { fetchObject } from '../storage/fetch-object.js';
import { memoryBudget } from '../storage/memory-budget.js';
import { openCache } from '../storage/open-cache.js';
import { sha256 } from '../storage/sha256.js';
import type { Network } from './conditions/network.js';
import type { Permission } from './conditions/permission.js';
import { CONTRIBUTING, type StateReporter } from './state-reporter.js';

export const OFFLINE = 'This device is offline. It goes on by itself when the network is back.';

export interface TabParts {
  name: string;
  /** `auto` or the name of an engine. */
  engine: string;
  /** The coordinator's address, without a slash at the end. */
  coordinator: string;
  /** Shown to it; absent where the page's own cookie is. */
  token?: string;
  state: StateReporter;
  permission: Permission;
  network: Network;
  time: AwakeTime;
  /** Bytes of memory that engines may take. */
  memoryOfEngines: number;
  spawn(): ComputePort;
}

export async function createParticipation(parts: TabParts): Promise<Participation> {
  const { name, engine, coordinator, token, state, permission, network, time, memoryOfEngines, spawn } =
    parts;
  const { cache, kind } = await openCache((text) => state.note(text));
  state.set({ cache: kind });
  const failures = { gpu: 0 };
  return new Participation({
    joining: { name, kind: 'browser', token },
    address: coordinator,
    dial: (events) => dial(`${coordinator.replace(/^http/, 'ws')}${SWARM_PATH}`, events),
    material: {
      engine,
      cache,
      sha256,
      memoryBytes: memoryBudget((navigator as { deviceMemory?: number }).deviceMemory),
      fetchObject: async (hash, bytes) => {
        // What is kept here need not be kept a second time by the browser.
        const cache = kind === 'memory' ? 'default' : 'no-store';
        const object = await fetchObject(coordinator, { hash, bytes }, { cache, token });
        state.downloaded(object.length);
        return object;
      },
      startCompute: (subject, wanted) =>
        startTabCompute(subject, wanted, {
          spawn,
          coordinator,
          cores: permission.cores,
          memoryBytes: memoryOfEngines,
          isShared: globalThis.crossOriginIsolated === true,
          failures,
          time,
          now: () => performance.now(),
          wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
          dutyCycle: () => permission.dutyCycle,
          busy: (change) => state.busy(change),
          computed: (samples) => state.computed(samples),
          told: (sentence) => state.note(sentence),
        }),
    },
    wait: (ms, signal) => network.wait(ms, signal),
    tell: () => undefined,
    watcher: {
      connected: () => state.show('preparing', 'Connected. Fetching the model and trying engines on it.'),
      welcomed: () => undefined,
      prepared: ({ name, reason, lanes = 1 }) => {
        state.set({ engine: name, engineReason: reason, lanes });
        state.show('contributing', CONTRIBUTING);
      },
      progressed: (progress) => state.progressed(progress),
      lost: (why, _retryMs, wasOpen) => {
        const what = wasOpen ? 'Connection lost' : 'The coordinator does not answer';
        if (permission.isOnline) state.show('connecting', `${what} (${why}). Trying again.`);
        else state.show('offline', OFFLINE);
      },
    },
  });
}

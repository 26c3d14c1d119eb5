/**
 * Contributing this tab, for a page: starts, pauses and stops it, and gives one plain state to show. All
 * work is done elsewhere, in the control worker and the compute worker.
 */

import { BASE } from '../base.js';
import {
  type Conditions,
  type ContributionState,
  DEFAULT_SETTINGS,
  initialState,
  type Report,
  type Settings,
  type TabCommand,
} from '../contribution-state.js';
import { coresOf, memoryOfEngines, mostCores } from './conditions/cores.js';
import { thisDevice, WakeLock, watchConditions } from './conditions/device-conditions.js';

export interface ContributeOptions {
  /** `auto` or the name of an engine. */
  engine?: string;
  /** Default: drawn once for each browser. */
  name?: string;
  /** Cores to use, until its owner chooses others. Default: those that were chosen, or what fits the device. */
  cores?: number;
  /** The coordinator's address; default: where this page comes from. */
  coordinator?: string;
  /** Of role `volunteer` or `worker`, where the coordinator asks for one; a page of its own shows its cookie. */
  token?: string;
}

/** A tab's part in a run, as its page steers it. */
export interface Contribution {
  readonly state: ContributionState;
  /** Cores that this device has. */
  readonly mostCores: number;
  /** Hears the state at once and at every change. @returns what ends it */
  subscribe(listener: (state: ContributionState) => void): () => void;
  /** Joins the run: once the visitor has said yes. Does nothing where it contributes already. */
  start(): void;
  /** Rests until `resume`; what is in hand goes to others. */
  pause(): void;
  /** Goes on. */
  resume(): void;
  /** Leaves the run; what is in hand goes to others. */
  stop(): void;
  /** Keeps other settings, for the next visit too, and applies them at once. */
  change(settings: Partial<Settings>): void;
}

const NAME_KEY = 'swarmgrad.name';
const SETTINGS_KEY = 'swarmgrad.settings';

/** Does nothing before `start`. */
export function createContribution({
  engine = 'auto',
  name = nameOfBrowser(),
  cores,
  coordinator = BASE,
  token,
}: ContributeOptions = {}): Contribution {
  const listeners = new Set<(state: ContributionState) => void>();
  const wakeLock = new WakeLock();
  const device = thisDevice();
  const known = remembered<Partial<Settings>>(SETTINGS_KEY);
  let state = initialState(name, {
    ...{ ...DEFAULT_SETTINGS, ...known },
    cores: coresOf(cores ?? known?.cores, device),
  });
  let worker: Worker | undefined;
  let unwatch: () => void = () => undefined;

  const take = (next: ContributionState) => {
    state = next;
    wakeLock.want(state.settings.keepAwake && worker !== undefined && state.phase !== 'paused');
    for (const listener of listeners) listener(state);
  };
  const send = (command: TabCommand) => worker?.postMessage(command);
  const end = () => {
    worker?.terminate();
    worker = undefined;
    unwatch();
    take(state);
  };
  const start = () => {
    if (worker) return;
    const control = new Worker(new URL('./control-worker.ts', import.meta.url), { type: 'module' });
    worker = control;
    control.addEventListener('message', ({ data }: MessageEvent<Report>) => {
      if (worker !== control) return;
      if (data.type === 'ended') end();
      // What the owner chose just now, the worker may not know yet.
      else take({ ...data.state, settings: state.settings });
    });
    control.addEventListener('error', ({ message }) => {
      if (worker !== control) return;
      end();
      const why = message || 'its program could not be loaded; reload the page';
      take({ ...state, phase: 'refused', message: `This tab cannot contribute: ${why}` });
    });
    let isFirst = true;
    unwatch = watchConditions((conditions: Conditions) => {
      const { settings } = state;
      const memory = memoryOfEngines(device);
      if (isFirst) {
        const where = { coordinator, ...(token === undefined ? {} : { token }) };
        send({ type: 'start', name, engine, ...where, settings, conditions, memoryOfEngines: memory });
      } else send({ type: 'conditions', conditions });
      isFirst = false;
    });
  };

  return {
    get state() {
      return state;
    },
    mostCores: mostCores(device),
    subscribe(listener) {
      listeners.add(listener);
      listener(state);
      return () => listeners.delete(listener);
    },
    start,
    pause: () => send({ type: 'pause' }),
    resume: () => send({ type: 'resume' }),
    stop: () => send({ type: 'stop' }),
    change(change) {
      const settings = { ...state.settings, ...change };
      remember(SETTINGS_KEY, settings);
      take({ ...state, settings });
      send({ type: 'settings', settings });
    },
  };
}

/** The coordinator adds up what a name has given, so a browser keeps its own. */
function nameOfBrowser(): string {
  const known = remembered<string>(NAME_KEY);
  if (typeof known === 'string' && known) return known;
  const drawn = crypto.getRandomValues(new Uint8Array(3));
  const name = `tab-${Array.from(drawn, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  remember(NAME_KEY, name);
  return name;
}

function remembered<T>(key: string): T | undefined {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') ?? undefined;
  } catch {
    // Storage is switched off, or holds something else.
    return undefined;
  }
}

function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage is switched off: the next visit starts afresh.
  }
}

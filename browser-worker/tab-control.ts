/**
 * A tab's part in a run: when it contributes, when it rests and why, and what its owner sees of that.
 * Lives in the control worker.
 */
import { SWARM_PATH } from '../shared/protocol/messages.js';
import { messageOf } from '../shared/user-error.js';
import { type Connection, type ConnectionEvents, Participation } from '../worker/connect.js';
import { AwakeTime, TICK_MS } from './awake-time.js';
import { reasonToPause } from './conditions.js';
import type { Conditions, Report, Settings, Wish } from './contribution-state.js';
import type { ComputePort } from './far-engine.js';
import { startGuarded } from './guarded-compute.js';
import { beTheOnlyTab } from './one-tab.js';
import { openCache } from './open-cache.js';
import { sha256 } from './sha256.js';
import { dial } from './socket.js';
import { StateReporter } from './state-reporter.js';

/** The coordinator tells how the run goes every second: silence for so long means that the network is gone. */
const SILENT_MS = 30_000;

export interface TabControlOptions {
  report(report: Report): void;
  spawn(): ComputePort;
}

export class TabControl {
  private readonly state: StateReporter;
  private readonly time = new AwakeTime((ms) => this.slept(ms));
  private readonly ended = new AbortController();
  private settings: Settings;
  private conditions: Conditions;
  private pausedByOwner = false;
  private participation: Participation | undefined;
  /** Aborted to leave the run for a while. */
  private taking: AbortController | undefined;
  private onlineAgain: () => void = () => undefined;
  private callOffSilence: () => void = () => undefined;

  constructor(
    { name, engine, settings, conditions }: Extract<Wish, { type: 'start' }>,
    private readonly options: TabControlOptions,
  ) {
    this.settings = settings;
    this.conditions = conditions;
    this.state = new StateReporter(name, settings, options.report);
    let before = Date.now();
    // The wall clock: the monotonic one stands still while a device sleeps.
    const ticking = setInterval(() => {
      const now = Date.now();
      this.time.tick(Math.max(0, now - before));
      before = now;
      this.state.refresh();
    }, TICK_MS);
    this.take(name, engine)
      .catch((error) => this.state.show('refused', messageOf(error)))
      .finally(() => {
        clearInterval(ticking);
        this.state.flush();
        options.report({ type: 'ended' });
      });
  }

  wish(wish: Exclude<Wish, { type: 'start' }>): void {
    switch (wish.type) {
      case 'pause':
      case 'resume':
        this.pausedByOwner = wish.type === 'pause';
        return this.reconsider();
      case 'stop':
        this.ended.abort();
        return this.reconsider();
      case 'settings':
        this.settings = wish.settings;
        this.state.set({ settings: wish.settings });
        return this.reconsider();
      case 'conditions': {
        const wasOffline = !this.conditions.online;
        this.conditions = wish.conditions;
        if (!wish.conditions.online) this.state.show('offline', OFFLINE);
        // Sockets of a network that went away may seem alive for minutes.
        else if (wasOffline) this.participation?.reconnect('the network came back');
        if (wish.conditions.online) this.onlineAgain();
        return this.reconsider();
      }
      default:
        wish satisfies never;
    }
  }

  /** Takes part until the run is over, or until the owner stops it. */
  private async take(name: string, engine: string): Promise<void> {
    const { state, ended } = this;
    state.show('connecting', 'Starting.');
    const release = await beTheOnlyTab(
      () =>
        state.show(
          'elsewhere',
          'Another tab of this browser contributes already. This one waits for its turn.',
        ),
      ended.signal,
    ).catch(() => undefined);
    if (!release) return state.show('off', STOPPED);
    try {
      const participation = await this.participate(name, engine);
      this.participation = participation;
      try {
        while (!ended.signal.aborted) {
          await this.allowed();
          if (ended.signal.aborted) break;
          this.taking = new AbortController();
          state.show('connecting', 'Connecting.');
          const { why } = await participation.run(this.taking.signal);
          if (!this.taking.signal.aborted) return state.show('finished', `Thank you. ${sentence(why)}`);
        }
        state.show('off', STOPPED);
      } finally {
        await participation.release();
      }
    } finally {
      release();
    }
  }

  private async participate(name: string, engine: string): Promise<Participation> {
    const { state } = this;
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
      dial: (events) => this.dial(`${origin.replace(/^http/, 'ws')}${SWARM_PATH}`, events),
      fetchObject: async (hash) => {
        // What is kept here need not be kept a second time by the browser.
        const response = await fetch(`/objects/${hash}`, {
          cache: kind === 'memory' ? 'default' : 'no-store',
        });
        if (!response.ok) throw new Error(`object ${hash}: the coordinator answered ${response.status}`);
        const bytes = new Uint8Array(await response.arrayBuffer());
        state.downloaded(bytes.length);
        return bytes;
      },
      startCompute: (subject, wanted) =>
        startGuarded(subject, wanted, {
          spawn: this.options.spawn,
          isShared: globalThis.crossOriginIsolated === true,
          losses,
          time: this.time,
          now: () => performance.now(),
          wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
          dutyCycle: () => this.settings.dutyCycle,
          computed: (samples) => state.computed(samples),
          lost: (why) => state.note(`The engine was lost and started again: ${why}.`),
        }),
      wait: (ms, signal) => this.waitToReconnect(ms, signal),
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
          if (this.conditions.online) state.show('connecting', `Connection lost (${why}). Trying again.`);
          else state.show('offline', OFFLINE);
        },
      },
    });
  }

  /** A connection that is closed from here when it is silent for too long. */
  private dial(url: string, events: ConnectionEvents): Connection {
    const heard = () => {
      this.callOffSilence();
      this.callOffSilence = this.time.after(SILENT_MS, () =>
        this.participation?.reconnect(`nothing was heard for ${SILENT_MS / 1000} s`),
      );
    };
    heard();
    return dial(url, {
      opened: events.opened,
      received: (bytes) => {
        heard();
        events.received(bytes);
      },
      closed: (code, reason) => {
        this.callOffSilence();
        events.closed(code, reason);
      },
    });
  }

  /** Waits as long as asked, and for the network. */
  private async waitToReconnect(ms: number, signal: AbortSignal): Promise<void> {
    await untilAborted(signal, (done) => {
      const timer = setTimeout(done, ms);
      return () => clearTimeout(timer);
    });
    if (this.conditions.online) return;
    await untilAborted(signal, (done) => {
      this.onlineAgain = done;
      return () => undefined;
    });
  }

  private slept(ms: number): void {
    this.participation?.reconnect(`this tab stood still for ${Math.round(ms / 1000)} s`);
  }

  private reason(): string | undefined {
    if (this.pausedByOwner) return 'Paused. Nothing is lost: others compute meanwhile.';
    return reasonToPause(this.conditions, this.settings);
  }

  private allow: () => void = () => undefined;

  /** Resolves as soon as nothing speaks against computing, or the tab has been stopped. */
  private async allowed(): Promise<void> {
    for (;;) {
      const reason = this.reason();
      if (reason === undefined || this.ended.signal.aborted) return;
      this.state.show('paused', reason);
      await new Promise<void>((resolve) => {
        this.allow = resolve;
      });
    }
  }

  private reconsider(): void {
    if (this.ended.signal.aborted || this.reason() !== undefined) this.taking?.abort();
    this.allow();
  }
}

const OFFLINE = 'This device is offline. It goes on by itself when the network is back.';
const STOPPED = 'Stopped. This tab does not contribute.';

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** Resolves when `begin` says so, or when the signal is aborted. `begin` returns what calls it off. */
async function untilAborted(signal: AbortSignal, begin: (done: () => void) => () => void): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      signal.removeEventListener('abort', done);
      callOff();
      resolve();
    };
    const callOff = begin(done);
    signal.addEventListener('abort', done);
  });
}

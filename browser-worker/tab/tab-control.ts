/**
 * A tab's part in a run: when it contributes, when it rests and why, and what its owner sees of that.
 * Lives in the control worker.
 */

import { AwakeTime, TICK_MS } from '../../engine/lanes/awake-time.js';
import { messageOf } from '../../shared/user-error.js';
import { type Participation, SentAwayError } from '../../worker/participation.js';
import type { ComputePort } from '../compute/lanes/remote-engine.js';
import type { Report, TabCommand } from '../contribution-state.js';
import { Network } from './conditions/network.js';
import { Permission } from './conditions/permission.js';
import { beTheOnlyTab } from './one-tab.js';
import { createParticipation, OFFLINE, type TabParts } from './participate.js';
import { StateReporter } from './state-reporter.js';

export interface TabControlOptions {
  report(report: Report): void;
  spawn(): ComputePort;
}

type Joining = Pick<TabParts, 'name' | 'engine' | 'coordinator' | 'token' | 'memoryOfEngines'>;

export class TabControl {
  private readonly state: StateReporter;
  private readonly permission: Permission;
  private readonly time = new AwakeTime((ms) =>
    this.reconnect(`this tab stood still for ${Math.round(ms / 1000)} s`),
  );
  private readonly network = new Network(() => this.permission.isOnline);
  private readonly ended = new AbortController();
  private participation: Participation | undefined;
  /** Aborted to leave the run for a while. */
  private taking: AbortController | undefined;

  constructor(
    { settings, conditions, ...joining }: Extract<TabCommand, { type: 'start' }>,
    private readonly options: TabControlOptions,
  ) {
    this.permission = new Permission(settings, conditions);
    this.state = new StateReporter(joining.name, settings, options.report);
    let before = Date.now();
    // The wall clock: the monotonic one stands still while a device sleeps.
    const ticking = setInterval(() => {
      const now = Date.now();
      this.time.tick(Math.max(0, now - before));
      before = now;
      this.state.refresh();
    }, TICK_MS);
    this.take(joining)
      .catch((error) => {
        if (error instanceof SentAwayError) this.state.end('refused', sentence(messageOf(error)));
        else this.state.show('refused', messageOf(error));
      })
      .finally(() => {
        clearInterval(ticking);
        this.state.flush();
        options.report({ type: 'ended' });
      });
  }

  command(command: Exclude<TabCommand, { type: 'start' }>): void {
    const { permission, state } = this;
    switch (command.type) {
      case 'pause':
      case 'resume':
        permission.change({ pausedByOwner: command.type === 'pause' });
        break;
      case 'stop':
        this.ended.abort();
        permission.look();
        break;
      case 'settings': {
        const before = permission.cores;
        state.set({ settings: command.settings });
        permission.change({ settings: command.settings });
        // Another number of engines: it leaves, and joins with them.
        if (permission.cores !== before) this.taking?.abort();
        break;
      }
      case 'conditions': {
        const wasOffline = !permission.isOnline;
        permission.change({ conditions: command.conditions });
        if (!permission.isOnline) state.show('offline', OFFLINE);
        else {
          // Sockets of a network that went away may seem alive for minutes.
          if (wasOffline) this.reconnect('the network came back');
          this.network.isBack();
        }
        break;
      }
      default:
        command satisfies never;
    }
    if (this.ended.signal.aborted || permission.reasonToRest() !== undefined) this.taking?.abort();
  }

  /** Takes part until the run is over, or until the owner stops it. */
  private async take(joining: Joining): Promise<void> {
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
      const { permission, network, time, options } = this;
      const { spawn } = options;
      const parts = { ...joining, state, permission, network, time, spawn };
      this.participation = await createParticipation(parts);
      try {
        await this.contribute(this.participation);
      } finally {
        await this.participation.release();
      }
    } finally {
      release();
    }
  }

  /** Contributes whenever it may. */
  private async contribute(participation: Participation): Promise<void> {
    const { state, permission } = this;
    const { signal } = this.ended;
    let { cores } = permission;
    while (!signal.aborted) {
      await permission.given(signal, (reason) => state.show('paused', reason));
      if (signal.aborted) break;
      if (cores !== permission.cores) await participation.release();
      cores = permission.cores;
      this.taking = new AbortController();
      state.show('connecting', 'Connecting.');
      const { why } = await participation.run(this.taking.signal);
      if (!this.taking.signal.aborted) return state.end('finished', `Thank you. ${sentence(why)}`);
    }
    state.show('off', STOPPED);
  }

  private reconnect(why: string): void {
    this.participation?.reconnect(why);
  }
}

const STOPPED = 'Stopped. This tab does not contribute.';

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

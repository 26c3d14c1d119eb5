/**
 * What a peer may say, by what it was told: a model of its leases, and actions that keep to it or do not. After each
 * action the model knows whether the peer must still be connected.
 */
import { expect } from 'vitest';
import { CLOSE, type CloseReason } from '../../../shared/protocol/close-codes.js';
import type { Lease } from '../../../shared/protocol/messages.js';
import type { WorkerRole } from '../../../shared/protocol/roles.js';
import { type Peer, type Peers, peers } from './peers.js';

export const MODEL = { shards: 8, chunks: 3, steps: 3 };

/** How one lease stands, as its holder knows it. */
interface Held {
  lease: Lease;
  /** `sent`: all of it, and it may still be judged. `over`: it counts, or is not wanted. */
  state: 'open' | 'told' | 'sent' | 'over';
  nextChunk: number;
  /** Taken back before it was told of, and not answered yet: how often. */
  owed: number;
}

class ModelPeer {
  peer!: Peer;
  held = new Map<string, Held>();
  /** Frames that its leases have asked for, and that it has not sent. */
  framesOwed = 0;
  private read = 0;

  constructor(
    private readonly world: Peers,
    readonly name: string,
    readonly role: WorkerRole,
  ) {
    this.join();
  }

  join(): void {
    this.peer = this.world.join(this.name, this.role);
    this.held = new Map();
    this.framesOwed = 0;
    this.read = 0;
  }

  /** Takes note of leases and of what was taken back. */
  listen(): void {
    for (; this.read < this.peer.heard.length; this.read++) {
      const message = this.peer.heard[this.read]!;
      if (message.type !== 'lease' && message.type !== 'cancel') continue;
      const key = `${message.step} ${message.node}`;
      const held = this.held.get(key);
      if (message.type === 'lease') {
        const owed = held?.owed ?? 0;
        this.framesOwed += MODEL.chunks - message.fromChunk;
        this.held.set(key, { lease: message, state: 'open', nextChunk: message.fromChunk, owed });
      } else if (held) {
        if (held.state === 'open') held.owed++;
        held.state = 'over';
      }
    }
  }
}

/** Numbers that decide what an action is about. */
export interface Draw {
  who: number;
  which: number;
  more: number;
}

/** What must have become of a connection: it goes on, or was closed for one of these. */
type Expected = 'goes on' | CloseReason[];
const UNEXPECTED: Expected = ['unexpected'];

export class Model {
  readonly world = peers({
    chunks: MODEL.chunks,
    shards: MODEL.shards,
    trust: { auditRate: 1 },
    deadAfterMs: 1e9,
  });
  private readonly honest = this.world.join('honest');
  private readonly liars: ModelPeer[];
  private steps = 0;
  private failure: unknown;
  /** Messages of liars that were read. */
  messages = 0;

  constructor() {
    const roles: WorkerRole[] = ['worker', 'volunteer', 'volunteer', 'worker'];
    this.liars = roles.map((role, at) => new ModelPeer(this.world, `liar ${at}`, role));
    this.begin();
  }

  private begin(): void {
    this.world.step().then(
      () => {
        this.steps++;
        this.begin();
      },
      (error) => {
        this.failure = error;
      },
    );
  }

  private get step(): number {
    return this.world.core.pipeline.weights.version;
  }

  readonly actions: Record<string, (draw: Draw) => void> = {
    tells: (draw) =>
      this.ask(draw, (liar, held) => {
        liar.peer.announce(held.lease);
        if (held.owed > 0) {
          held.owed--;
          return 'goes on';
        }
        if (held.lease.step < this.step) return 'goes on';
        if (held.state !== 'open') return UNEXPECTED;
        held.state = 'told';
        return 'goes on';
      }),
    'sends the next chunk': (draw) => this.ask(draw, (liar, held) => this.send(liar, held, held.nextChunk)),
    'sends any chunk': (draw) =>
      this.ask(draw, (liar, held) => this.send(liar, held, draw.more % MODEL.chunks)),
    'tells and sends all': (draw) =>
      this.ask(draw, (liar, held) => {
        if (held.state !== 'open' || held.owed > 0 || held.lease.step < this.step) return 'goes on';
        held.state = 'told';
        liar.peer.announce(held.lease);
        let expected: Expected = 'goes on';
        while (held.state === 'told' && expected === 'goes on') {
          expected = this.send(liar, held, held.nextChunk);
          liar.listen();
        }
        return expected;
      }),
    'lets go': (draw) =>
      this.ask(draw, (liar, held) => {
        const { step, node } = held.lease;
        liar.peer.say({ type: 'dropped', step, node });
        if (held.owed > 0) held.owed--;
        else if (step === this.step && (held.state === 'open' || held.state === 'told')) return UNEXPECTED;
        // One that waits to be judged is a lease, too; one that has been is none.
        else if (step === this.step && held.state === 'sent') return this.either(liar, UNEXPECTED);
        return 'goes on';
      }),
    'tells of what was never leased': (draw) =>
      this.stray(draw, (liar, lease) => {
        liar.peer.announce(lease);
      }),
    'sends a chunk of what was never leased': (draw) =>
      this.stray(draw, (liar, lease) => liar.peer.chunk(lease, draw.more % MODEL.chunks)),
    'tells of a step to come': (draw) =>
      this.ask(draw, (liar, { lease }) => {
        liar.peer.announce({ ...lease, step: this.step + 1 + (draw.more % 3) });
        return UNEXPECTED;
      }),
    'holds again': (draw) =>
      this.say(draw, (liar) => {
        liar.peer.say({ type: 'synced', version: this.step });
        return UNEXPECTED;
      }),
    'evaluates nothing': (draw) =>
      this.say(draw, (liar) => {
        const sums = { samples: 1, loss: 1, metric: 1, computeMs: 1 };
        liar.peer.say({ type: 'evaluated', version: this.step, part: draw.more % 3, ...sums });
        return UNEXPECTED;
      }),
    'goes and comes back': (draw) =>
      this.say(draw, (liar) => {
        liar.peer.leave();
        liar.join();
        return 'goes on';
      }),
    'time passes': ({ more }) => {
      this.world.clock.time += 1 + (more % 20_000);
      this.world.core.swarm.look();
    },
    'the honest one works': () => this.honest.work(),
  };

  /** Does it, and what it leads to. @throws AssertionError where the coordinator does not do what the model says */
  async act(action: string, draw: Draw): Promise<void> {
    this.actions[action]!(draw);
    for (const liar of this.liars) liar.listen();
    await new Promise((resolve) => setImmediate(resolve));
    this.check();
  }

  /** Liars gone, the honest one ends the step in hand, and some more. */
  async finish(): Promise<void> {
    for (const { peer } of this.liars) peer.leave();
    for (const until = this.steps + MODEL.steps; this.steps < until; ) {
      this.honest.work();
      this.world.core.swarm.look();
      await new Promise((resolve) => setImmediate(resolve));
      this.check();
    }
    expect(new Set(this.world.core.pipeline.weights.flat())).toEqual(new Set([-this.step]));
  }

  private check(): void {
    if (this.failure) throw this.failure;
    expect(this.honest.closed).toBeUndefined();
    for (const { type, text } of this.world.events.splice(0)) expect(type, text).not.toBe('warning');
  }

  private say(draw: Draw, act: (liar: ModelPeer) => Expected): void {
    const liar = this.liars[draw.who % this.liars.length]!;
    if (liar.peer.closed) liar.join();
    liar.listen();
    this.messages++;
    const expected = act(liar);
    const { closed } = liar.peer;
    if (expected === 'goes on') expect(closed).toBeUndefined();
    else expect(expected.map((reason) => CLOSE[reason].code)).toContain(closed?.code);
  }

  /** About one of the leases that it has had. */
  private ask(draw: Draw, act: (liar: ModelPeer, held: Held) => Expected): void {
    this.say(draw, (liar) => {
      const all = [...liar.held.values()];
      const recent = all.slice(-6);
      const held = recent[draw.which % Math.max(1, recent.length)];
      return held ? act(liar, held) : 'goes on';
    });
  }

  private send(liar: ModelPeer, held: Held, chunk: number): Expected {
    const { lease, state, nextChunk } = held;
    if (chunk >= MODEL.chunks) return 'goes on';
    liar.listen();
    const isOwed = --liar.framesOwed >= 0;
    liar.peer.chunk(lease, chunk);
    if (!isOwed) return UNEXPECTED;
    if (lease.step < this.step || state === 'over') return 'goes on';
    if (state === 'sent') return this.either(liar, UNEXPECTED);
    // It may be of a lease of the same node that was taken back.
    if (state === 'open') return this.either(liar, UNEXPECTED);
    if (chunk !== nextChunk) return UNEXPECTED;
    held.nextChunk++;
    if (held.nextChunk === MODEL.chunks) held.state = 'sent';
    return 'goes on';
  }

  private stray(draw: Draw, act: (liar: ModelPeer, lease: Lease) => void): void {
    this.say(draw, (liar) => {
      const node = 1 + (draw.which % (2 * MODEL.shards - 1));
      if (liar.held.has(`${this.step} ${node}`)) return 'goes on';
      act(liar, {
        type: 'lease',
        step: this.step,
        epoch: 0,
        node,
        firstShard: 0,
        bounds: [0, 4],
        fromChunk: 0,
        window: 3,
      });
      return UNEXPECTED;
    });
  }

  private either(liar: ModelPeer, expected: Expected): Expected {
    return liar.peer.closed ? expected : 'goes on';
  }
}

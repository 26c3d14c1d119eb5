/**
 * "A step ends within a stated time while an honest worker is idle", on simulated time, beside workers that follow the
 * protocol and lie: about how long they computed, or about what they will still send.
 */
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../coordinator/run/phases.js';
import { squareOf } from '../../../shared/data/confusion.js';
import { Random } from '../../../shared/numerics/random.js';
import { CLOSE } from '../../../shared/protocol/close-codes.js';
import type { CoordinatorMessage, Evaluate, Lease } from '../../../shared/protocol/messages.js';
import type { WorkerRole } from '../../../shared/protocol/roles.js';
import { seedsOf } from '../../support/seeds.js';
import { replay, telling } from '../../support/simulation/last-events.js';
import { type Peer, type Peers, peers } from '../../support/simulation/peers.js';

const SHARDS = 8;
const SAMPLES = 4 * SHARDS;
const CHUNKS = 6;
const TICK_MS = 10;
const STEPS = 60;
const EVALUATE_EVERY = 10;
const PARTS = Array.from({ length: 4 }, (_, at) => ({ from: 8 * at, to: 8 * (at + 1) }));
/** What the slowest honest worker takes for all of a step, and for all of an evaluation. */
const ALONE_MS = 640;
/** PROTOCOL.md, rule 7: with four liars, and before it is known what anybody takes. */
const LONGEST_MS = ALONE_MS + 5_000;

type Task = Lease | Evaluate;
const samplesOf = (task: Task) =>
  task.type === 'lease' ? task.bounds.at(-1)! - task.bounds[0]! : task.to - task.from;
const stepOf = (task: Task) => (task.type === 'lease' ? task.step : task.version);

/** Whoever does what it is asked for, one after the other. */
class Actor {
  peer!: Peer;
  protected tasks: Task[] = [];
  protected doneAt = Number.POSITIVE_INFINITY;
  protected begunAt = 0;
  private read = 0;

  constructor(
    protected readonly world: Peers,
    readonly name: string,
    protected readonly role: WorkerRole,
    /** Samples a millisecond. */
    protected readonly speed: number,
  ) {
    this.join();
  }

  join(name = this.name): void {
    this.peer = this.world.join(name, this.role);
    this.tasks = [];
    this.read = 0;
    this.doneAt = Number.POSITIVE_INFINITY;
  }

  tick(): void {
    for (; this.read < this.peer.heard.length; this.read++) this.hear(this.peer.heard[this.read]!);
    this.begin();
    if (this.world.clock.time < this.doneAt) return;
    this.doneAt = Number.POSITIVE_INFINITY;
    const task = this.tasks.shift();
    if (task) this.answer(task);
    this.begin();
  }

  protected begin(): void {
    const [task] = this.tasks;
    if (!task || this.doneAt < Number.POSITIVE_INFINITY) return;
    this.begunAt = this.world.clock.time;
    this.doneAt = this.begunAt + samplesOf(task) / this.speed;
  }

  protected hear(message: CoordinatorMessage): void {
    if (message.type === 'lease' || message.type === 'evaluate') this.tasks.push(message);
    if (message.type !== 'cancel') return;
    const at = this.tasks.findIndex((task) => isMeant(task, message));
    if (at < 0) return;
    if (at === 0) this.doneAt = Number.POSITIVE_INFINITY;
    this.tasks.splice(at, 1);
    const { step, node, part } = message;
    this.peer.say({ type: 'dropped', step, ...(node === undefined ? { part: part! } : { node }) });
  }

  protected answer(task: Task, computeMs?: number, loss?: number): void {
    const samples = samplesOf(task);
    const times = { computeMs: computeMs ?? this.world.clock.time - this.begunAt };
    const told = { loss: loss ?? samples, ...times };
    if (task.type === 'lease') return this.peer.contribute(task, told);
    const sums = { samples, metric: samples, ...told };
    this.peer.say({ type: 'evaluated', version: task.version, part: task.part, ...sums });
  }
}

const isMeant = (task: Task, { step, node, part }: { step: number; node?: number; part?: number }) =>
  stepOf(task) === step && (task.type === 'lease' ? task.node === node : task.part === part);

const LIES = {
  /** Takes what it is given, and keeps it. */
  hoards: (liar: Liar) => liar.keep(),
  /** Tells that it has computed for ever, now and then, and then keeps what it has. */
  inflates: (liar: Liar) =>
    liar.count % 5 < 4 ? liar.deliver(liar.count % 2 ? 1e9 : undefined) : liar.keep(),
  /** Tells that it has computed for no time at all, and is slow. */
  deflates: (liar: Liar) => liar.deliver(0),
  /** Tells of a contribution, and sends none. */
  announces: (liar: Liar) => liar.announce(),
  /** A chunk each time just before others are asked. */
  trickles: (liar: Liar) => liar.trickle(),
  /** Lets go of what was not taken back. */
  drops: (liar: Liar) => liar.drop(),
  /** Goes with what it was given, and comes back. */
  leaves: (liar: Liar) => liar.leave(),
  /** Sends a gradient with a loss that is not its own: where it is audited it is banned, and comes under a new name. */
  invents: (liar: Liar) => liar.deliver(undefined, 1e6),
  /** One good, one kept. */
  alternates: (liar: Liar) => (liar.count % 2 ? liar.deliver() : liar.keep()),
  /** Delivers for long enough to be known as fast and reliable, and then keeps all that it gets for a while. */
  betrays: (liar: Liar) => (liar.count % 30 < 20 ? liar.deliver() : liar.keep()),
  /** All of these, as it comes. */
  mixes: (liar: Liar): void => {
    const names = (Object.keys(LIES) as (keyof typeof LIES)[]).filter((name) => name !== 'mixes');
    LIES[names[liar.random.below(names.length)]!](liar);
  },
};

class Liar extends Actor {
  count = 0;
  private bans = 0;
  private trickling: { lease: Lease; chunk: number; next: number } | undefined;
  private task!: Task;

  constructor(
    world: Peers,
    name: string,
    role: WorkerRole,
    speed: number,
    private readonly lie: (liar: Liar) => void,
    readonly random: Random,
  ) {
    super(world, name, role, speed);
  }

  override tick(): void {
    const { clock } = this.world;
    const { closed } = this.peer;
    if (closed) this.join(closed.code === CLOSE.banned.code ? `${this.name}, ${++this.bans}` : undefined);
    super.tick();
    const { trickling } = this;
    if (!trickling || clock.time < trickling.next || trickling.chunk >= CHUNKS) return;
    this.peer.chunk(trickling.lease, trickling.chunk++);
    trickling.next = clock.time + 240;
  }

  protected override hear(message: CoordinatorMessage): void {
    if (message.type === 'cancel') this.trickling = undefined;
    // Half of the time it does not answer what is taken back, and gets no more until it does.
    if (message.type === 'cancel' && this.random.below(2) === 0) {
      const { step, node, part } = message;
      this.peer.say({ type: 'dropped', step, ...(node === undefined ? { part: part! } : { node }) });
    } else if (message.type !== 'cancel') super.hear(message);
  }

  protected override answer(task: Task): void {
    this.count++;
    this.task = task;
    this.lie(this);
  }

  keep(): void {
    // Nothing comes of it.
  }

  deliver(computeMs?: number, loss?: number): void {
    super.answer(this.task, computeMs, loss);
  }

  announce(): void {
    if (this.task.type === 'lease') this.peer.announce(this.task);
  }

  trickle(): void {
    if (this.task.type !== 'lease') return;
    this.peer.announce(this.task);
    this.trickling = { lease: this.task, chunk: this.task.fromChunk, next: 0 };
  }

  drop(): void {
    const { task } = this;
    const what = task.type === 'lease' ? { node: task.node } : { part: task.part };
    this.peer.say({ type: 'dropped', step: stepOf(task), ...what });
  }

  leave(): void {
    this.peer.leave();
    this.join();
  }
}

interface Play {
  seed: number;
  role: WorkerRole;
  /** Their auditors are the honest ones, who have nobody to recompute for them. */
  auditRate: number;
}

/** Plays steps and evaluations. @returns simulated milliseconds of each, the longest first */
async function play(lies: (keyof typeof LIES)[], { seed, role, auditRate }: Play): Promise<number[]> {
  const world = peers({ chunks: CHUNKS, shards: SHARDS, samples: SAMPLES, trust: { auditRate } });
  const random = new Random(seed);
  const honest = [0.05, 0.1].map((speed, at) => new Actor(world, `honest ${at}`, 'worker', speed));
  const liars = lies.map(
    (lie, at) => new Liar(world, `${lie} ${at}`, role, 0.02 * 50 ** random.float(), LIES[lie], random),
  );
  const { core, clock } = world;
  const lasted: number[] = [];
  const playOut = async (what: Promise<unknown>) => {
    const began = clock.time;
    let isOver = false;
    what.finally(() => {
      isOver = true;
    });
    for (let ticks = 0; !isOver; ticks++) {
      clock.time += TICK_MS;
      core.swarm.look();
      if (ticks % 100 === 0) {
        for (const { peer } of [...honest, ...liars]) peer.say({ type: 'heartbeat' });
        core.swarm.sweep();
      }
      for (const actor of random.below(2) ? [...honest, ...liars] : [...liars, ...honest]) actor.tick();
      await new Promise((resolve) => setImmediate(resolve));
      if (clock.time - began > 120_000) throw new Error(`${what}: stands still for two minutes`);
    }
    lasted.push(clock.time - began);
    return what;
  };
  const never = new AbortController().signal;
  for (let step = 0; step < STEPS; step++) {
    expect(await playOut(world.step())).toMatchObject({ samples: SAMPLES });
    if (step % EVALUATE_EVERY > 0) continue;
    const plan = { parts: PARTS, mostInHand: 64, confusion: squareOf(0) };
    await playOut(evaluate(step + 1, plan, world.around, never));
  }
  for (const { peer } of honest) expect(peer.closed).toBeUndefined();
  expect(new Set(core.pipeline.weights.flat())).toEqual(new Set([-STEPS]));
  return lasted.sort((a, b) => b - a);
}

/** What the honest ones recompute they compute on top of the step. */
const PLAYS = seedsOf('BYZANTINE_SEED').flatMap((seed): Play[] => [
  { seed, role: 'worker', auditRate: 0 },
  { seed, role: 'volunteer', auditRate: 0 },
  { seed, role: 'volunteer', auditRate: 0.3 },
]);

describe.each(PLAYS)(
  'beside four liars, each of them a $role, audits $auditRate (BYZANTINE_SEED=$seed),',
  (plan) => {
    it.each(Object.keys(LIES) as (keyof typeof LIES)[])('a step ends in time: who %s', async (lie) => {
      const { seed, role, auditRate } = plan;
      const lasted = await telling(replay('byzantine', seed), () => play([lie, lie, lie, lie], plan));
      const who = auditRate > 0 ? `audited ${role}` : role;
      console.log(`${lie} (${who}): longest ${lasted[0]} ms, median ${lasted[lasted.length >> 1]} ms`);
      expect(lasted[0], `BYZANTINE_SEED=${seed}`).toBeLessThanOrEqual(LONGEST_MS);
    });
  },
);

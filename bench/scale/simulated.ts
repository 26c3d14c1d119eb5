/**
 * Steps of a swarm in memory, on simulated time: what the coordinator's bookkeeping costs, without sockets, and with a
 * gradient of one element, so that there is next to no arithmetic. Only calls into the coordinator are timed.
 */

import { layoutOf } from '../../shared/numerics/layout.js';
import { Random } from '../../shared/numerics/random.js';
import { encode } from '../../shared/protocol/codec.js';
import { ManualClock } from '../../test/support/simulation/memory-network.js';
import { testRun } from '../../test/support/simulation/test-run.js';
import { Member, type Said } from './member.js';

const LOOK_MS = 10;
const TELL_MS = 1000;
const SWEEP_MS = 2500;
const WARM_UP = 3;
const ELEMENTS = 1;
/** Samples of a shard, and of the slowest member in a second. */
const SHARD_SAMPLES = 100;
const SLOWEST = 100;
/** How many times as fast the fastest is. */
const FASTEST = 4;
const HEARTBEAT = encode({ type: 'heartbeat' }).slice();

export interface ControlWork {
  members: number;
  /** That have counted, a step. */
  leases: number;
  /** That a step takes, on the simulated clock. */
  seconds: number;
  /** Milliseconds a step beside messages: all of the following. */
  stepMs: number;
  /** The end of a step and the plan of the next. */
  turnMs: number;
  /** New weights to all, but for the sockets. */
  broadcastMs: number;
  /** Is anything late, has anything run out? */
  lookMs: number;
  sweepMs: number;
  /** How the run goes, to all. */
  tellMs: number;
  /** Microseconds of a message that comes, what follows from it included. */
  messageUs: number;
  /** Milliseconds until a tenth of the members that vanish at once is replaced. */
  lossMs: number;
}

/**
 * Begins to count.
 * @returns the milliseconds since then, without those that other programs took of a busy machine
 */
function worked(): () => number {
  const [began, before] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(before);
    return Math.min(performance.now() - began, (user + system) / 1000);
  };
}

/** Milliseconds spent, by what on. */
class Spent {
  private readonly ms = new Map<string, number>();

  on(what: string, act: () => void): void {
    const since = worked();
    act();
    this.add(what, since());
  }

  add(what: string, ms: number): void {
    this.ms.set(what, this.of(what) + ms);
  }

  of(what: string): number {
    return this.ms.get(what) ?? 0;
  }

  clear(): void {
    this.ms.clear();
  }
}

export async function controlWork(members: number, steps: number): Promise<ControlWork> {
  const clock = new ManualClock();
  const layout = layoutOf([{ name: 'weights', shape: [ELEMENTS], trainable: true }]);
  const shards = 2 ** Math.ceil(Math.log2(1.6 * members));
  const batchSize = shards * SHARD_SAMPLES;
  const spent = new Spent();
  let [done, leases, messages] = [0, 0, 0];
  const { core, run } = testRun({
    ...{ layout, shards, batchSize, records: batchSize * 1000, steps: 1e6, minWorkers: members, clock },
    record: { step: () => void done++, contribution: () => void leases++ },
  });
  const { swarm } = core;
  const broadcast = swarm.chunkReady.bind(swarm);
  swarm.chunkReady = () => spent.on('broadcast', broadcast);

  const random = new Random(members);
  const all = Array.from(
    { length: members },
    (_, i) => new Member(swarm, `member ${i}`, SLOWEST * FASTEST ** random.float(), ELEMENTS),
  );
  for (const member of all) member.arrive();
  const calendar = new Map<number, Said[]>();
  const listen = () => {
    for (const said of all.flatMap((member) => member.react(clock.time))) {
      const at = Math.ceil(Math.max(said.at, clock.time + 1) / LOOK_MS);
      const others = calendar.get(at);
      if (others) others.push(said);
      else calendar.set(at, [said]);
    }
  };
  /** What follows in promises. */
  const settled = async () => {
    const [before, since] = [done, worked()];
    await new Promise((resolve) => setImmediate(resolve));
    if (done > before) spent.add('turn', since());
  };

  const stop = new AbortController();
  const running = run({ abort: stop.signal, drain: stop.signal }).catch(() => undefined);
  await settled();
  listen();
  let isWarm = false;
  for (let at = 1; done < WARM_UP + steps; at++) {
    if (!isWarm && done === WARM_UP) {
      isWarm = true;
      spent.clear();
      [leases, messages] = [0, 0];
    }
    clock.time = at * LOOK_MS;
    const due = (calendar.get(at) ?? []).filter(({ isVoid }) => !isVoid);
    calendar.delete(at);
    if (clock.time % SWEEP_MS === 0)
      due.push(...all.map((by) => ({ at: clock.time, by, messages: [HEARTBEAT] })));
    const before = spent.of('broadcast');
    spent.on('messages', () => {
      for (const said of due) for (const message of said.messages) said.by.hand(message);
    });
    spent.add('messages', before - spent.of('broadcast'));
    messages += due.reduce((sum, said) => sum + said.messages.length, 0);
    if (due.length > 0) await settled();
    spent.on('look', () => swarm.look());
    if (clock.time % SWEEP_MS === 0) spent.on('sweep', () => swarm.sweep());
    if (clock.time % TELL_MS === 0)
      spent.on('tell', () =>
        swarm.tellProgress({ step: done, steps: 1e6, loss: 1, samplesTrained: done * batchSize }),
      );
    listen();
  }
  spent.on('loss', () => {
    for (const member of all.slice(0, members / 10)) member.leave();
  });
  stop.abort(new Error('enough'));
  await running;
  core.stop();
  const aStep = (what: string) => spent.of(what) / steps;
  const parts = {
    turnMs: aStep('turn'),
    broadcastMs: aStep('broadcast'),
    lookMs: aStep('look'),
    sweepMs: aStep('sweep'),
    tellMs: aStep('tell'),
  };
  return {
    ...{ members, leases: leases / steps, seconds: clock.time / 1000 / done },
    stepMs: Object.values(parts).reduce((sum, ms) => sum + ms, 0),
    ...parts,
    messageUs: (1000 * spent.of('messages')) / messages,
    lossMs: spent.of('loss'),
  };
}

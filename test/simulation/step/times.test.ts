/** What workers tell of their times is held against the coordinator's clock. */
import { describe, expect, it } from 'vitest';
import { ownWorker, type Recomputed } from '../../../coordinator/trust/own-engine.js';
import { CLOSE } from '../../../shared/protocol/close-codes.js';
import type { Lease } from '../../../shared/protocol/messages.js';
import { tellingTests } from '../../support/simulation/last-events.js';
import { peers } from '../../support/simulation/peers.js';

tellingTests();

const LIE = { computeMs: 1e9, waitMs: 1e9 };

/** Anna alone in a step of 16 samples, who has just been asked for all of it. */
function alone(wait = 0) {
  const made = peers({ chunks: 1, shards: 4 });
  const anna = made.join('anna');
  made.clock.time += wait;
  const ended = made.step();
  const [lease] = anna.leases as [Lease];
  return { ...made, anna, ended, lease, member: made.core.swarm.workers()[0]! };
}

describe('a worker that says it has computed for eleven days', () => {
  it('in a contribution has computed since its lease at most, and waited since it was last done', async () => {
    const { clock, anna, ended, lease, member } = alone(300);
    clock.time += 200;
    anna.contribute(lease, LIE);
    await ended;
    expect(member).toMatchObject({ computeMs: 200, waitMs: 500, speed: 80 });
    expect(member.recent).toEqual([{ samples: 16, computeMs: 200, turnaroundMs: 200 }]);
  });

  it('in the answer to a lease that was taken back has computed since that lease at most', () => {
    const { core, clock, join, anna, lease, member } = alone();
    join('ben');
    clock.time += 10_000;
    core.swarm.look();
    const ben = core.swarm.workers()[1]!;
    expect(core.swarm.inHand.isThere).toBe(true);
    core.swarm.disconnections.remove(ben.id);
    core.swarm.end();
    member.cancel({ kind: 'node', step: 0, index: lease.node, samples: 16, since: 0 });
    anna.announce(lease, LIE);
    expect(member.recent).toEqual([{ samples: 16, computeMs: 10_000, turnaroundMs: 10_000 }]);
  });

  it('keeps nobody waiting: who is idle is asked after five seconds, where nothing is known of it', async () => {
    const { core, clock, join, ended, events } = alone();
    const ben = join('ben');
    clock.time += 5_000;
    core.swarm.look();
    expect(ben.leases).toEqual([]);
    clock.time += 1;
    core.swarm.look();
    expect(ben.leases).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({
      type: 'speculated',
      text: expect.stringContaining('ben is asked as well'),
    });
    ben.work();
    expect(await ended).toMatchObject({ samples: 16 });
  });
});

it('who is trusted and idle is asked where the own engine hangs at an audit, and what that finds in the end still bans', async () => {
  let answer: (recomputed: Recomputed) => void = () => undefined;
  const own = {
    worker: ownWorker(),
    compute: () =>
      new Promise<Recomputed>((resolve) => {
        answer = resolve;
      }),
    close: async () => undefined,
  };
  const { core, clock, join, step, layout } = peers({
    ...{ chunks: 1, shards: 1 },
    trust: { auditRate: 1, ownEngine: own },
  });
  const engineClass = 'compiled/wasm@1';
  const eve = join('eve', 'volunteer');
  core.swarm.workers()[0]!.engineClass = engineClass;
  const ended = step();
  const [lease] = eve.leases as [Lease];
  eve.contribute(lease, { loss: 99 });
  const vera = join('vera', 'volunteer');
  clock.time += 5_001;
  core.swarm.look();
  // What a volunteer computed would have to be computed again as well.
  expect(vera.leases).toEqual([]);
  const anna = join('anna');
  clock.time += 5_001;
  core.swarm.look();
  anna.work();
  expect(await ended).toMatchObject({ samples: 4, loss: 4 });
  expect(eve.closed).toBeUndefined();
  const gradient = new Uint8Array(new Float32Array(layout.total).fill(4).buffer);
  const { step: number, node } = lease;
  const sums = { samples: 4, loss: 4, metric: 0, computeMs: 1, waitMs: 0 };
  const contribution = { type: 'contribution', step: number, node, ...sums } as const;
  answer({ engineClass, contribution, chunks: [gradient] });
  await new Promise((resolve) => setImmediate(resolve));
  expect(eve.closed).toMatchObject({ code: CLOSE.banned.code });
});

it('a contribution that is all here, and cannot be judged yet, is not late', () => {
  const { core, clock, join, step } = peers({ chunks: 1, shards: 4 });
  const [anna, ben] = [join('anna', 'volunteer'), join('ben', 'volunteer')];
  step().catch(() => undefined);
  // Newcomers are measured by each other: the first waits for the second.
  anna.work();
  clock.time += 60_000;
  core.swarm.look();
  const [first, second] = core.swarm.workers();
  expect([first?.doubt, second?.doubt]).toEqual([0, 0]);
  const cyd = join('cyd', 'volunteer');
  clock.time += 6_000;
  core.swarm.look();
  expect(cyd.leases.map(({ node }) => node)).toEqual(ben.leases.map(({ node }) => node));
  expect([first?.doubt, second?.doubt]).toEqual([0, 1]);
});

it('three leases of one identity that ran out are followed by a time without any, as long as there is somebody else', async () => {
  const { core, clock, join, step } = peers({ chunks: 1, shards: 4, deadAfterMs: 1e9 });
  const anna = join('anna');
  const stop = new AbortController();
  let ended = step(stop.signal);
  for (let times = 0; times < 3; times++) {
    const eve = join('eve');
    core.swarm.disconnections.left(
      [...core.swarm.active()].find(({ name }) => name === 'anna')!,
      'so that eve is asked for all of it',
      1006,
    );
    expect(eve.leases.length).toBeGreaterThan(0);
    clock.time += 60_001;
    core.swarm.sweep();
    expect(eve.closed?.reason).toContain('no contribution 60 s after its lease');
    if (times < 2) join('anna');
  }
  const honest = join('anna');
  const eve = join('eve');
  honest.work();
  await ended;
  for (let times = 0; times < 25; times++) {
    ended = step();
    expect(eve.leases).toEqual([]);
    honest.work();
    await ended;
  }
  clock.time += 600_000;
  for (let times = 0; times < 25 && eve.leases.length === 0; times++) {
    ended = step();
    honest.work();
    await ended;
  }
  expect(eve.leases.length).toBeGreaterThan(0);
  expect(anna.closed).toBeUndefined();
});

describe('a guest that takes a place and sends heartbeats', () => {
  function guestThat(until: 'joined' | 'ready') {
    const { core, clock, join, refused } = peers({ chunks: 1, shards: 4 });
    const guest = join('guest', 'volunteer', until);
    /** @returns the milliseconds that it has stayed, at most so many */
    const stay = (most: number) => {
      let ms = 0;
      for (; ms < most && !guest.closed; ms += 5_000) {
        clock.time += 5_000;
        guest.say({ type: 'heartbeat' });
        core.swarm.sweep();
      }
      return ms;
    };
    return { guest, stay, refused };
  }

  it.each(['joined', 'ready'] as const)('and does nothing once it is %s is sent away, counted', (until) => {
    const { guest, stay, refused } = guestThat(until);
    expect(stay(600_000)).toBe(600_000);
    expect(guest.closed).toBeUndefined();
    expect(stay(3_600_000)).toBeLessThan(3_600_000);
    expect(guest.closed).toMatchObject({
      code: CLOSE.notReady.code,
      reason: expect.stringContaining('after it began to load'),
    });
    expect([...refused]).toEqual([['notReady', 1]]);
  });

  it('and becomes ready has as long again to take the weights', () => {
    const { guest, stay } = guestThat('joined');
    stay(900_000);
    guest.say({ type: 'ready', engine: 'peer', engineClass: 'peer@1', reason: 'test' });
    stay(600_000);
    guest.say({ type: 'synced', version: 0 });
    expect(stay(10_000_000)).toBe(10_000_000);
  });
});

/** Peers that follow the protocol and lie: each is sent away with its own close code, and the step ends as ever. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { StepLedger } from '../../../coordinator/scheduling/leases/ledger.js';
import { Worker } from '../../../coordinator/scheduling/worker.js';
import { Dispatch } from '../../../coordinator/step/dispatch.js';
import { InFlight } from '../../../coordinator/step/in-flight.js';
import { TreeReduction } from '../../../coordinator/step/reduction/tree-reduction.js';
import { Fulfillment } from '../../../coordinator/step/training/fulfillment.js';
import { Step } from '../../../coordinator/step/training/step.js';
import { Audits } from '../../../coordinator/step/vetting/audits.js';
import { Vetting } from '../../../coordinator/step/vetting/vetting.js';
import { TreeSum } from '../../../coordinator/update/tree-sum.js';
import { Answers } from '../../../coordinator/workers/phase/answers.js';
import { Swarm } from '../../../coordinator/workers/swarm.js';
import { CLOSE } from '../../../shared/protocol/close-codes.js';
import type { Lease } from '../../../shared/protocol/messages.js';
import type { WorkerRole } from '../../../shared/protocol/roles.js';
import { tellingTests } from '../../support/simulation/last-events.js';
import { ServerEnd } from '../../support/simulation/memory-network.js';
import { type Peer, peers } from '../../support/simulation/peers.js';

tellingTests();

afterEach(() => void vi.restoreAllMocks());

const SHARDS = 4;
const CHUNKS = 3;
const SAMPLES = 4 * SHARDS;

const lies: [name: string, lie: (eve: Peer) => void, reason: RegExp][] = [
  [
    'tells of one contribution twice, and sends it twice',
    (eve) => {
      const [lease] = eve.leases;
      eve.announce(lease!);
      eve.contribute(lease!);
    },
    /a second contribution to one lease/,
  ],
  [
    'tells again of what has counted, or is being judged',
    (eve) => {
      const [lease] = eve.leases;
      eve.contribute(lease!);
      eve.contribute(lease!);
    },
    /a second contribution to one lease/,
  ],
  [
    'tells of a node that others were asked for',
    (eve) => {
      const { node, ...lease } = eve.leases[0]!;
      eve.announce({ ...lease, node: node === 4 ? 5 : node - 1 });
    },
    /contribution for step 0, node \d, which was never leased/,
  ],
  [
    'sends a frame before it has told of the contribution',
    (eve) => eve.chunk(eve.leases[0]!, 0),
    /a frame before its contribution/,
  ],
  [
    'sends a frame of a node that others were asked for',
    (eve) => {
      const { node, ...lease } = eve.leases[0]!;
      eve.chunk({ ...lease, node: node === 4 ? 5 : node - 1 }, 0);
    },
    /frame for step 0, node \d, which was never leased/,
  ],
  [
    'lets go of what it was not asked to let go of',
    (eve) => eve.say({ type: 'dropped', step: 0, node: eve.leases[0]!.node }),
    /let go of, and not taken back/,
  ],
  ['holds the weights twice', (eve) => eve.say({ type: 'synced', version: 0 }), /synced while computing/],
];

/** Two trusted workers and eve, in one step. */
function begin(role: WorkerRole, auditRate = 0) {
  const made = peers({ chunks: CHUNKS, shards: SHARDS, trust: { auditRate } });
  const honest = [made.join('anna'), made.join('ben')];
  const eve = made.join('eve', role);
  const ended = made.step();
  const finish = async () => {
    let isOver = false;
    ended.then(
      () => (isOver = true),
      () => (isOver = true),
    );
    for (let turns = 0; !isOver; turns++) {
      if (turns > 1000) throw new Error(`stands still: ${JSON.stringify(made.events)}`);
      for (const peer of honest) peer.work();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return ended;
  };
  return { ...made, honest, eve, finish };
}

const weightsOf = ({ core }: Pick<ReturnType<typeof begin>, 'core'>) => new Set(core.pipeline.weights.flat());

describe.each<[WorkerRole, number]>([
  ['worker', 0],
  ['volunteer', 0],
  ['volunteer', 1],
])('a %s, where the share of audits is %d,', (role, auditRate) => {
  it.each(lies)('that %s, is sent away, and the step counts each sample once', async (_, lie, reason) => {
    const run = begin(role, auditRate);
    expect(run.eve.leases).toHaveLength(1);
    lie(run.eve);
    expect(run.eve.closed).toEqual({ code: CLOSE.unexpected.code, reason: expect.stringMatching(reason) });
    expect(await run.finish()).toMatchObject({ samples: SAMPLES, loss: SAMPLES });
    expect(weightsOf(run)).toEqual(new Set([-1]));
  });
});

it('a newcomer that passes its last audit of all in the middle of a step has no later node of it counted unseen', async () => {
  const { core, join, step } = peers({ chunks: CHUNKS, shards: SHARDS, trust: { auditRate: 0.05 } });
  const trusted = [join('anna'), join('ben')];
  // Two connections of one identity.
  const eves = [join('eve', 'volunteer'), join('eve', 'volunteer')];
  const recompute = ({ node }: Lease) => {
    for (const peer of trusted)
      for (const lease of peer.leases.filter((lease) => lease.node === node)) peer.contribute(lease);
  };
  const { reputation } = core.trust;
  for (let passed = 0; passed < 9; passed++) reputation.passed('eve@eve');
  const ended = step();
  const [first, second] = eves.map(({ leases }) => leases[0]!);
  eves[0]!.contribute(first!);
  recompute(first!);
  expect(reputation.streak('eve@eve')).toBe(10);
  eves[1]!.contribute(second!, { loss: 1000 });
  recompute(second!);
  expect(eves.map(({ closed }) => closed?.code)).toEqual([CLOSE.banned.code, CLOSE.banned.code]);
  for (const peer of trusted) peer.work();
  expect(await ended).toMatchObject({ samples: SAMPLES, loss: SAMPLES });
  expect(reputation.counts).toMatchObject({ made: 2, failed: 1, unseen: 0 });
});

it('who sends frames that no lease has asked for is sent away, though they are of a step that is over', async () => {
  const run = begin('volunteer');
  const [lease] = run.eve.leases;
  run.eve.contribute(lease!);
  await run.finish();
  // As if leases had been taken back while it sent: so far it may.
  const owed = run.core.swarm.workers().find(({ name }) => name === 'eve')!.framesOwed;
  for (let frame = 0; frame < owed; frame++) run.eve.chunk(lease!, 0);
  expect(run.eve.closed).toBeUndefined();
  run.eve.chunk(lease!, 0);
  expect(run.eve.closed).toEqual({
    code: CLOSE.unexpected.code,
    reason: 'a frame more than all of its leases have asked for',
  });
});

it('what many take with them, one after the other before anybody is measured, does not pile up on the next of them', async () => {
  const [crowd, honest] = [64, 2];
  const { join, step } = peers({ chunks: CHUNKS, shards: crowd });
  const all = Array.from({ length: crowd + honest }, (_, at) => join(`peer ${at}`));
  const ended = step();
  for (const peer of all.slice(0, crowd)) peer.leave();
  // A node for each, and n / (n - k) nodes from the k-th that leaves: n log n, where a pile has n squared.
  const leases = all.reduce((sum, peer) => sum + peer.leases.length, 0);
  expect(leases).toBeLessThan(crowd * 8);
  for (const peer of all.slice(crowd)) peer.work();
  expect(await ended).toMatchObject({ samples: 4 * crowd });
});

it('who was sent away is not heard any more, though its connection is not closed yet', async () => {
  const run = begin('volunteer');
  const [lease] = run.eve.leases;
  // The closing handshake is under way.
  const closing = vi.spyOn(ServerEnd.prototype, 'close').mockImplementation(() => undefined);
  run.core.swarm.disconnections.remove(2);
  run.core.swarm.disconnections.remove(3);
  expect(closing).toHaveBeenLastCalledWith(CLOSE.removed.code, expect.anything());
  const heard = vi.spyOn(Answers.prototype, 'contribution');
  run.eve.contribute(lease!);
  expect(heard).not.toHaveBeenCalled();
  run.honest.splice(1);
  expect(await run.finish()).toMatchObject({ samples: SAMPLES });
});

/** What a message may lead to. */
const PLACES: Record<string, object> = {
  'Answers.contribution': Answers.prototype,
  'Swarm.credit': Swarm.prototype,
  'Swarm.send': Swarm.prototype,
  'Worker.refresh': Worker.prototype,
  'Step.handle': Step.prototype,
  'Dispatch.counted': Dispatch.prototype,
  'Dispatch.adopt': Dispatch.prototype,
  'Dispatch.withdraw': Dispatch.prototype,
  'Dispatch.issue': Dispatch.prototype,
  'Fulfillment.taken': Fulfillment.prototype,
  'InFlight.add': InFlight.prototype,
  'InFlight.forget': InFlight.prototype,
  'Vetting.arrived': Vetting.prototype,
  'Vetting.judgeNext': Vetting.prototype,
  'Audits.start': Audits.prototype,
  'Audits.lost': Audits.prototype,
  'Audits.answeredBy': Audits.prototype,
  'TreeReduction.accept': TreeReduction.prototype,
  'TreeReduction.next': TreeReduction.prototype,
  'StepLedger.end': StepLedger.prototype,
  'StepLedger.accept': StepLedger.prototype,
  'TreeSum.insert': TreeSum.prototype,
};
/** Places from where a version cannot be mended: the run must end rather than go on with it. */
const IN_DOUBT = new Set(['Step.handle', 'StepLedger.accept', 'TreeSum.insert']);

describe('a defect of ours that a message meets', () => {
  it.each(Object.keys(PLACES))(
    'ends its connection, and not the run, nor makes it wrong: in %s',
    async (name) => {
      type Method = (...args: unknown[]) => unknown;
      const method = name.split('.')[1]!;
      const place = PLACES[name] as Record<string, Method>;
      const original = place[method]!;
      let met = 0;
      for (let when = 0; when < 8; when++) {
        for (const isAfter of [false, true]) {
          let calls = 0;
          const run = begin('volunteer', 1);
          const spy = vi.spyOn(place, method);
          spy.mockImplementation(function (this: unknown, ...args) {
            const isNow = calls++ === when;
            if (isNow && !isAfter) throw new TypeError('a defect');
            const result = original.apply(this, args);
            if (isNow) throw new TypeError('a defect');
            return result;
          });
          run.eve.work();
          for (const peer of [...run.honest].reverse()) peer.work();
          run.honest.push(run.join('late'));
          run.honest.shift()?.leave();
          spy.mockRestore();
          if (calls <= when) continue;
          met++;
          // Whatever was lost on the way is late at some time.
          run.clock.time += 120_000;
          for (const worker of run.core.swarm.active()) worker.heard(run.clock.time);
          run.core.swarm.sweep();
          const told = run.events.filter(({ text }) => text.includes('TypeError: a defect'));
          expect(told.length).toBeGreaterThan(0);
          expect(told[0]!.text).toContain('lying-peers.test.ts');
          const sums = await run.finish().catch((error: Error) => error);
          if (sums instanceof Error) expect(sums.message).toMatch(/broke off/);
          else {
            expect(sums).toMatchObject({ samples: SAMPLES });
            expect(weightsOf(run)).toEqual(new Set([-1]));
          }
          if (!IN_DOUBT.has(name)) expect(sums).not.toBeInstanceOf(Error);
        }
      }
      expect(met).toBeGreaterThan(0);
    },
  );

  it('is counted by its reason', async () => {
    const run = begin('worker');
    vi.spyOn(Answers.prototype, 'contribution').mockImplementationOnce(() => {
      throw new TypeError('a defect');
    });
    run.eve.work();
    expect(run.eve.closed).toMatchObject({ code: CLOSE.internal.code });
    expect([...run.refused]).toEqual([['internal', 1]]);
    expect(await run.finish()).toMatchObject({ samples: SAMPLES });
  });
});

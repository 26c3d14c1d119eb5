import { describe, expect, it } from 'vitest';
import { squareOf } from '../../../shared/data/confusion.js';
import type * as m from '../../../shared/protocol/messages.js';
import { ManualClock } from '../../../test/support/simulation/memory-network.js';
import { testCore } from '../../../test/support/simulation/test-run.js';
import { SMALL } from '../../../test/support/update/contributions.js';
import { sgd } from '../../../test/support/update/pipeline-setup.js';
import { Execution } from '../../run/execute.js';
import { Evaluation } from './evaluation.js';

const PARTS = [
  { from: 0, to: 10 },
  { from: 10, to: 20 },
  { from: 20, to: 30 },
  { from: 30, to: 34 },
];

/** A swarm of fake peers, and an evaluation of the four parts on it. */
function setUp(weights: m.Evaluate['weights'] = 'current') {
  const clock = new ManualClock();
  const averageDecay = weights === 'averaged' ? 0.9 : 0;
  const rule = { optimizer: sgd, clipNorm: 0, clipValue: 0, averageDecay };
  const core = testCore({ layout: SMALL, rule, clock, confusionCells: 0 });
  const { swarm } = core;
  const join = (name: string) => {
    const sent: m.CoordinatorMessage[] = [];
    const closed: string[] = [];
    let frames = 0;
    const worker = swarm.join(
      {
        send: (message) => sent.push(message),
        close: (reason, text) => closed.push(`${reason}: ${text}`),
        sendFrame: () => frames++,
        bufferedBytes: () => 0,
      },
      { type: 'join', protocol: 2, name, kind: 'node' },
    );
    swarm.ready(worker, { type: 'ready', engine: 'fake', engineClass: 'fake@1', reason: '' });
    swarm.synced(worker);
    const parts = () => sent.flatMap((message) => (message.type === 'evaluate' ? [message.part] : []));
    return { worker, sent, closed, parts, frames: () => frames };
  };
  const stop = new AbortController();
  const start = () => {
    const plan = { parts: PARTS, mostInHand: 64, confusion: squareOf(2) };
    const evaluation = new Evaluation({ version: 0, weights, plan, workers: swarm.roster });
    const counters = { expected: 0, counted: 0, reissued: 0, rejected: 0, duplicates: 0 };
    return new Execution(evaluation, { core, counters }).run(stop.signal);
  };
  return { swarm, clock, join, start, stop };
}

/** What a worker answers for a part: sums that do not add up alike in every order. */
const answer = (part: number, change: Partial<m.Evaluated> = {}): m.Evaluated => ({
  type: 'evaluated',
  version: 0,
  part,
  samples: PARTS[part]!.to - PARTS[part]!.from,
  loss: 0.1 * (part + 1),
  metric: part,
  confusion: [part, 1, 0, 2],
  computeMs: 1,
  ...change,
});

const TOTAL = {
  samples: 34,
  loss: 0.1 + 0.1 * 2 + 0.1 * 3 + 0.1 * 4,
  metric: 6,
  confusion: [6, 4, 0, 8],
  mistakes: [],
};

describe('an evaluation', () => {
  it('gives each worker two parts at once, and the next when one is done', async () => {
    const { swarm, join, start } = setUp();
    const [anna, ben] = [join('anna'), join('ben')];
    const outcome = start();
    expect([anna.parts(), ben.parts()]).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(anna.sent.at(-1)).toEqual({
      type: 'evaluate',
      version: 0,
      part: 1,
      from: 10,
      to: 20,
      weights: 'current',
    });
    expect(anna.worker.state).toBe('computing');
    for (const part of [0, 1]) swarm.answers.evaluated(anna.worker, answer(part));
    expect(anna.worker.state).toBe('idle');
    for (const part of [2, 3]) swarm.answers.evaluated(ben.worker, answer(part));
    expect(await outcome).toEqual(TOTAL);
  });

  it('has the same sums, to the last digit, in whatever order parts are done, by however many', async () => {
    for (const order of [
      [0, 1, 2, 3],
      [1, 0, 3, 2],
      [1, 2, 0, 3],
    ]) {
      const { swarm, join, start } = setUp();
      const { worker } = join('anna');
      const outcome = start();
      for (const part of order) swarm.answers.evaluated(worker, answer(part));
      expect(await outcome).toEqual(TOTAL);
    }
  });

  it('gives the parts of a lost worker to the others, and waits for one where there is none', async () => {
    const { swarm, join, start } = setUp();
    const anna = join('anna');
    const outcome = start();
    swarm.answers.evaluated(anna.worker, answer(0));
    swarm.disconnections.left(anna.worker, 'gone', 1006);
    const ben = join('ben');
    expect(ben.parts()).toEqual([3, 1]);
    const carl = join('carl');
    expect(carl.parts()).toEqual([2]);
    swarm.answers.evaluated(ben.worker, answer(1));
    swarm.disconnections.left(carl.worker, 'gone', 1006);
    expect(ben.parts()).toEqual([3, 1, 2]);
    for (const part of [2, 3]) swarm.answers.evaluated(ben.worker, answer(part));
    expect(await outcome).toEqual(TOTAL);
  });

  it.each([
    ['a part that it was not asked for', answer(0, { loss: 99 })],
    ['a part that there is not', answer(0, { part: 9 })],
    ['another version', answer(0, { loss: 99, version: 1 })],
  ])('refuses who tells of %s, and has its parts done by others', async (_, told) => {
    const { swarm, join, start } = setUp();
    const [anna, eve] = [join('anna'), join('eve')];
    const outcome = start();
    for (const part of [0, 1]) swarm.answers.evaluated(anna.worker, answer(part));
    swarm.answers.evaluated(eve.worker, told);
    expect(eve.closed).toEqual([
      expect.stringMatching(/^unexpected: part \d of the evaluation of version \d, which it does not hold$/),
    ]);
    for (const part of [2, 3]) swarm.answers.evaluated(anna.worker, answer(part));
    expect(await outcome).toEqual(TOTAL);
  });

  it.each<[string, Partial<m.Evaluated>, string]>([
    ['another number of samples', { samples: 9 }, '9 samples told, the part has 10'],
    ['a matrix of other classes', { confusion: [1] }, 'a confusion matrix of 1 cells, expected 4'],
    [
      'a mistake of a record that there is not',
      { mistakes: [{ record: 10, predicted: 1, confidence: 1 }] },
      'a mistake of record 10, class 1, which there is not',
    ],
    [
      'a mistake of a class that there is not',
      { mistakes: [{ record: 9, predicted: 2, confidence: 1 }] },
      'a mistake of record 9, class 2, which there is not',
    ],
  ])('refuses whoever tells %s, and has the part computed again', async (_, wrong, why) => {
    const { swarm, join, start } = setUp();
    const [anna, ben] = [join('anna'), join('ben')];
    const outcome = start();
    swarm.answers.evaluated(anna.worker, answer(0, wrong));
    expect(anna.closed).toEqual([`wrongShape: evaluation part 0: ${why}`]);
    for (const part of [2, 3, 0, 1]) swarm.answers.evaluated(ben.worker, answer(part));
    expect(ben.parts()).toEqual([2, 3, 0, 1]);
    expect(await outcome).toEqual(TOTAL);
  });

  it('has no matrix where a part came without one', async () => {
    const { swarm, join, start } = setUp();
    const { worker } = join('anna');
    const outcome = start();
    const { confusion, ...without } = answer(2);
    expect(confusion).toBeDefined();
    for (const part of [0, 1]) swarm.answers.evaluated(worker, answer(part));
    swarm.answers.evaluated(worker, without);
    swarm.answers.evaluated(worker, answer(3));
    const { confusion: _, ...total } = TOTAL;
    expect(await outcome).toEqual(total);
  });

  it('sends the moving average first, where that is what is evaluated', async () => {
    const { swarm, join, start } = setUp('averaged');
    const anna = join('anna');
    const before = anna.frames();
    const outcome = start();
    expect(anna.frames()).toBe(before + 1);
    expect(anna.sent.at(-1)).toMatchObject({ weights: 'averaged' });
    const late = join('late');
    expect(late.frames()).toBe(2);
    for (const part of [0, 1]) swarm.answers.evaluated(anna.worker, answer(part));
    for (const part of [2, 3]) swarm.answers.evaluated(late.worker, answer(part));
    expect(await outcome).toEqual(TOTAL);
  });

  it('sends away whoever sits on a part for too long', async () => {
    const { swarm, clock, join, start } = setUp();
    const [anna, ben] = [join('anna'), join('ben')];
    const outcome = start();
    for (const part of [2, 3]) swarm.answers.evaluated(ben.worker, answer(part));
    clock.time = 61_000;
    for (const { worker } of [anna, ben]) swarm.heard(worker);
    clock.time = 60_000;
    swarm.sweep();
    expect(anna.closed).toEqual([]);
    clock.time = 61_000;
    swarm.sweep();
    expect(anna.closed).toEqual(['leaseExpired: no contribution 61 s after its lease (allowed: 60 s)']);
    for (const part of [0, 1]) swarm.answers.evaluated(ben.worker, answer(part));
    expect(await outcome).toEqual(TOTAL);
  });

  it('is broken off by a stop, without a result', async () => {
    const { swarm, join, start, stop } = setUp();
    join('anna');
    const outcome = start();
    stop.abort(new Error('Ctrl-C'));
    expect(await outcome).toBeUndefined();
    expect(swarm.inHand.isThere).toBe(false);
  });
});

/** When a volunteer's contribution is judged, and what becomes of it. Half of a step of 16 samples: a norm of n has the size n / 11.3. */
import { describe, expect, it } from 'vitest';
import { type OneStepOptions, oneStep, type TestWorker } from '../../../test/support/simulation/one-step.js';

const anna = { name: 'anna' };
const volunteer = (name: string, more: Partial<TestWorker> = {}): TestWorker => ({
  ...{ name, role: 'volunteer', ...more },
});
const [vera, willy] = [volunteer('vera'), volunteer('willy')];
/** Node 2 for the first worker, node 3 for the second. */
const HALVES = [2, 3].map((node, at) => ({ node, worker: at + 1 }));
/** The largest norm of half a step, ten times as large as usual, where mean gradients have the norm 1. */
const LARGEST = 10 * Math.sqrt(8 * 16);

/** Mean gradients have had the norm 1. */
function begin(options: Partial<OneStepOptions> & Pick<OneStepOptions, 'workers'>) {
  const made = oneStep({ batch: { assignments: HALVES }, ...options });
  made.trust.norms.stepped(1);
  return { ...made, begun: made.begin() };
}
const counts = (name: string, id: number, node: number) => [
  'unseen',
  `add node ${node}, chunk 0`,
  `record ${name}: shards ${2 * (node - 2)} to ${2 * (node - 1)}`,
  `credit ${name} (${id}): 8 samples`,
];
const DONE = ['count 4 shards expected', 'count 4 shards counted', 'done'];

describe('a contribution of a volunteer', () => {
  it('counts once its last chunk is here, not before, and as not having been recomputed', () => {
    const { announce, send } = begin({ workers: [vera, willy], chunks: 2 });
    expect(announce('vera', 2)).toEqual([]);
    expect(send('vera', 2, 0)).toEqual([]);
    expect(send('vera', 2, 1)).toEqual([
      'unseen',
      'add node 2, chunk 0',
      'add node 2, chunk 1',
      'record vera: shards 0 to 2',
      'credit vera (1): 8 samples',
    ]);
  });

  it('waits in the first step until all of it is here, which is what there is to measure by', () => {
    const { begin, contribute } = oneStep({ workers: [vera, willy], batch: { assignments: HALVES } });
    begin();
    expect(contribute('vera', 2)).toEqual([]);
    expect(contribute('willy', 3)).toEqual([...counts('vera', 1, 2), ...counts('willy', 2, 3), ...DONE]);
  });

  it('waits no longer than until trusted workers have all of the rest', () => {
    const { begin, announce, send, contribute } = oneStep({
      ...{ workers: [anna, vera], chunks: 2, batch: { assignments: HALVES } },
    });
    begin();
    expect(contribute('vera', 3)).toEqual([]);
    announce('anna', 2);
    expect(send('anna', 2, 0)).toEqual(['add node 2, chunk 0']);
    expect(send('anna', 2, 1)).toContain('unseen');
  });

  it('is let go of while it waits, if another has computed its node', () => {
    const assignments = [...HALVES, { node: 3, worker: 3 }];
    const { begin, contribute } = oneStep({ workers: [anna, vera, { name: 'ben' }], batch: { assignments } });
    begin();
    expect(contribute('vera', 3)).toEqual([]);
    expect(contribute('ben', 3)).toEqual([
      'add node 3, chunk 0',
      'cancel -> vera (2): node 3',
      'record ben: shards 2 to 4',
      'credit ben (3): 8 samples',
    ]);
    expect(contribute('anna', 2).slice(1)).toEqual([
      'record anna: shards 0 to 2',
      'credit anna (1): 8 samples',
      ...DONE,
    ]);
  });

  it('with NaN or infinity in its gradient, loss or metric is computed again', () => {
    for (const [value, told] of [
      [Number.NaN, {}],
      [1, { loss: Number.POSITIVE_INFINITY }],
      [1, { metric: Number.NaN }],
    ] as const) {
      const { contribute } = begin({ workers: [vera, anna] });
      expect(contribute('vera', 2, value, told)).toEqual([
        'cancel -> vera (1): node 2',
        'lease -> anna (2): node 2, from chunk 0, window 1',
        'count 2 shards reissued',
        'tell reissued: step 1: 2 shards of vera given to others',
      ]);
    }
  });
});

describe('a contribution larger than is allowed', () => {
  const refusal = (name: string, id: number, node: number, times: string) =>
    `refuse ${name} (${id}): overNorm, ${name}: step 1, node ${node}: ${times} times as large as is allowed`;

  it('counts up to the limit; beyond it, its worker is sent away, and another is asked', () => {
    const { contribute } = begin({ workers: [vera, anna] });
    expect(contribute('vera', 2, LARGEST * 0.999)).toEqual(counts('vera', 1, 2));
    const beyond = begin({ workers: [vera, anna] });
    expect(beyond.contribute('vera', 2, LARGEST * 2.5)).toEqual([
      'count 2 shards rejected',
      refusal('vera', 1, 2, '2.5'),
      'lease -> anna (2): node 2, from chunk 0, window 1',
      'count 2 shards reissued',
      'tell reissued: step 1: 2 shards of vera given to others',
    ]);
  });

  it('counts exactly at the limit', () => {
    // A whole step of 16 samples: a norm of 160 has the size 10.
    const made = oneStep({ workers: [vera] });
    made.trust.norms.stepped(1);
    made.begin();
    expect(made.contribute('vera', 1, 160)).toContain('done');
  });

  it('is a ban at the third time', () => {
    const { contribute, trust } = begin({ workers: [vera, anna] });
    for (let i = 0; i < 2; i++) trust.reputation.strike('vera', 'overNorm');
    expect(contribute('vera', 2, 3 * LARGEST)).toContain(
      'ban vera: step 1, node 2: 3.0 times as large as is allowed, not for the first time',
    );
  });

  it('counts if another identity says the same of these samples, and clears the first of its strike', () => {
    const { contribute, trust } = begin({ workers: [vera, willy] });
    contribute('vera', 2, 2 * LARGEST);
    expect(contribute('willy', 2, 2 * LARGEST)).toEqual(counts('willy', 2, 2));
    // Its third strike is a ban: the one that was cleared is not among them.
    expect([1, 2, 3].map(() => trust.reputation.strike('vera', 'overNorm'))).toEqual([false, false, true]);
  });

  it('is not confirmed where its worker is alone, and was not refused before', () => {
    const made = oneStep({ workers: [vera] });
    made.trust.norms.stepped(1);
    made.begin();
    expect(made.contribute('vera', 1, 2 * 160)).toContain(refusal('vera', 1, 1, '2.0'));
  });

  it('is not confirmed by the same of other samples', () => {
    const { contribute } = begin({ workers: [vera, willy, anna] });
    contribute('vera', 2, 2 * LARGEST);
    expect(contribute('willy', 3, 2 * LARGEST)).toContain(refusal('willy', 2, 3, '2.0'));
  });

  it('is not confirmed by its own identity as long as there are others, and counts where there are none', () => {
    for (const others of [['ben'], []]) {
      const { contribute, join, lose, hear, worker } = begin({ workers: [vera, anna] });
      contribute('vera', 2, 2 * LARGEST);
      join(volunteer('vera again', { identity: 'vera' }));
      hear({ type: 'joined', worker: worker('vera again') });
      expect(lose('anna')).toContain('lease -> vera again (3): node 1, from chunk 0, window 1');
      for (const name of others) join({ name });
      // Of 16 samples.
      const lines = contribute('vera again', 1, 2 * 160);
      if (others.length > 0) expect(lines).toContain(refusal('vera again', 3, 1, '2.0'));
      else expect(lines).toContain('credit vera again (3): 16 samples');
    }
  });

  it('is measured by the others of its step as well, of which those with NaN say nothing', () => {
    const four = [vera, willy, volunteer('xenia'), volunteer('yuri')];
    const { begin, contribute } = oneStep({
      workers: four,
      batch: { assignments: [4, 5, 6, 7].map((node, at) => ({ node, worker: at + 1 })) },
    });
    begin();
    for (const [name, node, value] of [
      ['vera', 4, 1],
      ['willy', 5, 1],
      ['xenia', 6, Number.NaN],
    ] as const)
      expect(contribute(name, node, value)).toEqual([]);
    const lines = contribute('yuri', 7, 11);
    const other = lines.findLast((line) => line.endsWith('node 6, from chunk 0, window 1'))!;
    // Whoever has Xenia's part completes the step, and Yuri's can be judged.
    expect(contribute(/-> (\w+)/.exec(other)![1]!, 6)).toContain(
      'refuse yuri (4): overNorm, yuri: step 1, node 7: 1.1 times as large as is allowed',
    );
  });

  it('counts under a rule that compares all workers: that one bounds its weight', () => {
    const { contribute } = begin({ workers: [vera, willy], trust: { robust: 'median' } });
    expect(contribute('vera', 2, 100 * LARGEST)).toEqual([
      'unseen',
      'record vera: shards 0 to 2',
      'credit vera (1): 8 samples',
    ]);
  });
});

describe('where audits are made', () => {
  /** Vera has been found right so often that hardly anything of hers is drawn. */
  function believed(value: number, told = {}) {
    const made = begin({ workers: [vera, anna], trust: { auditRate: 1e-9 } });
    for (let i = 0; i < 100_000; i++) made.trust.reputation.passed('vera');
    return made.contribute('vera', 2, value, told);
  }

  it('what is not drawn counts unseen', () => {
    expect(believed(1)).toEqual(counts('vera', 1, 2));
  });

  it('what is too large, or holds NaN, is recomputed instead of refused', () => {
    const audit = ['lease -> anna (2): node 2, from chunk 0, window 1'];
    expect(believed(2 * LARGEST)).toEqual(audit);
    expect(believed(Number.NaN)).toEqual(audit);
    expect(believed(1, { loss: Number.NaN })).toEqual(audit);
  });

  it('what nobody can recompute waits for somebody who can', () => {
    const { contribute, join, hear, worker } = begin({ workers: [vera], trust: { auditRate: 1 } });
    expect(contribute('vera', 2)).toEqual([]);
    join(anna);
    expect(hear({ type: 'joined', worker: worker('anna') })).toEqual(
      expect.arrayContaining(['lease -> anna (2): node 2, from chunk 0, window 1']),
    );
  });
});

describe('a worker that sent NaN where another computed numbers', () => {
  it('is banned at the third time if it is a volunteer', () => {
    for (const [strikes, end] of [
      [1, 'refuse vera (1): notFinite, step 0, node 2: not finite, where anna computed numbers'],
      [2, 'ban vera: step 0, node 2: not finite, where anna computed numbers, not for the first time'],
    ] as const) {
      const { contribute, trust } = begin({ workers: [vera, anna] });
      for (let i = 0; i < strikes; i++) trust.reputation.strike('vera', 'notFinite');
      contribute('vera', 2, Number.NaN);
      expect(contribute('anna', 2)).toContain(end);
      expect(trust.reputation.counts.notFinite).toBe(strikes + 1);
    }
  });

  it('is only sent away if it is trusted', () => {
    const { contribute, trust } = begin({ workers: [anna, vera] });
    for (let i = 0; i < 2; i++) trust.reputation.strike('anna', 'notFinite');
    contribute('anna', 2, Number.NaN);
    expect(contribute('vera', 2)).toContain(
      'refuse anna (1): notFinite, step 0, node 2: not finite, where vera computed numbers',
    );
  });
});

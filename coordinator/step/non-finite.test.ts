/** Numbers that are none, in a step of which each worker has a part. */
import { describe, expect, it } from 'vitest';
import { oneStep } from '../../test/support/simulation/one-step.js';

const [anna, ben, carl] = [{ name: 'anna' }, { name: 'ben' }, { name: 'carl' }];
const volunteer = (name: string) => ({ name, role: 'volunteer' as const });
/** A half for Anna, a quarter for each of the others. */
const IN_THREE = [2, 6, 7].map((node, at) => ({ node, worker: at + 1 }));
const GIVEN_TO_BEN = [
  'cancel -> anna (1): node 2',
  'lease -> ben (2): node 2, from chunk 0, window 1',
  'count 2 shards reissued',
  'tell reissued: step 1: 2 shards of anna given to others',
];

describe('NaN or infinity in a contribution', () => {
  it.each([
    ['loss', { loss: Number.NaN }],
    ['metric', { metric: Number.POSITIVE_INFINITY }],
  ])('as its %s has another worker asked, and its sender gets nothing more', (_, told) => {
    const { begin, announce, tick, at, contribute } = oneStep({ workers: [anna, ben] });
    begin();
    expect(announce('anna', 2, told)).toEqual(GIVEN_TO_BEN);
    contribute('ben', 3);
    at(60_000);
    expect(tick()).toEqual([]);
  });

  it('in its gradient has another worker asked, whose numbers convict the sender', () => {
    const { begin, contribute } = oneStep({ workers: [anna, ben] });
    begin();
    expect(contribute('anna', 2, Number.NaN)).toEqual(['add node 2, chunk 0', ...GIVEN_TO_BEN]);
    // Of another node: that says nothing.
    expect(contribute('ben', 3)).toEqual([
      'add node 3, chunk 0',
      'record ben: shards 2 to 4',
      'credit ben (2): 8 samples',
    ]);
    expect(contribute('ben', 2)).toEqual([
      'add node 2, chunk 0',
      'record ben: shards 0 to 2',
      'credit ben (2): 8 samples',
      'count 2 shards rejected',
      'refuse anna (1): notFinite, step 0, node 2: not finite, where ben computed numbers',
      'count 4 shards expected',
      'count 4 shards counted',
      'done',
    ]);
  });

  it('is the run’s if another worker computes it too', () => {
    const inGradient = oneStep({ workers: [anna, ben, carl], batch: { assignments: IN_THREE } });
    inGradient.begin();
    expect(inGradient.contribute('anna', 2, Number.POSITIVE_INFINITY)).toContain(
      'lease -> ben (2): node 4, from chunk 0, window 1',
    );
    expect(inGradient.contribute('ben', 4, Number.NaN)).toContain(
      'diverged: gradient chunk 0 holds NaN or infinity (node 4, worker ben)',
    );
    const inLoss = oneStep({ workers: [anna, ben] });
    inLoss.begin();
    inLoss.announce('anna', 2, { loss: Number.NaN });
    expect(inLoss.announce('ben', 2, { loss: Number.NaN, metric: 1 })).toEqual([
      'diverged: loss NaN, metric 1 (node 2, worker ben)',
    ]);
  });

  it('is the run’s if there is nobody else to ask', () => {
    const { begin, contribute } = oneStep({ workers: [anna] });
    begin();
    expect(contribute('anna', 1, Number.NaN)).toContain(
      'diverged: gradient chunk 0 holds NaN or infinity (node 1, worker anna)',
    );
  });

  it('in two parts of the tree convicts neither before a third worker has computed them', () => {
    const { begin, contribute } = oneStep({
      workers: [anna, ben, carl],
      batch: { assignments: IN_THREE },
    });
    begin();
    contribute('anna', 2, Number.NaN);
    expect(contribute('ben', 6, Number.NaN).join()).not.toContain('diverged');
    const lines = [
      contribute('carl', 7),
      contribute('carl', 6),
      ...[4, 5].map((node) => contribute('carl', node)),
    ].flat();
    for (const [name, id, node] of [
      ['ben', 2, 6],
      ['anna', 1, 2],
    ])
      expect(lines).toContain(
        `refuse ${name} (${id}): notFinite, step 0, node ${node}: not finite, where carl computed numbers`,
      );
    expect(lines.at(-1)).toBe('done');
  });
});

describe('NaN of volunteers', () => {
  it('is believed only if all others say the same', () => {
    const { begin, contribute, trust } = oneStep({
      workers: [anna, volunteer('vera'), volunteer('willy')],
      batch: { assignments: [2, 3].map((node, at) => ({ node, worker: [2, 1][at]! })) },
    });
    trust.norms.stepped(1);
    begin();
    // Willy has a copy of her node, as the plan had nothing for him.
    expect(contribute('vera', 2, Number.NaN)).toEqual(['cancel -> vera (2): node 2']);
    // He says the same, which proves nothing: two volunteers may have agreed.
    expect(contribute('willy', 2, Number.NaN)).toContain('lease -> anna (1): node 2, from chunk 0, window 1');
    expect(contribute('anna', 2, Number.NaN)).toContain(
      'diverged: gradient chunk 0 holds NaN or infinity (node 2, worker anna)',
    );
  });

  it('proves as much as that of a trusted worker if the other one is trusted', () => {
    const { begin, contribute, trust } = oneStep({
      workers: [anna, volunteer('vera'), ben],
      batch: { assignments: IN_THREE },
    });
    trust.norms.stepped(1);
    begin();
    expect(contribute('anna', 2, Number.NaN)).toContain('lease -> vera (2): node 4, from chunk 0, window 1');
    expect(contribute('vera', 4, Number.NaN)).toContain(
      'diverged: a buffered contribution holds NaN or infinity (node 4, worker vera)',
    );
  });

  it('is the run’s if there are only volunteers, and all say it', () => {
    const { begin, contribute, trust } = oneStep({ workers: [volunteer('vera'), volunteer('willy')] });
    trust.norms.stepped(1);
    begin();
    expect(contribute('vera', 2, Number.NaN)).toContain('lease -> willy (2): node 2, from chunk 0, window 1');
    expect(contribute('willy', 2, Number.NaN)).toContain(
      'diverged: a buffered contribution holds NaN or infinity (node 2, worker willy)',
    );
  });
});

/** Who is given what a lost worker had. A step of four shards of four samples. */
import { describe, expect, it } from 'vitest';
import { assigned, lease, measured, oneStep, reissued } from '../../test/support/simulation/one-step.js';

const [anna, ben, carl] = [{ name: 'anna' }, { name: 'ben' }, { name: 'carl' }];

describe('what a lost worker had', () => {
  it('goes to others, is counted, and told of', () => {
    const { begin, lose } = oneStep({ workers: [anna, ben] });
    begin();
    expect(lose('ben')).toEqual([lease('anna', 1, 3), ...reissued(2, 'ben')]);
    expect(lose('anna')).toEqual([]);
  });

  it('goes to workers that have delivered before, rather than to one that comes and goes', () => {
    const credit = { samples: 8, computeMs: 1000, waitMs: 0, turnaroundMs: 1001 };
    const { begin, lose, worker } = oneStep({
      ...{ workers: [anna, ben, measured('carl', 800)], ...assigned(2, 6, 7) },
    });
    worker('anna').credit(credit);
    begin();
    expect(lose('ben')).toEqual([lease('anna', 1, 6), ...reissued(1, 'ben')]);
  });

  it('goes to workers that others had to wait for, if the only other one sent NaN', () => {
    const { begin, contribute } = oneStep({
      workers: [anna, { ...measured('dora'), doubt: 2 }],
      ...assigned(1),
    });
    begin();
    expect(contribute('anna', 1, Number.NaN)).toContain(lease('dora', 2, 1));
  });

  it('goes to a newcomer that has nothing to do, as slow as it is taken to be', () => {
    const { begin, lose, join } = oneStep({ workers: [measured('anna', 8), ben], ...assigned(2, 3) });
    begin();
    join(carl);
    expect(lose('ben').filter((line) => line.startsWith('lease'))).toContain(lease('carl', 3, 6));
  });

  it('does not go to a newcomer that is busy, as nobody knows for how long', () => {
    const { begin, lose } = oneStep({ workers: [measured('anna', 1), ben, carl], ...assigned(6, 2, 7) });
    begin();
    expect(lose('carl')).toEqual([lease('anna', 1, 7), ...reissued(1, 'carl')]);
  });

  it('was of somebody in particular, or of all that have left before the next one came', () => {
    const { begin, lose, join, hear } = oneStep({ workers: [anna] });
    begin();
    lose('anna');
    expect(hear({ type: 'joined', worker: join(ben) })).toEqual([
      lease('ben', 2, 1),
      'count 4 shards reissued',
    ]);
  });

  describe('goes to the one of two equals that is done first', () => {
    /** Both compute 8 samples a second: a shard takes half a second. Carl has the last shard. */
    const setUp = (nodes: readonly [node: number, worker: number][]) => {
      const made = oneStep({
        workers: [measured('anna', 8), measured('ben', 8), carl],
        batch: { assignments: [...nodes, [7, 3] as const].map(([node, worker]) => ({ node, worker })) },
      });
      made.begin();
      return made;
    };
    const toBen = [lease('ben', 2, 7), ...reissued(1, 'carl')];
    const toAnna = [lease('anna', 1, 7), ...reissued(1, 'carl')];

    it('with the smaller node', () => {
      expect(
        setUp([
          [2, 1],
          [6, 2],
        ]).lose('carl'),
      ).toEqual(toBen);
      expect(
        setUp([
          [6, 1],
          [2, 2],
        ]).lose('carl'),
      ).toEqual(toAnna);
    });

    it('with all of its nodes', () => {
      expect(
        setUp([
          [4, 1],
          [5, 1],
          [6, 2],
        ]).lose('carl'),
      ).toEqual(toBen);
    });

    it('of which those that it has told of are computed', () => {
      const { announce, lose } = setUp([
        [6, 1],
        [2, 2],
      ]);
      announce('ben', 2);
      expect(lose('carl')).toEqual(toBen);
    });

    it('where each node is begun when the one before is done', () => {
      const { at, announce, lose } = setUp([
        [4, 1],
        [5, 1],
        [6, 2],
      ]);
      at(400);
      announce('anna', 4);
      at(450);
      expect(lose('carl')).toEqual(toBen);
    });

    it('because it has been at it for longer', () => {
      const made = oneStep({
        workers: [measured('anna', 8), measured('ben', 8), carl, { name: 'dora' }],
        batch: { assignments: [2, 7, 6].map((node, at) => ({ node, worker: [1, 3, 4][at]! })) },
      });
      made.begin();
      made.at(850);
      expect(made.lose('dora')[0]).toBe(lease('ben', 2, 6));
      made.at(900);
      // Anna needs 100 ms for the rest of her two shards, Ben 450 for his one.
      expect(made.lose('carl')).toEqual(toAnna);
    });
  });
});

describe('a worker from which something was taken back', () => {
  /** Two equals; of one, two seconds of work were taken back. How many leases each gets of a step `ms` after it got them. */
  const shares = (ms: number, speed?: number) => {
    const { begin, at, worker, of } = oneStep({ workers: [measured('anna', 8), measured('ben', 8)] });
    const canceled = worker('anna');
    canceled.speed = speed;
    canceled.cancel({ kind: 'node', step: -1, index: 1, samples: 16, since: 1000 });
    at(1000 + ms);
    begin();
    const names = of('send').map(({ worker: { name } }) => name);
    return ['anna', 'ben'].map((name) => names.filter((other) => other === name).length);
  };

  it('is busy with it for as long as its speed promises', () => {
    expect(shares(100, 8)).toEqual([0, 1]);
    expect(shares(1900, 8)).toEqual([1, 1]);
  });

  it('that takes longer is taken to be busy for as long again', () => {
    expect(shares(2000, 8)).toEqual([0, 1]);
    expect(shares(20_000, 8)).toEqual([0, 1]);
  });

  it('is not planned with while nobody knows how long it will be busy', () => {
    expect(shares(0)).toEqual([0, 1]);
  });
});

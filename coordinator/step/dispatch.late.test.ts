/** Who is asked for what is late, and when a worker loses its place. A step of four shards of four samples. */
import { describe, expect, it } from 'vitest';
import {
  assigned,
  lease,
  measured,
  oneStep,
  reissued,
  type TestWorker,
} from '../../test/support/simulation/one-step.js';

const [anna, ben] = [{ name: 'anna' }, { name: 'ben' }];

describe('an idle worker', () => {
  const setUp = () => {
    const made = oneStep({ workers: [measured('anna'), measured('ben')], ...assigned(2, 3) });
    made.begin();
    made.at(80);
    made.contribute('anna', 2);
    return made;
  };

  it('is asked as well for what is late, and whoever is late is blamed, once a step', () => {
    const { at, tick, worker, of, join } = setUp();
    at(121);
    expect(tick()).toEqual([]);
    at(5000);
    expect(tick()).toEqual([
      lease('anna', 1, 3),
      'tell speculated: step 1: anna is asked as well for node 3 of ben: 5000 ms without a result where 122 ms were to be expected',
    ]);
    expect(worker('ben').doubt).toBe(1);
    join(measured('carl'));
    at(60_000);
    tick();
    expect(of('send').at(-1)!.worker.name).toBe('carl');
    expect(worker('ben').doubt).toBe(1);
    expect(worker('anna').doubt).toBe(1);
  });

  it('is not asked while nothing is late, nor anybody while nobody is idle', () => {
    const { begin, tick, at } = oneStep({ workers: [measured('anna'), measured('ben')], ...assigned(2, 3) });
    begin();
    at(60_000);
    expect(tick()).toEqual([]);
  });

  it('waits for a worker that has just told of its contribution', () => {
    const { at, announce, tick } = setUp();
    announce('ben', 3);
    // From 80 on it may take 122 ms again.
    at(201);
    expect(tick()).toEqual([]);
    at(203);
    expect(tick()[0]).toBe(lease('anna', 1, 3));
  });

  it('has the history of all to judge a newcomer by, with twice the patience', () => {
    const { begin, contribute, at, tick } = oneStep({
      workers: [measured('anna', 10), ben],
      ...assigned(2, 3),
    });
    begin();
    at(1000);
    contribute('anna', 2);
    // Eight samples mostly take 801 ms, and may take 1,201.5 of one that is known.
    at(2402);
    expect(tick()).toEqual([]);
    at(2404);
    expect(tick()[0]).toBe(lease('anna', 1, 3));
  });

  it('computes half of what is late if there is another one, and a single shard alone', () => {
    const setUp = (bounds: number[]) => {
      const made = oneStep({
        workers: [measured('anna'), measured('ben'), measured('carl')],
        batch: { bounds, assignments: [2, 3].map((node, at) => ({ node, worker: at + 1 })) },
      });
      made.begin();
      made.at(80);
      made.contribute('anna', 2);
      made.at(200);
      return made.tick().filter((line) => line.startsWith('lease'));
    };
    expect(setUp([0, 4, 8, 12, 16])).toEqual([lease('anna', 1, 6), lease('carl', 3, 7)]);
    expect(setUp([0, 8, 16])).toEqual([lease('anna', 1, 3)]);
  });

  it('that is trusted is asked before a volunteer', () => {
    const vera = { ...measured('vera', 200), role: 'volunteer' as const };
    const { begin, at, contribute, tick } = oneStep({
      workers: [measured('anna'), measured('ben'), vera],
      batch: { bounds: [0, 8, 16], assignments: [2, 3].map((node, at) => ({ node, worker: at + 1 })) },
    });
    begin();
    at(80);
    contribute('anna', 2);
    at(200);
    expect(tick()[0]).toBe(lease('anna', 1, 3));
  });

  it('that has not answered what was taken back from it is not idle', () => {
    const { at, tick, worker } = setUp();
    worker('anna').cancel({ kind: 'node', step: -1, index: 1, samples: 16, since: 0 });
    at(5000);
    expect(tick()).toEqual([]);
  });

  /** Two shards, for Anna and Ben; Carl and Dora are idle. What they are asked for in the end. */
  const askedFor = (prepare: (made: ReturnType<typeof oneStep>) => void, more: Partial<TestWorker> = {}) => {
    const made = oneStep({
      workers: [measured('anna'), { ...measured('ben'), ...more }, measured('carl', 1), measured('dora', 1)],
      ...{ chunks: 2, reach: 1 },
      batch: { bounds: [0, 8, 16], assignments: [2, 3].map((node, at) => ({ node, worker: at + 1 })) },
    });
    made.begin();
    made.at(80);
    prepare(made);
    made.at(60_000);
    made.tick();
    return made
      .of('send')
      .slice(2)
      .map(({ message }) => (message as { node?: number }).node);
  };

  it('is not asked for a chunk that the step does not wait for yet', () => {
    expect(askedFor(() => undefined)).toEqual([2, 3]);
    const ofBoth = askedFor(({ announce, send }) => {
      announce('ben', 3);
      send('ben', 3, 0);
    });
    expect(ofBoth).toEqual([2]);
  });

  it('is not asked for what is here, and waits to be judged', () => {
    expect(askedFor(({ contribute }) => void contribute('ben', 3), { role: 'volunteer' })).toEqual([2]);
  });

  it('is not asked for what the coordinator itself computes again', () => {
    const vera = { name: 'vera', role: 'volunteer' as const };
    const { begin, contribute, at, tick } = oneStep({ workers: [vera], trust: { auditRate: 1 }, own: true });
    begin();
    contribute('vera', 1);
    at(60_000);
    expect(tick()).toEqual([]);
  });

  it('lets a worker compute one lease after the other', () => {
    const assignments = [
      [2, 1],
      [6, 2],
      [7, 2],
    ].map(([node, worker]) => ({ node: node!, worker: worker! }));
    const setUp = () => {
      const made = oneStep({
        workers: [measured('anna'), measured('ben'), measured('carl', 1)],
        batch: { assignments },
      });
      made.begin();
      made.at(41);
      made.contribute('anna', 2);
      return made;
    };
    const asked = ({ tick }: ReturnType<typeof setUp>) => tick().filter((line) => line.startsWith('lease'));
    // Four samples take 41 ms and may take 62, eight may take 122.
    const still = setUp();
    still.at(61);
    expect(asked(still)).toEqual([]);
    still.at(63);
    expect(asked(still)).toEqual([lease('anna', 1, 6)]);
    // What it has told of is behind it.
    const told = setUp();
    told.announce('ben', 6);
    told.at(104);
    expect(asked(told)).toContain(lease('carl', 3, 7));
  });
});

describe('a lease that runs out', () => {
  it('after a minute of a newcomer costs it its place, and others get what it had', () => {
    const { begin, at, hear, contribute } = oneStep({ workers: [anna, ben] });
    begin();
    at(60_000);
    expect(hear({ type: 'sweep' })).toEqual([]);
    contribute('ben', 3);
    at(60_001);
    expect(hear({ type: 'sweep' })).toEqual([
      'refuse anna (1): leaseExpired, no contribution 60 s after its lease (allowed: 60 s)',
      lease('ben', 2, 2),
      ...reissued(2, 'anna'),
    ]);
  });

  it('has longer where its worker is known to be slow', () => {
    const { begin, at, hear } = oneStep({ workers: [measured('anna', 4)] });
    begin();
    // Twenty times the four seconds that it should take.
    at(80_000);
    expect(hear({ type: 'sweep' })).toEqual([]);
    at(80_001);
    expect(hear({ type: 'sweep' })).toEqual([expect.stringContaining('refuse anna (1): leaseExpired')]);
  });

  it('is not that of a worker whose contribution is here and waits to be judged', () => {
    const vera = { name: 'vera', role: 'volunteer' as const };
    const { begin, at, hear, contribute } = oneStep({ workers: [vera, anna], ...assigned(2, 3) });
    begin();
    contribute('vera', 2);
    at(60_001);
    expect(hear({ type: 'sweep' }).filter((line) => line.startsWith('refuse'))).toEqual([
      expect.stringContaining('refuse anna (2)'),
    ]);
  });
});

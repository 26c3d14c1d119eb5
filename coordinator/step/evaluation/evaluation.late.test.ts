/** Who is given a part that is late as well. Parts of ten records. */
import { describe, expect, it } from 'vitest';
import { evaluation, RECORDS, VERSION } from '../../../test/support/simulation/one-evaluation.js';
import type { WorkerIdentity } from '../../scheduling/worker.js';

const asked = (id: number, part: number) => `evaluate -> w${id} (${id}): part ${part}`;
const canceled = (id: number, part: number) => `cancel -> w${id} (${id}): part ${part}`;
const volunteer = { role: 'volunteer' } as const;

describe('a part that is late', () => {
  /** Three parts of 100 ms each are the history of the first worker; the second has none. */
  function setUp(more: readonly Partial<WorkerIdentity>[] = [{}], parts = 5) {
    const made = evaluation({ parts, workers: [{}] });
    const [first] = made.workers;
    made.begin();
    for (const [part, ms] of [
      [0, 100],
      [1, 200],
      [2, 300],
    ] as const) {
      made.at(ms);
      made.done(first, part, { computeMs: 90 });
    }
    const others = more.map((identity) => {
      const worker = made.join(identity);
      made.hear({ type: 'joined', worker });
      return worker;
    });
    return { ...made, first, others };
  }

  it('is given to an idle worker as well, once its worker takes half as long again as usual', () => {
    const { at, tick, first } = setUp();
    at(450);
    expect(tick()).toEqual([]);
    at(451);
    expect(tick()).toEqual([
      asked(2, 3),
      'tell speculated: evaluation: w2 is asked as well for part 3 of w1: 151 ms without a result',
    ]);
    expect(first.doubt).toBeCloseTo(1, 10);
    // Nobody is idle any more.
    at(10_000);
    expect(tick()).toEqual([]);
  });

  it('counts from whoever has it first; it is taken back from the other', () => {
    const { at, tick, first, others, done } = setUp();
    at(451);
    tick();
    expect(done(others[0]!, 3)).toEqual(['computed', canceled(1, 3)]);
    expect(first.canceledLeases).toEqual([
      { kind: 'part', step: VERSION, index: 3, samples: RECORDS, since: 200 },
    ]);
    expect(others[0]!.state).toBe('idle');
  });

  it('has three workers at most, unless the latest of them stands still for long; each is blamed once', () => {
    const { at, tick, join, hear, first, others } = setUp([{}], 4);
    const workers = [first, others[0]!];
    const asks = (ms: number) => {
      at(ms);
      return tick().filter((line) => line.startsWith('evaluate'));
    };
    const next = () => {
      const worker = join({});
      workers.push(worker);
      return hear({ type: 'joined', worker });
    };
    expect(asks(451)).toEqual([asked(2, 3)]);
    next();
    // The second one, of which nothing is known, has twice what the first one would have.
    expect(asks(751)).toEqual([]);
    expect(asks(752)).toEqual([asked(3, 3)]);
    next();
    expect(asks(5752)).toEqual([]);
    expect(asks(5753)).toEqual([asked(4, 3)]);
    expect(workers.map(({ doubt }) => doubt)).toEqual([1, 1, 1, 0]);
  });

  it('is not given again where one of its two workers is lost', () => {
    const { at, tick, lose, first, done, others } = setUp([{}], 4);
    at(451);
    tick();
    expect(lose(first)).toEqual([]);
    expect(done(others[0]!, 3)).toEqual(['computed', 'done']);
  });

  it('is told by how long a worker took, which it cannot stretch', () => {
    const { begin, done, at, tick, workers } = evaluation({ parts: 4, workers: [{}, {}] });
    begin();
    for (const [part, ms] of [
      [2, 100],
      [3, 200],
    ] as const) {
      at(ms);
      // 100 ms each, as all can see.
      done(workers[1], part, { computeMs: 1e9 });
    }
    // Less than twice as long counts as patience: a quarter of a second.
    at(450);
    expect(tick()).toEqual([]);
    at(451);
    expect(tick()[0]).toBe(asked(2, 0));
  });

  it('is one that a lane was free for, not one that waits for a lane', () => {
    const { begin, done, at, tick, join, hear, workers } = evaluation({ parts: 6, workers: [{}] });
    const [first] = workers;
    first.lanes = 3;
    begin();
    // The parts of three lanes take 100 ms each, whichever order they come in; then nothing comes.
    at(100);
    for (const part of [2, 0, 1]) done(first, part, { computeMs: 100 });
    hear({ type: 'joined', worker: join({}) });
    at(250);
    expect(tick()).toEqual([]);
    at(251);
    expect(tick()).toEqual([
      asked(2, 3),
      'tell speculated: evaluation: w2 is asked as well for part 3 of w1: 151 ms without a result',
    ]);
  });

  it('waits while nobody is idle, and while parts are left that nobody has', () => {
    const busy = setUp([]);
    busy.at(60_000);
    expect(busy.tick()).toEqual([]);
    const left = setUp([{ role: 'volunteer' }], 9);
    left.at(1_000_000);
    expect(left.tick()).toEqual([]);
  });

  it('goes to who is not doubtful first, and never to a volunteer where others are trusted', () => {
    const { at, tick } = setUp([{ doubt: 2 }, {}, volunteer]);
    at(451);
    expect(tick()[0]).toBe(asked(3, 3));
    const strangers = setUp([volunteer]);
    strangers.at(60_000);
    expect(strangers.tick()).toEqual([]);
  });

  it('does not go to a worker that has not answered what was taken back from it', () => {
    const { at, tick, others } = setUp();
    others[0]!.cancel({ kind: 'part', step: VERSION, index: 0, samples: RECORDS, since: 0 });
    at(451);
    expect(tick()).toEqual([]);
    others[0]!.acknowledge('part', VERSION, 0);
    expect(tick()[0]).toBe(asked(2, 3));
  });

  it('is given to a stranger after five seconds where there is no history', () => {
    const { begin, join, at, tick, hear } = evaluation({ parts: 2, workers: [{}] });
    begin();
    hear({ type: 'joined', worker: join({}) });
    at(5000);
    expect(tick()).toEqual([]);
    at(5001);
    expect(tick()).toEqual([
      asked(2, 0),
      'tell speculated: evaluation: w2 is asked as well for part 0 of w1: 5001 ms without a result',
    ]);
  });

  it('is given to a worker that would have done it twice over meanwhile', () => {
    const { begin, at, tick, done, workers } = evaluation({ parts: 4, workers: [{}, {}] });
    begin();
    // The second one takes 200 ms a part, 50 of them beside computing.
    at(200);
    done(workers[1], 2, { computeMs: 150 });
    at(400);
    done(workers[1], 3, { computeMs: 150 });
    expect(tick()).toEqual([]);
    at(800);
    expect(tick()).toEqual([]);
    at(801);
    expect(tick()[0]).toBe(asked(2, 0));
  });
});

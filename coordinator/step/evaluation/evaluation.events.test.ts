/** What an evaluation answers to each kind of event. Parts of ten records. */
import { describe, expect, it, vi } from 'vitest';
import { mostInHand } from '../../../shared/data/evaluation-parts.js';
import { evaluation, RECORDS, VERSION } from '../../../test/support/simulation/one-evaluation.js';

const asked = (id: number, part: number) => `evaluate -> w${id} (${id}): part ${part}`;
const canceled = (id: number, part: number) => `cancel -> w${id} (${id}): part ${part}`;
const volunteer = { role: 'volunteer' } as const;

describe('parts', () => {
  it('go to trusted workers; a volunteer, whose results are not checked, gets one only where there are none', () => {
    const both = evaluation({ workers: [volunteer, {}] });
    expect(both.begin()).toEqual([asked(2, 0), asked(2, 1)]);
    expect(both.lose(both.workers[1])).toEqual([asked(1, 2), asked(1, 3)]);
    const late = evaluation({ workers: [volunteer] });
    expect(late.begin()).toEqual([asked(1, 0), asked(1, 1)]);
    expect(late.hear({ type: 'joined', worker: late.join({}) })).toEqual([asked(2, 2), asked(2, 3)]);
    // What comes of the parts that it has counts.
    expect(late.done(late.workers[0], 0)).toEqual(['computed']);
  });

  it('do not go to a worker that others had to wait for again and again, unless there is no other', () => {
    const doubtful = evaluation({ workers: [{ doubt: 2 }, {}] });
    expect(doubtful.begin()).toEqual([asked(2, 0), asked(2, 1)]);
    expect(evaluation({ workers: [{ doubt: 2 }] }).begin()).toEqual([asked(1, 0), asked(1, 1)]);
  });

  it('go to a trusted worker, however often others had to wait for it, rather than to a volunteer', () => {
    expect(evaluation({ workers: [volunteer, { doubt: 2 }] }).begin()).toEqual([asked(2, 0), asked(2, 1)]);
  });

  it('go to each lane of a worker, and one to go on with, as evenly as may be', () => {
    const made = evaluation({ parts: 9, workers: [{}, {}, {}] });
    const [first, second] = made.workers;
    first.lanes = 3;
    second.lanes = 4;
    const given = (id: number, ...parts: number[]) => parts.map((part) => asked(id, part));
    const twoEach = [...given(1, 0, 1), ...given(2, 2, 3), ...given(3, 4, 5)];
    expect(made.begin()).toEqual([...twoEach, ...given(1, 6), ...given(2, 7), ...given(1, 8)]);
    expect(made.lose(first)).toEqual(given(2, 0, 1));
  });

  it('are never more than a worker takes of such records, whatever it claims of its lanes', () => {
    const { begin, workers } = evaluation({ parts: 9, mostInHand: 3, workers: [{}] });
    workers[0].lanes = 1024;
    expect(begin()).toEqual([0, 1, 2].map((part) => asked(1, part)));
    expect(mostInHand(28 * 28 + 1)).toBe(64);
    expect(mostInHand(2 ** 20)).toBe(4);
    expect(mostInHand(2 ** 28)).toBe(2);
  });

  it('make a worker busy until it has none', () => {
    const { begin, done, workers } = evaluation({ parts: 2, workers: [{}] });
    begin();
    expect(workers[0]).toMatchObject({ state: 'computing', parts: 2 });
    done(workers[0], 1);
    expect(workers[0]).toMatchObject({ state: 'computing', parts: 1 });
  });
});

describe('a result', () => {
  it('makes its worker less doubtful, and is told of', () => {
    const { begin, done, workers } = evaluation({ workers: [{ doubt: 1 }] });
    begin();
    expect(done(workers[0], 0)).toEqual(['computed', asked(1, 2)]);
    expect(workers[0].doubt).toBe(0.5);
  });

  it('of another version is refused, though the part is the worker’s', () => {
    const { begin, done, workers } = evaluation({ workers: [{}] });
    begin();
    expect(done(workers[0], 0, { version: VERSION - 1 })).toEqual([
      'refuse w1 (1): unexpected, part 0 of the evaluation of version 6, which it does not hold',
    ]);
  });

  it('may be of a model without classes', () => {
    const { begin, done, workers, outcome } = evaluation({ parts: 1, classes: 0, workers: [{}] });
    begin();
    expect(done(workers[0], 0, { confusion: [], mistakes: [] })).toEqual(['computed', 'done']);
    expect(outcome()).toMatchObject([{ samples: RECORDS, loss: 1 }]);
  });

  it('may have a mistake of the last record and class, and none beyond them', () => {
    const mistake = (record: number, predicted: number) => ({
      mistakes: [
        { record: 0, predicted: 0, confidence: 1 },
        { record, predicted, confidence: 1 },
      ],
    });
    const lines = (record: number, predicted: number) => {
      const { begin, done, workers } = evaluation({ workers: [{}] });
      begin();
      return done(workers[0], 1, mistake(record, predicted));
    };
    expect(lines(RECORDS - 1, 2)[0]).toBe('computed');
    const refused = (record: number, predicted: number) =>
      `refuse w1 (1): wrongShape, evaluation part 1: a mistake of record ${record}, class ${predicted}, which there is not`;
    expect(lines(RECORDS, 2)).toEqual([refused(RECORDS, 2)]);
    expect(lines(RECORDS - 1, 3)).toEqual([refused(RECORDS - 1, 3)]);
  });

  it('keeps the 24 wrong predictions that the model was surest of, by their records in the whole set', () => {
    const { begin, done, workers, outcome } = evaluation({ parts: 3, workers: [{}] });
    begin();
    // Ten in each part: confidence falls with the record, and is the same in all parts.
    const mistakes = Array.from({ length: RECORDS }, (_, record) => ({
      ...{ record, predicted: 1, confidence: 1 - record / 20 },
    }));
    for (const part of [0, 1, 2]) done(workers[0], part, { mistakes: mistakes.toReversed() });
    const [totals] = outcome() as [{ mistakes: { record: number }[] }];
    const expected = Array.from({ length: 8 }, (_, record) =>
      [0, 10, 20].map((from) => from + record),
    ).flat();
    expect(totals.mistakes.map(({ record }) => record)).toEqual(expected);
  });
});

describe('what a worker lets go of', () => {
  const dropped = (step: number, part?: number) => {
    const { begin, hear, workers } = evaluation({ workers: [{}] });
    begin();
    const place = part === undefined ? { node: 1 } : { part };
    return hear({ type: 'dropped', worker: workers[0], message: { type: 'dropped', step, ...place } });
  };
  const refusal = (part: number) =>
    `refuse w1 (1): unexpected, the end of evaluation part ${part}, which it was not asked for`;

  it('was taken back from it, or is of something that is over', () => {
    expect(dropped(VERSION, 3)).toEqual([]);
    expect(dropped(VERSION)).toEqual([]);
    expect(dropped(VERSION - 1, 0)).toEqual([]);
  });

  it('may not be what it holds, or of something to come', () => {
    expect(dropped(VERSION, 0)).toEqual([refusal(0)]);
    expect(dropped(VERSION + 1, 3)).toEqual([refusal(3)]);
    expect(dropped(VERSION + 1)).toEqual([refusal(-1)]);
  });
});

describe('an evaluation', () => {
  it('refuses whoever it sent away once, and gives its parts to others', () => {
    const { begin, done, workers } = evaluation({ workers: [{}, {}] });
    begin();
    expect(done(workers[0], 0, { samples: 1 })).toEqual([
      'refuse w1 (1): wrongShape, evaluation part 0: 1 samples told, the part has 10',
    ]);
    expect(done(workers[0], 1)).toEqual([]);
    expect(done(workers[1], 2)).toEqual(['computed', asked(2, 0)]);
    expect(done(workers[1], 3)).toEqual(['computed', asked(2, 1)]);
  });

  it('takes back what is held at its end', () => {
    const { begin, hear, workers } = evaluation({ workers: [{}] });
    begin();
    expect(hear({ type: 'ended' })).toEqual([canceled(1, 0), canceled(1, 1)]);
    expect(workers[0].parts).toBe(0);
  });

  it('has one outcome: none where it is broken off', () => {
    const { begin, hear, outcome } = evaluation({ workers: [{}] });
    begin();
    for (let i = 0; i < 2; i++) hear({ type: 'aborted', reason: 'Ctrl-C' });
    expect(outcome()).toEqual([undefined]);
  });

  it('hands out what a defect of ours has lost, once', () => {
    const { begin, done, hear, workers } = evaluation({ parts: 4, workers: [{}, {}] });
    expect(begin()).toEqual([asked(1, 0), asked(1, 1), asked(2, 2), asked(2, 3)]);
    expect(done(workers[1], 2)).toEqual(['computed']);
    expect(hear({ type: 'recover' })).toEqual([]);
    // The part leaves its worker, and then something of ours throws.
    vi.spyOn(workers[1], 'holdsParts').mockImplementationOnce(() => {
      throw new TypeError('a defect');
    });
    expect(() => done(workers[1], 3)).toThrow('a defect');
    expect(hear({ type: 'recover' })).toEqual([asked(2, 3)]);
    expect(hear({ type: 'recover' })).toEqual([]);
  });

  it('takes nothing of a step for its own, and no answer that it has not asked for', () => {
    const { begin, hear, workers } = evaluation({ workers: [{}] });
    begin();
    const sums = { samples: 1, loss: 1, metric: 1, computeMs: 1, waitMs: 1 };
    const message = { type: 'contribution', step: 6, node: 1, ...sums } as const;
    expect(hear({ type: 'contribution', worker: workers[0], message })).toEqual([]);
    expect(() => hear({ type: 'audited', audit: 0, recomputed: undefined })).toThrow(
      'an evaluation asks for nothing that is answered by: audited',
    );
    expect(() => hear({ type: 'added', isFinite: true, front: 0, window: 0 })).toThrow('by: added');
  });

  it('does not go over all workers for the answer of one', () => {
    const workers = Array.from({ length: 20 }, () => ({}));
    const { begin, done, roster, workers: joined } = evaluation({ parts: 60, workers });
    begin();
    const [active, reliable] = [vi.spyOn(roster, 'active'), vi.spyOn(roster, 'reliable')];
    for (const [at, worker] of [...joined].entries())
      expect(done(worker, 2 * at)).toEqual([asked(at + 1, 40 + at), 'computed'].toReversed());
    expect([active.mock.calls.length, reliable.mock.calls.length]).toEqual([0, 0]);
  });
});

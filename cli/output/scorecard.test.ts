import { describe, expect, it } from 'vitest';
import { scorecard, scorecardText } from './scorecard.js';

const label = { kind: 'class', classes: 3, names: ['cat', 'dog', 'owl'] } as const;

describe('the scores of a classifier', () => {
  // Rows: 8 cats (6 found, 2 taken for dogs), 2 dogs (both taken for cats), no owls.
  const totals = { samples: 10, loss: 4, metric: 6, confusion: Int32Array.of(6, 2, 0, 2, 0, 0, 0, 0, 0) };
  const card = scorecard(totals, 'accuracy', { ...label, names: [...label.names] });

  it('are means, counts, precision and recall', () => {
    expect(card).toEqual({
      samples: 10,
      loss: 0.4,
      accuracy: 0.6,
      confusion: [
        [6, 2, 0],
        [2, 0, 0],
        [0, 0, 0],
      ],
      classes: [
        { name: 'cat', samples: 8, precision: 6 / 8, recall: 6 / 8 },
        { name: 'dog', samples: 2, precision: 0, recall: 0 },
        { name: 'owl', samples: 0, precision: null, recall: null },
      ],
    });
  });

  it('are shown as tables', () => {
    expect(scorecardText(card).split('\n')).toEqual([
      'accuracy             60.00 %',
      'loss                 0.4000',
      'samples              10',
      '',
      'class  samples  precision  recall',
      'cat          8  75.00 %    75.00 %',
      'dog          2  0.00 %     0.00 %',
      'owl          0  –          –',
      '',
      'actual \\ predicted  cat  dog  owl',
      'cat                   6    2    0',
      'dog                   2    0    0',
      'owl                   0    0    0',
    ]);
  });
});

it('several classes at once have precision and recall each, and no matrix', () => {
  const label = { kind: 'multilabel' as const, classes: 2, names: ['a', 'b'] };
  const totals = { samples: 10, loss: 5, metric: 9, confusion: [6, 1, 1, 2, 9, 0, 1, 0] };
  const card = scorecard(totals, 'accuracy', label);
  expect(card.confusion).toBeUndefined();
  expect(card.classes).toEqual([
    { name: 'a', samples: 3, precision: 2 / 3, recall: 2 / 3 },
    { name: 'b', samples: 1, precision: null, recall: 0 },
  ]);
  expect(scorecardText(card)).toMatch(/a +3 +66.67 %/);
  expect(scorecardText(card)).not.toContain('actual');
});

it('a regression has neither classes nor a confusion matrix', () => {
  const card = scorecard({ samples: 4, loss: 2, metric: 6 }, 'meanAbsoluteError', { kind: 'value' });
  expect(card).toEqual({ samples: 4, loss: 0.5, meanAbsoluteError: 1.5 });
  expect(scorecardText(card)).toContain('mean absolute error  1.500');
});

it("the mean absolute error of standardized targets is told in the target's unit", () => {
  const label = { kind: 'value', scaling: { mean: 180_000, std: 80_000 } } as const;
  const card = scorecard({ samples: 4, loss: 2, metric: 1 }, 'meanAbsoluteError', label);
  expect(card).toEqual({ samples: 4, loss: 0.5, meanAbsoluteError: 20_000 });
  expect(scorecardText(card)).toContain('mean absolute error  20,000');
});

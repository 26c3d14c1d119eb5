import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluationParts, sumParts } from './evaluation-parts.js';

describe('the parts of an evaluation', () => {
  it('cover the test set once, in order', () => {
    fc.assert(
      fc.property(fc.nat(5000), (records) => {
        const parts = evaluationParts(records);
        let at = 0;
        for (const { from, to } of parts) {
          expect(from).toBe(at);
          expect(to).toBeGreaterThan(from);
          at = to;
        }
        expect(at).toBe(records);
      }),
    );
  });

  it('are added in their order: samples, loss, metric and the counts of each cell', () => {
    const parts = [
      { samples: 2, loss: 0.1, metric: 1, confusion: Int32Array.of(1, 1, 0, 0) },
      { samples: 1, loss: 0.2, metric: 1, confusion: [0, 0, 0, 1] },
      { samples: 1, loss: 0.3, metric: 0, confusion: [0, 0, 1, 0] },
    ];
    expect(sumParts(parts)).toEqual({
      samples: 4,
      loss: 0.1 + 0.2 + 0.3,
      metric: 2,
      confusion: [1, 1, 1, 1],
    });
    expect(parts[0]!.confusion[3]).toBe(0);
  });

  it('of a regression have no confusion matrix', () => {
    expect(sumParts([{ samples: 1, loss: 1, metric: 2 }])).toEqual({ samples: 1, loss: 1, metric: 2 });
    expect(sumParts([])).toEqual({ samples: 0, loss: 0, metric: 0 });
  });
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { tiesByKey } from './ties-by-key.js';

it('sorts like a comparison of key and tie', () => {
  const item = fc.record({ key: fc.nat({ max: 2 ** 36 - 1 }), tie: fc.nat({ max: 2 ** 17 - 1 }) });
  const some = fc.array(fc.oneof(item, fc.record({ key: fc.nat({ max: 3 }), tie: fc.nat({ max: 3 }) })));
  fc.assert(
    fc.property(some, (items) => {
      const ties = tiesByKey(
        items,
        ({ key }) => key,
        ({ tie }) => tie,
      );
      const compared = items.toSorted((a, b) => a.key - b.key || a.tie - b.tie);
      expect([...ties]).toEqual(compared.map(({ tie }) => tie));
    }),
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SetsByKey } from './sets-by-key.js';

describe('sets by a key', () => {
  it('hold what a map of sets holds, in its order', () => {
    const items = Array.from({ length: 4 }, (_, at) => ({ at }));
    const change = fc.record({ key: fc.nat(2), at: fc.nat(3), isAdded: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const own = new SetsByKey<number, { at: number }>();
        const plain = [0, 1, 2].map(() => new Set<{ at: number }>());
        for (const { key, at, isAdded } of changes) {
          if (isAdded) own.add(key, items[at]!);
          else own.remove(key, items[at]!);
          if (isAdded) plain[key]!.add(items[at]!);
          else plain[key]!.delete(items[at]!);
        }
        for (const [key, set] of plain.entries()) {
          const each: { at: number }[] = [];
          own.each(key, (item) => void each.push(item));
          expect([...own.of(key)]).toEqual([...set]);
          expect(each).toEqual([...set]);
        }
      }),
    );
  });
});

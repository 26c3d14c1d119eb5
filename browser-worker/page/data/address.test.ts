import { expect, it } from 'vitest';
import { type Shown, searchOf, shownBy, USUAL } from './address.js';

it('an address without a query shows what is usual, and needs none for it', () => {
  expect(shownBy('')).toEqual(USUAL);
  expect(searchOf('', USUAL)).toBe('');
});

it('what is shown comes back from the address, and what else stands there stays', () => {
  const shown: Shown = {
    ...{ run: '2', smoothing: 0.9, isLog: false, range: { from: 300, to: 512 } },
    ...{ x: 'time', step: 400, isWhole: true },
  };
  const search = searchOf('?lang=en', shown);
  expect(search).toBe('?lang=en&run=2&smooth=0.9&y=linear&from=300&to=512&x=time&step=400&outliers=shown');
  expect(shownBy(search)).toEqual(shown);
  expect(searchOf(search, USUAL)).toBe('?lang=en');
});

it.each([
  '?smooth=7',
  '?smooth=x',
  '?smooth=',
  '?from=9&to=3',
  '?from=-1&to=3',
  '?from=1.5&to=9',
  '?to=9',
  '?x=y&step=0',
])('%s counts as nothing', (search) => {
  const { range, smoothing, x, step } = shownBy(search);
  expect([x, step]).toEqual(['step', undefined]);
  expect(range).toBeUndefined();
  expect([0, USUAL.smoothing]).toContain(smoothing);
});

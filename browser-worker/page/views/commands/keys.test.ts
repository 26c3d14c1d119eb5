import { expect, it } from 'vitest';
import { actionOf, type Pressed } from './keys.js';

const press = (key: string, more: Partial<Pressed> = {}): Pressed => ({
  ...{ key, ctrlKey: false, metaKey: false, altKey: false, isTyped: false },
  ...more,
});

it('numbers lead to views, and other single keys to what is done often', () => {
  expect(actionOf(press('2'), true)).toEqual({ do: 'view', view: 'charts' });
  expect(actionOf(press('6'), true)).toEqual({ do: 'view', view: 'log' });
  expect(['7', '0', 'a', 'Enter', 'toString'].map((key) => actionOf(press(key), true))).toEqual(
    new Array(5).fill(undefined),
  );
  expect(actionOf(press('?'), true)).toEqual({ do: 'palette' });
});

it('single keys do nothing in a field, with others held, or where they are switched off', () => {
  expect(actionOf(press('2', { isTyped: true }), true)).toBeUndefined();
  expect(actionOf(press('2', { altKey: true }), true)).toBeUndefined();
  expect(actionOf(press('2'), false)).toBeUndefined();
});

it('the palette opens from anywhere', () => {
  const held = [{ ctrlKey: true }, { metaKey: true, isTyped: true }];
  for (const more of held) expect(actionOf(press('K', more), false)).toEqual({ do: 'palette' });
});

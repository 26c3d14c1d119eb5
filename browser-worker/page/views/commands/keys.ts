/** Keys of the dashboard. Single ones can be switched off: who speaks to a browser types by accident. */
import { VIEWS, type ViewName } from '../../data/route.js';

export type KeyAction =
  | { do: 'view'; view: ViewName }
  | { do: 'palette' | 'search' | 'unpin' | 'earlier' | 'later' };

export interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  /** Whether the key goes into a field, a list or a slider. */
  isTyped: boolean;
}

/** @param areOn whether single keys do anything */
export function actionOf(
  { key, ctrlKey, metaKey, altKey, isTyped }: Pressed,
  areOn: boolean,
): KeyAction | undefined {
  if ((ctrlKey || metaKey) && !altKey && key.toLowerCase() === 'k') return { do: 'palette' };
  if (ctrlKey || metaKey || altKey || isTyped || !areOn) return undefined;
  const view = VIEWS[Number(key) - 1];
  if (view) return { do: 'view', view: view[0] };
  return Object.hasOwn(SINGLE, key) ? SINGLE[key] : undefined;
}

const SINGLE: Record<string, KeyAction> = {
  '?': { do: 'palette' },
  '/': { do: 'search' },
  Escape: { do: 'unpin' },
  ',': { do: 'earlier' },
  '.': { do: 'later' },
};

const STORED = 'swarmgrad.keys';

export const areKeysOn = (): boolean => localStorage.getItem(STORED) !== 'off';
export const setKeysOn = (areOn: boolean): void => localStorage.setItem(STORED, areOn ? 'on' : 'off');

/** Whether a key belongs to the element that has the focus. */
export const isTypedInto = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('input, textarea, select, dialog') !== null;

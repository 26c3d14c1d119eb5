/** Decides when a tab must not compute, out of kindness to its host. Pure; device-conditions.ts observes the device. */
import type { Conditions, Settings } from '../../contribution-state.js';

const LOW_BATTERY = 0.2;

/** @returns the reason in one sentence, or undefined where nothing speaks against computing */
export function reasonToPause(conditions: Conditions, settings: Settings): string | undefined {
  const { battery, saveData, hidden } = conditions;
  if (battery && !battery.charging && battery.level < LOW_BATTERY) {
    return `Paused: the battery is at ${Math.round(100 * battery.level)} %. It goes on above ${100 * LOW_BATTERY} %, or when charging.`;
  }
  if (saveData) return 'Paused: this device saves data. It goes on when that is switched off.';
  if (hidden && settings.pauseWhenHidden) {
    return 'Paused while this tab is hidden, as you asked. It goes on when you come back.';
  }
  return undefined;
}

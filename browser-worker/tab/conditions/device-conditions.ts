/** Observes what only the page can see of its device, and workers cannot: battery, data saver, visibility, network, wake lock, pointer. */
import type { Conditions } from '../../contribution-state.js';
import type { Device } from './cores.js';

/** Known to few browsers, and not to TypeScript. */
interface Battery extends EventTarget {
  level: number;
  charging: boolean;
}
interface Connection extends EventTarget {
  saveData?: boolean;
}
type DeviceNavigator = Navigator & {
  getBattery?(): Promise<Battery>;
  connection?: Connection;
  deviceMemory?: number;
  userAgentData?: { mobile: boolean };
};

export function thisDevice(): Device {
  const { hardwareConcurrency, deviceMemory, userAgentData } = navigator as DeviceNavigator;
  return {
    processors: hardwareConcurrency,
    memoryGiB: deviceMemory,
    isMobile: userAgentData?.mobile,
    hasCoarsePointer: matchMedia('(pointer: coarse)').matches,
  };
}

/** Calls `changed` at once and whenever something changes. @returns what ends it */
export function watchConditions(changed: (conditions: Conditions) => void): () => void {
  const device = navigator as DeviceNavigator;
  const watching = new AbortController();
  const { signal } = watching;
  let battery: Battery | undefined;
  const tell = () =>
    changed({
      online: navigator.onLine,
      hidden: document.visibilityState === 'hidden',
      saveData: device.connection?.saveData === true,
      battery: battery ? { level: battery.level, charging: battery.charging } : null,
    });
  document.addEventListener('visibilitychange', tell, { signal });
  window.addEventListener('online', tell, { signal });
  window.addEventListener('offline', tell, { signal });
  device.connection?.addEventListener('change', tell, { signal });
  device
    .getBattery?.()
    .then((found) => {
      if (signal.aborted) return;
      battery = found;
      battery.addEventListener('levelchange', tell, { signal });
      battery.addEventListener('chargingchange', tell, { signal });
      tell();
    })
    .catch(() => undefined);
  tell();
  return () => watching.abort();
}

/** Keeps the screen on while wanted and visible: browsers let go of it whenever the tab is hidden. */
export class WakeLock {
  private wanted = false;
  private held: WakeLockSentinel | undefined;

  constructor() {
    document.addEventListener('visibilitychange', () => void this.update());
  }

  want(wanted: boolean): void {
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    void this.update();
  }

  private async update(): Promise<void> {
    try {
      if (!this.wanted) {
        await this.held?.release();
        this.held = undefined;
      } else if (document.visibilityState === 'visible' && (this.held?.released ?? true)) {
        this.held = await navigator.wakeLock?.request('screen');
      }
    } catch {
      // Refused, for example at low battery: a wish, not a need.
    }
  }
}

import { vi } from 'vitest';

/** Plays what makes its own time: heartbeats and time limits come from the simulation alone. */
export const withoutTimers = async <T>(play: () => Promise<T>): Promise<T> => {
  vi.useFakeTimers({ toFake: ['setInterval', 'setTimeout', 'clearInterval', 'clearTimeout'] });
  try {
    return await play();
  } finally {
    vi.useRealTimers();
  }
};

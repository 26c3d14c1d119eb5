/** One contributing tab in a browser: a second one would only take the first one's processor and cache. */
const LOCK = 'swarmgrad-contributes';

/**
 * Resolves once this tab is the one that contributes, with what gives that up again.
 * @param taken called if another tab contributes; this one then waits for its turn
 * @param signal ends the waiting
 */
export async function beTheOnlyTab(taken: () => void, signal: AbortSignal): Promise<() => void> {
  // Absent on plain http.
  if (!navigator.locks) return () => undefined;
  const request = (options: LockOptions) =>
    new Promise<(() => void) | undefined>((resolve, reject) => {
      navigator.locks
        .request(LOCK, options, (lock) => {
          if (!lock) return resolve(undefined);
          return new Promise<void>((release) => resolve(release));
        })
        .catch(reject);
    });
  const free = await request({ ifAvailable: true });
  if (free) return free;
  taken();
  return (await request({ signal }))!;
}

/** Where each system keeps what programs can fetch again. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** @param what of it; undefined: what workers fetch of a run */
export function systemCacheFolder(what?: 'data'): string {
  const { env, platform } = process;
  if (platform === 'win32')
    return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'swarmgrad', what ?? 'cache');
  const name = what ? `swarmgrad-${what}` : 'swarmgrad';
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', name);
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), name);
}

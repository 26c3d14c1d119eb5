/**
 * How many processors this process may use. Node counts those that the process is bound to (affinity); what a control
 * group allows beside that, as a container's does, some versions of it do not know.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path/posix';

/** The content of a file; undefined if there is none. */
type Read = (path: string) => string | undefined;

export function processors(parallelism = availableParallelism(), read: Read = readOrNone): number {
  return Math.max(1, Math.min(parallelism, Math.floor(quota(read))));
}

const ROOT = '/sys/fs/cgroup';

/** Processors' time that the control groups of this process allow, in processors; infinite without a limit. */
export function quota(read: Read): number {
  const lines = (read('/proc/self/cgroup') ?? '').trim().split('\n');
  const limits = lines.flatMap((line) => {
    const [id, controllers, path] = line.split(/:(.*?):/) as [string, string?, string?];
    if (path === undefined) return [];
    if (id === '0') return upwards(path).map((folder) => unified(read, `${ROOT}${folder}`));
    if (!controllers?.split(',').includes('cpu')) return [];
    return upwards(path).map((folder) => legacy(read, `${ROOT}/${controllers}${folder}`));
  });
  return Math.min(Number.POSITIVE_INFINITY, ...limits);
}

/** A group is bound by the limits of those above it; in a container the path may not exist, and its root counts. */
function upwards(path: string): string[] {
  const folders: string[] = [];
  for (let at = path; at !== '/' && at !== '.'; at = dirname(at)) folders.push(at);
  return [...folders, ''];
}

/** Version 2: `max 100000` or `150000 100000`, microseconds in a period. */
function unified(read: Read, folder: string): number {
  const [most, period] = (read(`${folder}/cpu.max`) ?? '').trim().split(' ');
  return ratio(most, period);
}

/** Version 1: -1 is no limit. */
function legacy(read: Read, folder: string): number {
  return ratio(read(`${folder}/cpu.cfs_quota_us`), read(`${folder}/cpu.cfs_period_us`));
}

function ratio(most: string | undefined, period: string | undefined): number {
  const value = Number(most) / Number(period);
  return value > 0 ? value : Number.POSITIVE_INFINITY;
}

function readOrNone(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

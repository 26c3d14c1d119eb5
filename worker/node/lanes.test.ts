import { describe, expect, it } from 'vitest';
import { UserError } from '../../shared/user-error.js';
import { dividedLanes, isOwnMachine, type LaneWish, wantedLanes } from './lanes.js';
import { processors, quota } from './processors.js';

const wish = (options: Partial<LaneWish>) =>
  wantedLanes({ lanes: 'auto', threads: 1, processors: 8, isCoordinators: false, ...options });

describe('the lanes of a worker', () => {
  it('are as many as it has processors, less one beside the coordinator, and at least one', () => {
    expect(wish({})).toEqual({ lanes: 8 });
    expect(wish({ isCoordinators: true })).toEqual({ lanes: 7 });
    expect(wish({ isCoordinators: true, processors: 1 })).toEqual({ lanes: 1 });
    expect(wish({ threads: 3 })).toEqual({ lanes: 2 });
    expect(wish({ threads: 16 })).toEqual({ lanes: 1 });
  });

  it('are what was asked for, with a warning of both numbers where the machine has fewer processors', () => {
    expect(wish({ lanes: 8, isCoordinators: true })).toEqual({ lanes: 8 });
    expect(wish({ lanes: 9 })).toEqual({
      lanes: 9,
      warning: '9 lanes share the 8 processors that this process may use: fewer may be as fast',
    });
    expect(wish({ lanes: 5, threads: 2 }).warning).toContain('5 lanes of 2 threads share the 8 processors');
    expect(wish({ lanes: 2, processors: 1 }).warning).toContain('2 lanes share the 1 processor that');
  });

  it.each([0, -1, 1.5, 1025, Number.NaN, 'many'])('are never %s', (lanes) => {
    expect(() => wish({ lanes: lanes as number })).toThrow(UserError);
    expect(() => wish({ lanes: lanes as number })).toThrow(`not ${lanes}`);
  });

  it('of the local workers are an equal share of the machine, less one processor', () => {
    expect(dividedLanes(2, 2)).toEqual([1, 1]);
    expect(dividedLanes(2, 8)).toEqual([4, 3]);
    expect(dividedLanes(3, 17)).toEqual([6, 5, 5]);
    expect(dividedLanes(5, 4)).toEqual([1, 1, 1, 1, 1]);
    expect(dividedLanes(0, 4)).toEqual([]);
    expect(dividedLanes(1, 1)).toEqual([1]);
  });
});

describe('the machine of the coordinator', () => {
  const own = { eth0: [{ address: '192.168.1.4' }, { address: 'fe80::1' }], none: undefined };

  it.each([
    ['localhost', true],
    ['127.0.0.3', true],
    ['192.168.1.4', true],
    ['[fe80::1]', true],
    ['192.168.1.5', false],
    ['127.example.org', false],
    ['example.org', false],
  ])('at %s is this one: %s', (hostname, isOwn) => {
    expect(isOwnMachine(hostname, own as never)).toBe(isOwn);
  });
});

const files = (all: Record<string, string>) => (path: string) => all[path];

describe('the processors that a process may use', () => {
  it('are those of the machine where no control group limits them', () => {
    expect(processors(6, files({}))).toBe(6);
    expect(quota(files({ '/proc/self/cgroup': '0::/a\n', '/sys/fs/cgroup/a/cpu.max': 'max 100000\n' }))).toBe(
      Number.POSITIVE_INFINITY,
    );
    const free = {
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    };
    expect(processors(6, files({ '/proc/self/cgroup': '1:cpu:/\n', ...free }))).toBe(6);
  });

  it('are as many as its control group has time for, or one above it, and at least one', () => {
    const nested = { '/proc/self/cgroup': '0::/a/b\n', '/sys/fs/cgroup/a/b/cpu.max': '900000 100000\n' };
    expect(processors(16, files(nested))).toBe(9);
    expect(processors(16, files({ ...nested, '/sys/fs/cgroup/a/cpu.max': '350000 100000\n' }))).toBe(3);
    expect(processors(16, files({ ...nested, '/sys/fs/cgroup/a/cpu.max': '50000 100000\n' }))).toBe(1);
  });

  it('are those of a container, whose own path its file system does not show', () => {
    const inside = { '/proc/self/cgroup': '0::/../docker-1\n', '/sys/fs/cgroup/cpu.max': '200000 100000\n' };
    expect(processors(16, files(inside))).toBe(2);
  });

  it('follow the older kind of control groups too', () => {
    const folder = '/sys/fs/cgroup/cpu,cpuacct/docker/1';
    const old = {
      '/proc/self/cgroup': '12:memory:/docker/1\n4:cpu,cpuacct:/docker/1\n1:name=systemd:/docker/1\n',
      [`${folder}/cpu.cfs_quota_us`]: '400000\n',
      [`${folder}/cpu.cfs_period_us`]: '100000\n',
    };
    expect(processors(16, files(old))).toBe(4);
  });

  it('are at least one of this machine', () => {
    expect(processors()).toBeGreaterThanOrEqual(1);
  });
});

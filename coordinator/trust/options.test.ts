import { describe, expect, it } from 'vitest';
import type { GivenCoordinatorOptions } from '../options/options.js';
import { configure } from '../setup/configure.js';
import { Trust } from './trust.js';

describe('options of trust', () => {
  it('audit volunteers at 5 % by default, and trust everybody', () => {
    expect(configure({})).toMatchObject({
      volunteers: 'none',
      auditRate: 0.05,
      robust: 'none',
      minWorkers: 1,
    });
  });

  it('decide with a robust rule what goes with it', () => {
    const given = { robust: 'clip', optimizer: 'sgd' } as const;
    expect(configure(given)).toMatchObject({ shards: 'auto', auditRate: 0, minWorkers: 3, momentum: 0 });
    expect(configure({ ...given, robust: 'median' }).momentum).toBe(0.9);
    expect(configure({ ...given, minWorkers: 7, momentum: 0.5 })).toMatchObject({
      minWorkers: 7,
      momentum: 0.5,
    });
  });

  const impossible: [GivenCoordinatorOptions, RegExp][] = [
    [{ robust: 'clip', shards: 8 }, /--robust clip compares workers.*leave --shards out/],
    [{ robust: 'median', auditRate: 0.5 }, /without a trusted worker to audit: leave --audit-rate out/],
    [{ robust: 'trimmed', minWorkers: 2 }, /--robust trimmed needs --min-workers 3 or more/],
  ];
  it.each(impossible)('that cannot go together are refused: %o', (options, text) => {
    expect(() => configure(options)).toThrow(text);
  });

  it.each([
    ['none', 'worker', 'worker'],
    ['tabs', 'worker', 'volunteer'],
    ['all', 'volunteer', 'volunteer'],
  ] as const)('--volunteers %s: a Node worker is a %s, a tab a %s', (volunteers, node, tab) => {
    const trust = new Trust({ volunteers, auditRate: 0, tell: () => undefined });
    expect(trust.roleOf(undefined, 'node')).toBe(node);
    expect(trust.roleOf(undefined, 'browser')).toBe(tab);
    // Where there are tokens, they decide.
    expect(trust.roleOf('volunteer', 'node')).toBe('volunteer');
    expect(trust.roleOf('worker', 'browser')).toBe('worker');
  });
});

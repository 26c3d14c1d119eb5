import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../../test/support/refusal.js';
import { type AccessOptions, authOf } from './mode.js';

const by = (host: string, more: Partial<AccessOptions> = {}) =>
  authOf({ host, auth: undefined, anyoneMayJoin: false, ...more });

describe('a server asks for tokens', () => {
  it.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])('not by itself on %s', (host) => {
    expect(by(host)).toBe('none');
    expect(by(host, { auth: 'tokens' })).toBe('tokens');
  });

  it.each(['0.0.0.0', '::', '192.168.1.7', 'train.example.org', '127.evil.example'])(
    'on %s',
    async (host) => {
      expect(by(host)).toBe('tokens');
      expect(await refusalOf(() => by(host, { auth: 'none' }))).toMatch(/anyone .* --anyone-may-join/);
      expect(by(host, { anyoneMayJoin: true })).toBe('none');
      expect(by(host, { anyoneMayJoin: true, auth: 'none' })).toBe('none');
    },
  );

  it('behind a proxy, since all who come by it come from its address', async () => {
    expect(by('127.0.0.1', { trustedProxy: '127.0.0.1' })).toBe('tokens');
    expect(await refusalOf(() => by('::1', { trustedProxy: '::1', auth: 'none' }))).toContain(
      'behind a proxy',
    );
  });

  it('or lets anyone join, not both', async () => {
    expect(await refusalOf(() => by('::1', { auth: 'tokens', anyoneMayJoin: true }))).toContain('contradict');
  });

  it('and does not take visitors of other sites for trusted workers', async () => {
    const allowOrigin = 'https://a.example';
    const refused = await refusalOf(() => by('::1', { allowOrigin, volunteers: 'none', robust: 'none' }));
    expect(refused).toMatch(/--volunteers tabs, or --auth tokens/);
    for (const more of [{ volunteers: 'tabs' }, { robust: 'median' }, { auth: 'tokens' as const }])
      expect(by('::1', { allowOrigin, ...more })).toBe(more.auth ?? 'none');
  });
});

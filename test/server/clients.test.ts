import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { clientsBehind } from '../../coordinator/server/clients.js';
import { refusalOf } from '../support/refusal.js';

const from = (remoteAddress: string, headers: Record<string, string> = {}, encrypted = false) =>
  ({
    socket: { remoteAddress, encrypted },
    headers,
    connection: { remoteAddress },
  }) as unknown as IncomingMessage;

describe('who is at the far end', () => {
  it('is whoever connects, whatever the headers say, where no proxy is trusted', () => {
    const { addressOf, isSecure, originOf } = clientsBehind(undefined);
    const liar = from('203.0.113.9', {
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'https',
      host: 'a.example',
    });
    expect([addressOf(liar), isSecure(liar), originOf(liar)]).toEqual(['203.0.113.9', false, undefined]);
    expect(isSecure(from('203.0.113.9', {}, true))).toBe(true);
  });

  it('is whom a trusted proxy names, and nobody that the visitor made up before it', () => {
    const { addressOf, isSecure, originOf, isProxy } = clientsBehind('127.0.0.1, 10.0.0.0/8');
    const told = (forwarded: string, by = '127.0.0.1') =>
      addressOf(from(by, { 'x-forwarded-for': forwarded }));
    expect(told('198.51.100.7')).toBe('198.51.100.7');
    // Each proxy adds at the end whom it heard: what stands before an untrusted address is that one's tale.
    expect(told('127.0.0.1, 198.51.100.7')).toBe('198.51.100.7');
    expect(told('198.51.100.7, 10.1.2.3')).toBe('198.51.100.7');
    expect(told('1.1.1.1', '203.0.113.9')).toBe('203.0.113.9');
    expect(told(`${'x'.repeat(10_000)}`).length).toBeLessThanOrEqual(64);
    const secure = { 'x-forwarded-proto': 'https', host: 'train.example.org' };
    expect([isSecure(from('10.9.9.9', secure)), isSecure(from('203.0.113.9', secure))]).toEqual([
      true,
      false,
    ]);
    expect(originOf(from('10.9.9.9', secure))).toBe('https://train.example.org');
    expect(originOf(from('10.9.9.9', { host: 'a"><script>' }))).toBeUndefined();
    expect([isProxy('10.255.0.1'), isProxy('11.0.0.1')]).toEqual([true, false]);
  });

  it('is refused to be read from what is no address', async () => {
    expect(await refusalOf(() => clientsBehind('my-proxy'))).toMatch(
      /--trusted-proxy my-proxy: .*10\.0\.0\.0\/8/,
    );
  });
});

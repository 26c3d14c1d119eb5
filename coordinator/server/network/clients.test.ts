import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../../test/support/refusal.js';
import { clientsBehind } from './clients.js';

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
    // What is no address is nobody: the proxy that told it stands for whoever it was.
    for (const nobody of ['x'.repeat(10_000), 'unknown', '', '_hidden'])
      expect(told(nobody)).toBe('127.0.0.1');
    // Some proxies tell ports too, of which each connection has its own.
    expect([told('198.51.100.7:50412'), told('[2001:db8::7]:50412')]).toEqual([
      '198.51.100.7',
      '2001:db8::7',
    ]);
    expect(told('::ffff:198.51.100.7')).toBe('198.51.100.7');
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

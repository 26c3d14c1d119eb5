import { describe, expect, it } from 'vitest';
import { AttemptLimiter } from './attempt-limiter.js';

function guesses() {
  const clock = { time: 0 };
  const subject = new AttemptLimiter(() => clock.time);
  /** How many of `count` different wrong tokens are tried. */
  const tried = (address: string, count: number, prefix = 'wrong') => {
    let tries = 0;
    for (let at = 0; at < count; at++) {
      const digest = `${prefix}-${at}`;
      if (!subject.mayTry(address, digest)) continue;
      subject.wrong(address, digest);
      tries++;
    }
    return tries;
  };
  return { clock, subject, tried };
}

describe('wrong tokens', () => {
  it('are tried ten times from one address, and then one every ten seconds', () => {
    const { clock, tried } = guesses();
    expect(tried('10.0.0.1', 1000)).toBe(10);
    expect(tried('10.0.0.2', 1000)).toBe(10);
    clock.time = 10_000;
    expect(tried('10.0.0.1', 1000, 'more')).toBe(1);
    clock.time = 10_000_000;
    expect(tried('10.0.0.1', 1000, 'later')).toBe(10);
  });

  it('are one guess as long as it is the same token', () => {
    const { subject, tried } = guesses();
    for (let again = 0; again < 100; again++) subject.wrong('10.0.0.1', 'stale cookie');
    expect(tried('10.0.0.1', 1000)).toBe(9);
  });

  it('do not shut out a token that was right at the same address', () => {
    const { subject, tried } = guesses();
    subject.right('10.0.0.1', 'good');
    tried('10.0.0.1', 1000);
    expect(subject.mayTry('10.0.0.1', 'good')).toBe(true);
    expect(subject.mayTry('10.0.0.1', 'new')).toBe(false);
  });

  it('are counted for an IPv6 network of 64 bits, not for each of its addresses', () => {
    const { tried } = guesses();
    const each = Array.from({ length: 100 }, (_, at) => tried(`2001:db8:1:2::${at}`, 1, `w${at}`));
    expect(each.reduce((sum, tries) => sum + tries)).toBe(10);
    expect(tried('2001:db8:1:3::1', 100)).toBe(10);
    expect(tried('::ffff:10.0.0.1', 100)).toBe(10);
    expect(tried('::ffff:10.0.0.2', 100)).toBe(10);
  });

  it('take bounded memory, however many addresses there are', () => {
    const { subject, tried } = guesses();
    for (let at = 0; at < 20_000; at++) tried(`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`, 1);
    expect(subject.addresses).toBeLessThanOrEqual(4096);
  });
});

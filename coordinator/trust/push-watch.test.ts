import { describe, expect, it } from 'vitest';
import { Random } from '../../shared/numerics/random.js';
import { PushWatch } from './push-watch.js';

const random = new Random(2);

describe('a watch over those who push', () => {
  const SIZE = 500;
  const gaussian = () =>
    Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float());
  /** Of this Euclidean norm, in any direction. */
  const noise = (norm: number) =>
    Float32Array.from({ length: SIZE }, () => (gaussian() * norm) / Math.sqrt(SIZE));
  const push = (norm: number, hidden = 0) => {
    const deviation = noise(hidden);
    for (let i = 0; i < 4; i++) deviation[i]! += norm / 2;
    return deviation;
  };
  const found = (deviation: (audit: number) => Float32Array | undefined, audits: number) => {
    const watch = new PushWatch([7]);
    for (let audit = 1; audit <= audits; audit++) {
      const deviates = deviation(audit);
      if (deviates && watch.deviates('who', audit, deviates) === 'pushes') return audit;
    }
    return undefined;
  };

  it('finds within nine audits who always pushes one way, by as little as two thousandths', () => {
    expect(found(() => push(0.045), 20)).toBeLessThanOrEqual(9);
    expect(found(() => push(0.002), 20)).toBeLessThanOrEqual(9);
  });

  it('finds who lies now and then, after being honest for long, or hides the push in noise of twice its size', () => {
    expect(found((audit) => (audit % 5 === 0 ? push(0.04) : undefined), 200)).toBeLessThanOrEqual(60);
    expect(found((audit) => (audit > 2000 ? push(0.04) : undefined), 2100)).toBeLessThanOrEqual(2020);
    expect(found(() => push(0.02, 0.04), 200)).toBeLessThanOrEqual(100);
  });

  it('lets be who deviates any way, often or seldom, also by one unit whose sign turns this way and that', () => {
    expect(found(() => noise(0.02), 2000)).toBeUndefined();
    expect(found((audit) => (audit % 10 === 0 ? noise(0.2) : undefined), 5000)).toBeUndefined();
    const unit = () => push(random.float() < 0.5 ? 0.004 : -0.004);
    expect(found((audit) => (audit % 10 === 0 ? unit() : undefined), 5000)).toBeUndefined();
  });

  /** One element, and so one sum of the sketch. */
  const along = (element: number, size: number) => {
    const deviation = new Float32Array(SIZE);
    deviation[element] = size;
    return deviation;
  };
  const answers = (watch: PushWatch, who: string, audits: readonly number[], deviation: Float32Array) =>
    audits.map((audit) => watch.deviates(who, audit, deviation));
  const first = (count: number, from = 1) => Array.from({ length: count }, (_, i) => from + i);

  it('suspects the third deviation that points one way, and is sure of the ninth', () => {
    expect(answers(new PushWatch([7]), 'who', first(10), along(0, 0.01))).toEqual([
      ...['no', 'no', 'perhaps', 'perhaps', 'perhaps', 'perhaps', 'perhaps', 'perhaps', 'pushes', 'pushes'],
    ]);
  });

  it('takes nobody for somebody else, and begins anew with whom it was told to forget', () => {
    const watch = new PushWatch([7]);
    answers(watch, 'who', first(9), along(0, 0.01));
    expect(watch.deviates('other', 1, along(0, 0.01))).toBe('no');
    expect(watch.deviates('who', 10, along(0, 0.01))).toBe('pushes');
    watch.forget('who');
    expect(watch.deviates('who', 11, along(0, 0.01))).toBe('no');
  });

  it('is not blinded by one deviation that is larger than all others', () => {
    const watch = new PushWatch([7]);
    watch.deviates('who', 1, along(0, 1000));
    expect(answers(watch, 'who', first(12, 2), along(1, 0.05)).at(-1)).toBe('pushes');
  });

  it('lets a deviation count by its size, up to a twentieth', () => {
    // Turned around by four small ones no more than by none.
    const watch = new PushWatch([7]);
    answers(watch, 'who', first(9), along(0, 0.04));
    expect(answers(watch, 'who', first(4, 10), along(0, -0.001)).at(-1)).toBe('pushes');
    expect(answers(watch, 'who', first(4, 14), along(0, -0.04)).at(-1)).not.toBe('pushes');
  });

  it('lets be a push of less than a thousandth in the mean over all audits, those without deviation included', () => {
    const last = (size: number, every: number) => {
      const audits = first(40).map((at) => at * every);
      return answers(new PushWatch([7]), 'who', audits, along(0, size)).at(-1);
    };
    expect([last(0.0009, 1), last(0.0011, 1)]).toEqual(['no', 'pushes']);
    expect([last(0.004, 5), last(0.006, 5)]).toEqual(['no', 'pushes']);
  });

  it('forgets in time: what was done before a thousand audits weighs no more', () => {
    const watch = new PushWatch([7]);
    answers(watch, 'who', first(100), along(0, 0.05));
    expect(watch.deviates('who', 1100, along(1, 0.05))).toBe('no');
    expect(answers(watch, 'who', first(4, 1101), along(1, 0.05)).at(-1)).toBe('perhaps');
  });

  it('remembers 512 identities: of more, the one is forgotten that has not deviated for longest', () => {
    const watch = new PushWatch([7]);
    answers(watch, 'early', first(8), along(0, 0.01));
    answers(watch, 'late', first(8), along(0, 0.01));
    for (let at = 0; at < 510; at++) watch.deviates(`stranger ${at}`, 1, along(0, 0.01));
    expect(watch.deviates('early', 9, along(0, 0.01))).toBe('pushes');
    watch.deviates('one more', 1, along(0, 0.01));
    expect(watch.deviates('late', 9, along(0, 0.01))).toBe('no');
    expect(watch.deviates('early', 10, along(0, 0.01))).toBe('pushes');
  });
});

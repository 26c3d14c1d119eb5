import { describe, expect, it } from 'vitest';
import { coresAtFirst, coresOf, type Device, memoryOfEngines, mostCores } from './cores.js';

const LAPTOP: Device = { processors: 8, memoryGiB: 16, isMobile: false, hasCoarsePointer: false };

describe('the cores that a tab uses until its owner chooses', () => {
  it.each<[string, Partial<Device>, number]>([
    ['a laptop', {}, 7],
    ['one whose browser tells nothing else', { memoryGiB: undefined, isMobile: undefined }, 7],
    ['one with two processors', { processors: 2 }, 1],
    ['one with one', { processors: 1 }, 1],
    ['a browser that hides how many there are', { processors: undefined }, 1],
    ['a phone', { isMobile: true }, 1],
    ['a phone with a mouse', { isMobile: true, memoryGiB: 8 }, 1],
    ['a phone whose browser tells only of its pointer', { isMobile: undefined, hasCoarsePointer: true }, 1],
    ['a tablet, which calls itself no phone', { hasCoarsePointer: true }, 1],
    ['a small computer', { memoryGiB: 2 }, 1],
  ])('on %s', (_, device, cores) => {
    expect(coresAtFirst({ ...LAPTOP, ...device })).toBe(cores);
  });

  it('may be chosen up to all that there are, on phones too', () => {
    const phone = { ...LAPTOP, isMobile: true };
    expect(mostCores(phone)).toBe(8);
    expect([1, 5, 8, 9].map((asked) => coresOf(asked, phone))).toEqual([1, 5, 8, 8]);
  });

  it.each([0, -1, 1.5, Number.NaN, '3', null, undefined])(
    'are not what is asked for where that is %s',
    (asked) => {
      expect(coresOf(asked, LAPTOP)).toBe(7);
    },
  );

  it.each([0, -2, Number.NaN])('are one, whatever a browser makes up: %s', (processors) => {
    expect(mostCores({ ...LAPTOP, processors })).toBe(1);
    expect(coresAtFirst({ ...LAPTOP, processors })).toBe(1);
  });
});

describe('the memory that engines of a tab may take', () => {
  it('is half of what the device has, or of what such a device has where the browser does not tell', () => {
    const gib = (device: Partial<Device>) => memoryOfEngines({ ...LAPTOP, ...device }) / 2 ** 30;
    expect(gib({})).toBe(8);
    expect(gib({ memoryGiB: undefined })).toBe(2);
    expect(gib({ memoryGiB: undefined, hasCoarsePointer: true })).toBe(1);
    expect(gib({ memoryGiB: 0.5, isMobile: true })).toBe(0.25);
  });
});

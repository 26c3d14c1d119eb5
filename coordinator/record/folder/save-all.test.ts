import { describe, expect, it } from 'vitest';
import { type Missing, missingText, saveAll } from './save-all.js';

const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });

/** Parts that fail so many times, and the order in which they were tried. */
function parts(failures: Record<string, number>, error: Error = new Error('EIO')) {
  const tried: string[] = [];
  const part = (name: string) => ({
    name,
    write: async () => {
      tried.push(name);
      if ((failures[name] ?? 0) > 0) {
        failures[name]!--;
        throw error;
      }
    },
  });
  return { tried, first: [part('model/'), part('metrics.jsonl')], last: part('summary.json') };
}
const names = (missing: readonly Missing[]) => missing.map(({ part }) => part.name);

describe('what a run must have on disk', () => {
  it('is written once where nothing fails, the summary last', async () => {
    const { tried, first, last } = parts({});
    const never = async () => expect.fail('nothing is missing');
    expect(await saveAll(first, last, { makeRoom: async () => false, again: never })).toEqual([]);
    expect(tried).toEqual(['model/', 'metrics.jsonl', 'summary.json']);
  });

  it('is tried again until it is there, and only what is missing; no summary speaks of what is not there', async () => {
    const { tried, first, last } = parts({ 'model/': 2, 'summary.json': 1 });
    const told: string[][] = [];
    const again = async (missing: readonly Missing[]) => told.push(names(missing)) > 0;
    expect(await saveAll(first, last, { makeRoom: async () => false, again })).toEqual([]);
    expect(told).toEqual([['model/'], ['model/'], ['summary.json']]);
    expect(tried).toEqual([
      ...['model/', 'metrics.jsonl', 'model/', 'model/', 'summary.json', 'summary.json'],
    ]);
  });

  it('is given up when told so, and what is missing is named', async () => {
    const { first, last } = parts({ 'model/': 9, 'metrics.jsonl': 9 }, full);
    const missing = await saveAll(first, last, { makeRoom: async () => false, again: async () => false });
    expect(names(missing)).toEqual(['model/', 'metrics.jsonl']);
    expect(missingText(missing)).toBe('model/ (ENOSPC: no space left on device) and metrics.jsonl');
  });

  it('takes the place of what can be done without on a full disk, before anybody has to wait', async () => {
    const { first, last } = parts({ 'model/': 2 }, full);
    let room = 0;
    const makeRoom = async () => ++room > 0;
    expect(await saveAll(first, last, { makeRoom, again: async () => expect.fail('there is room') })).toEqual(
      [],
    );
    expect(room).toBe(2);
  });
});

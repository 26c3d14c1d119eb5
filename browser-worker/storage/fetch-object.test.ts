/** What a coordinator serves, fetched by a tab: never more of it than was announced. */
import { describe, expect, it } from 'vitest';
import { HONEST, hostileObjectServer, OBJECTS } from '../../test/support/cluster/hostile-object-server.js';
import { fetchObject } from './fetch-object.js';

async function tab() {
  const { url, sent } = await hostileObjectServer();
  return {
    get: (hash: string) => fetchObject(url, { hash, bytes: HONEST.length }, { cache: 'no-store' }),
    sent,
  };
}

describe('an object that a tab fetches', () => {
  it('comes whole if it is as long as was announced', async () => {
    const { get } = await tab();
    expect(Buffer.from(await get(OBJECTS.honest))).toEqual(HONEST);
  });

  it.each([
    [
      'that has no end',
      OBJECTS.endless,
      /object b{64}: the coordinator sends \d+ bytes or more, where 29 were/,
    ],
    ['that is longer', OBJECTS.longer, /object c{64}: the coordinator sends 58 bytes or more, where 29 were/],
    ['whose length is absurd', OBJECTS.longerThanTold, /object d{64}: .* where 29 were announced/],
    ['that breaks off', OBJECTS.broken, /terminated|aborted/],
    ['that is not there', OBJECTS.missing, /object f{64}: the coordinator answered 404/],
  ])('%s is an error that says so', async (_what, hash, reason) => {
    const { get, sent } = await tab();
    await expect(get(hash)).rejects.toThrow(reason);
    expect(sent()).toBeLessThan(64 << 20);
  });
});

/** The file of bans: the latest is what stands there, however many come at once. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Conduct } from '../../coordinator/trust/conduct.js';
import { TrustFile } from '../../coordinator/trust/trust-file.js';
import { temporaryFolder } from '../support/cluster.js';

describe('the file of bans', () => {
  it('holds all of a thousand that come at once, each when its write is over', async () => {
    const path = join(await temporaryFolder(), 'trust.json');
    const warnings: string[] = [];
    const file = new TrustFile(path, (text) => warnings.push(text));
    const conduct = new Conduct();
    const writes: Promise<void>[] = [];
    for (let step = 1; step <= 1000; step++) {
      conduct.ban({ identity: `stranger ${step}`, name: 'stranger', step, why: 'test' });
      writes.push(file.write(conduct.record()));
    }
    await writes[0];
    // The first write already knew of them all.
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(conduct.record());
    await Promise.all(writes);
    expect(await file.read()).toEqual(conduct.record());
    expect(warnings).toEqual([]);
  });

  it('that cannot be written is told, and the next write is tried', async () => {
    const folder = await temporaryFolder();
    const warnings: string[] = [];
    const file = new TrustFile(join(folder, 'nowhere', 'trust.json'), (text) => warnings.push(text));
    for (let times = 1; times <= 2; times++) {
      await file.write(new Conduct().record());
      expect(warnings).toHaveLength(times);
    }
  });
});

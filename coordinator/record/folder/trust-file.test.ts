/** The file of bans: the latest is what stands there, however many come at once. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/support/cluster/cluster.js';
import { refusalOf } from '../../../test/support/refusal.js';
import { Reputation } from '../../trust/reputation.js';
import { TrustFile } from './trust-file.js';

describe('the file of bans', () => {
  it('holds all of a thousand that come at once, each when its write is over', async () => {
    const path = join(await temporaryFolder(), 'trust.json');
    const warnings: string[] = [];
    const file = new TrustFile(path, (text) => warnings.push(text));
    const reputation = new Reputation();
    const writes: Promise<void>[] = [];
    for (let step = 1; step <= 1000; step++) {
      reputation.ban({ identity: `stranger ${step}`, name: 'stranger', step, why: 'test' });
      writes.push(file.write(reputation.record()));
    }
    await writes[0];
    // The first write already knew of them all.
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(reputation.record());
    await Promise.all(writes);
    expect(await file.read()).toEqual(reputation.record());
    expect(warnings).toEqual([]);
  });

  it('that cannot be written is told, and the next write is tried', async () => {
    const folder = await temporaryFolder();
    const warnings: string[] = [];
    const file = new TrustFile(join(folder, 'nowhere', 'trust.json'), (text) => warnings.push(text));
    for (let times = 1; times <= 2; times++) {
      await file.write(new Reputation().record());
      expect(warnings).toHaveLength(times);
    }
  });

  it('is for its owner alone: it holds addresses of people', async () => {
    const path = join(await temporaryFolder(), 'trust.json');
    // What a killed process left behind, readable by all.
    await writeFile(`${path}.tmp`, '{"half', { mode: 0o644 });
    await new TrustFile(path, () => undefined).write(new Reputation().record());
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it.each([
    '',
    '{"banned',
    '{}',
    'null',
    '{"banned":[]}',
    '{"made":0,"passed":0,"doubtful":0,"failed":0,"banned":[null]}',
    '{"made":0,"passed":0,"doubtful":0,"failed":0,"banned":[{"identity":7}]}',
    '{"made":-1,"passed":0,"doubtful":0,"failed":0,"banned":[]}',
  ])('that is damaged lets nobody back in, and says what to do: %s', async (text) => {
    const path = join(await temporaryFolder(), 'trust.json');
    await writeFile(path, text);
    const why = await refusalOf(new TrustFile(path, () => undefined).read());
    expect(why).toContain(`${path} is not a file of bans`);
    expect(why).toContain('move it away');
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it('of an earlier version, that counts less, is read', async () => {
    const path = join(await temporaryFolder(), 'trust.json');
    const banned = [{ identity: '203.0.113.7', name: 'liar', step: 3, why: 'wrong' }];
    await writeFile(path, JSON.stringify({ made: 1, passed: 0, doubtful: 0, failed: 1, banned }));
    expect(await new TrustFile(path, () => undefined).read()).toMatchObject({
      failed: 1,
      overNorm: 0,
      banned,
    });
  });
});

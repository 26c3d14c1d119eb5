import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Keyring } from '../../coordinator/access/keyring.js';
import { changeTokens, readTokens, tokenFile } from '../../coordinator/access/token-file.js';
import { newToken } from '../../coordinator/access/tokens.js';
import { temporaryFolder } from '../support/cluster.js';
import { refusalOf } from '../support/refusal.js';

const NOW = Date.parse('2030-01-01T00:00:00Z');

describe('a token', () => {
  it('is 32 random bytes, of which only the SHA-256 is kept', () => {
    const { token, stored } = newToken({ role: 'worker' }, NOW);
    expect(Buffer.from(token.slice(3), 'base64url')).toHaveLength(32);
    expect(stored.sha256).toBe(createHash('sha256').update(token).digest('hex'));
    expect(JSON.stringify(stored)).not.toContain(token);
    expect(newToken({ role: 'worker' }, NOW).token).not.toBe(token);
  });
});

describe('the file of tokens', () => {
  it('is readable by its owner alone, and holds no token', async () => {
    const path = tokenFile(await temporaryFolder());
    const { token, stored } = newToken({ role: 'admin', name: 'ada' }, NOW);
    await changeTokens(path, (tokens) => [...tokens, stored]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, 'utf8')).not.toContain(token);
    expect(await readTokens(path)).toEqual([stored]);
  });

  it('loses none of many changes at once', async () => {
    const path = tokenFile(join(await temporaryFolder(), 'new', 'folder'));
    const names = Array.from({ length: 12 }, (_, at) => `token-${at}`);
    await Promise.all(
      names.map((name) =>
        changeTokens(path, (tokens) => [...tokens, newToken({ role: 'worker', name }, NOW).stored]),
      ),
    );
    expect((await readTokens(path)).map(({ name }) => name).sort()).toEqual([...names].sort());
  });

  it.each([
    ['no JSON', '{', /is no JSON/],
    ['another format', '{"format":2,"tokens":[]}', /is no file of tokens \(format/],
    ['an unknown role', '{"format":1,"tokens":[{"role":"root"}]}', /tokens\.0\./],
  ])('of %s is refused with its name', async (_what, text, words) => {
    const path = tokenFile(await temporaryFolder());
    await writeFile(path, text);
    const message = await refusalOf(readTokens(path));
    expect(message).toMatch(words);
    expect(message).toContain(path);
  });

  it('that another process died changing names the file that stands in the way', async () => {
    const path = tokenFile(await temporaryFolder());
    await writeFile(`${path}.tmp`, '');
    expect(await refusalOf(changeTokens(path, (tokens) => tokens))).toContain(`delete ${path}.tmp`);
  });
});

describe('the keyring', () => {
  async function keyring() {
    const path = tokenFile(await temporaryFolder());
    const clock = { time: NOW };
    const warnings: string[] = [];
    const ring = new Keyring({ path, now: () => clock.time, warn: (text) => warnings.push(text) });
    return { path, clock, warnings, ring };
  }

  it('knows the holders of tokens, and nobody else', async () => {
    const { ring, path } = await keyring();
    const { token, stored } = newToken({ role: 'monitor', name: 'wall' }, NOW);
    await changeTokens(path, () => [stored]);
    await ring.open();
    ring.close();
    expect(ring.holderOf(token)).toMatchObject({ role: 'monitor', name: 'wall' });
    for (const wrong of ['', token.slice(0, -1), `${token}x`, stored.sha256, stored.id]) {
      expect(ring.holderOf(wrong)).toBeUndefined();
    }
  });

  it('follows the file: what is added holds, what is revoked does not, and who held it is told once', async () => {
    const { ring, path } = await keyring();
    await ring.open();
    ring.close();
    const [kept, revoked] = [newToken({ role: 'worker' }, NOW), newToken({ role: 'volunteer' }, NOW)];
    await changeTokens(path, () => [kept.stored, revoked.stored]);
    await ring.look();
    const lost: string[] = [];
    ring.watch(ring.holderOf(kept.token)!, () => lost.push('kept'));
    ring.watch(ring.holderOf(revoked.token)!, () => lost.push('revoked'));
    await changeTokens(path, (tokens) => tokens.filter(({ id }) => id !== revoked.stored.id));
    await ring.look();
    await ring.look();
    expect(lost).toEqual(['revoked']);
    expect(ring.holderOf(revoked.token)).toBeUndefined();
    expect(ring.holderOf(kept.token)).toBeDefined();
  });

  it('ends a token at its time, whatever the file says', async () => {
    const { ring, path, clock } = await keyring();
    const { token, stored } = newToken({ role: 'worker', lifeMs: 5000 }, NOW);
    await changeTokens(path, () => [stored]);
    await ring.open();
    ring.close();
    let lost = 0;
    ring.watch(ring.holderOf(token)!, () => lost++);
    clock.time = NOW + 4999;
    await ring.look();
    expect([lost, ring.holderOf(token)?.role]).toEqual([0, 'worker']);
    clock.time = NOW + 5000;
    await ring.look();
    expect([lost, ring.holderOf(token)]).toEqual([1, undefined]);
  });

  it('throws nobody out for a file that was damaged, and says so', async () => {
    const { ring, path, warnings } = await keyring();
    const { token, stored } = newToken({ role: 'worker' }, NOW);
    await changeTokens(path, () => [stored]);
    await ring.open();
    ring.close();
    await writeFile(path, 'not json at all');
    await ring.look();
    expect(ring.holderOf(token)).toBeDefined();
    expect(warnings).toEqual([expect.stringContaining('stay in force')]);
  });

  it('keeps what it issues for this process out of the file', async () => {
    const { ring, path } = await keyring();
    await ring.open();
    ring.close();
    const [local, first] = [ring.issue('worker', 'local'), ring.create('admin')];
    await ring.save();
    expect((await readTokens(path)).map(({ role }) => role)).toEqual(['admin']);
    expect([ring.holderOf(local)?.role, ring.holderOf(first)?.role]).toEqual(['worker', 'admin']);
  });
});

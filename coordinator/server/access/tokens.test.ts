import { createHash } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/support/cluster/cluster.js';
import { refusalOf } from '../../../test/support/refusal.js';
import { TokenAuthenticator } from './authenticator.js';
import { changeTokens, readTokens, tokenFile } from './token-file.js';
import { TokenStore } from './token-store.js';
import { newToken } from './tokens.js';

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
    ['no JSON', '{', /is not JSON/],
    ['another format', '{"format":2,"tokens":[]}', /is not a file of tokens \(format/],
    ['an unknown role', '{"format":1,"tokens":[{"role":"root"}]}', /tokens\.0\./],
  ])('of %s is refused with its name', async (_what, text, words) => {
    const path = tokenFile(await temporaryFolder());
    await writeFile(path, text);
    const message = await refusalOf(readTokens(path));
    expect(message).toMatch(words);
    expect(message).toContain(path);
  });

  it('that another process died changing are changed all the same: what it left is taken away', async () => {
    const path = tokenFile(await temporaryFolder());
    await writeFile(`${path}.tmp`, '{"half');
    const add = () => changeTokens(path, (tokens) => [...tokens, newToken({ role: 'worker' }, NOW).stored]);
    await Promise.all([add(), add(), add()]);
    expect(await readTokens(path)).toHaveLength(3);
    expect(await readdir(dirname(path))).toEqual(['tokens.json']);
  });

  it('that have expired are no guess, and hold again when the clock is put back', async () => {
    let now = NOW;
    const store = new TokenStore({ path: undefined, now: () => now, warn: () => undefined });
    const { token, stored } = newToken({ role: 'worker', lifeMs: 1000 }, NOW);
    (store as unknown as { issued: unknown[] }).issued.push(stored);
    const authenticator = new TokenAuthenticator({
      store,
      now: () => 0,
      addressOf: () => '203.0.113.7',
      isSecure: () => false,
      warn: () => undefined,
    });
    const lost: string[] = [];
    authenticator.watch({ roles: ['worker'], token: store.find(token)! }, (why) => lost.push(why));
    now += 3_600_000;
    await store.look();
    expect(lost).toEqual(['expired']);
    for (let again = 0; again < 100; again++)
      expect(authenticator.ofToken(token, {} as IncomingMessage)).toEqual({ refused: 'expired' });
    expect(authenticator.ofToken('sg_wrong', {} as IncomingMessage)).toEqual({ refused: 'wrong' });
    now = NOW;
    expect(authenticator.ofToken(token, {} as IncomingMessage)).toMatchObject({
      principal: { roles: ['worker'] },
    });
  });
});

describe('the token store', () => {
  async function storeOfFile() {
    const path = tokenFile(await temporaryFolder());
    const clock = { time: NOW };
    const warnings: string[] = [];
    const store = new TokenStore({ path, now: () => clock.time, warn: (text) => warnings.push(text) });
    return { path, clock, warnings, store };
  }

  it('knows the holders of tokens, and nobody else', async () => {
    const { store, path } = await storeOfFile();
    const { token, stored } = newToken({ role: 'monitor', name: 'wall' }, NOW);
    await changeTokens(path, () => [stored]);
    await store.open();
    store.close();
    expect(store.find(token)).toMatchObject({ role: 'monitor', name: 'wall' });
    for (const wrong of ['', token.slice(0, -1), `${token}x`, stored.sha256, stored.id]) {
      expect(store.find(wrong)).toBeUndefined();
    }
  });

  it('follows the file: what is added holds, what is revoked does not, and who held it is told once', async () => {
    const { store, path } = await storeOfFile();
    await store.open();
    store.close();
    const [kept, revoked] = [newToken({ role: 'worker' }, NOW), newToken({ role: 'volunteer' }, NOW)];
    await changeTokens(path, () => [kept.stored, revoked.stored]);
    await store.look();
    const lost: string[] = [];
    store.watch(store.find(kept.token)!, () => lost.push('kept'));
    store.watch(store.find(revoked.token)!, () => lost.push('revoked'));
    await changeTokens(path, (tokens) => tokens.filter(({ id }) => id !== revoked.stored.id));
    await store.look();
    await store.look();
    expect(lost).toEqual(['revoked']);
    expect(store.find(revoked.token)).toBeUndefined();
    expect(store.find(kept.token)).toBeDefined();
  });

  it('ends a token at its time, whatever the file says', async () => {
    const { store, path, clock } = await storeOfFile();
    const { token, stored } = newToken({ role: 'worker', lifeMs: 5000 }, NOW);
    await changeTokens(path, () => [stored]);
    await store.open();
    store.close();
    let lost = 0;
    store.watch(store.find(token)!, () => lost++);
    clock.time = NOW + 4999;
    await store.look();
    expect([lost, store.find(token)?.role]).toEqual([0, 'worker']);
    clock.time = NOW + 5000;
    await store.look();
    expect([lost, store.find(token)]).toEqual([1, undefined]);
  });

  it('throws nobody out for a file that was damaged, and says so', async () => {
    const { store, path, warnings } = await storeOfFile();
    const { token, stored } = newToken({ role: 'worker' }, NOW);
    await changeTokens(path, () => [stored]);
    await store.open();
    store.close();
    await writeFile(path, 'not json at all');
    await store.look();
    expect(store.find(token)).toBeDefined();
    expect(warnings).toEqual([expect.stringContaining('stay in force')]);
  });

  it('keeps what it issues for this process out of the file', async () => {
    const { store, path } = await storeOfFile();
    await store.open();
    store.close();
    const [local, first] = [store.issue('worker', 'local'), store.create('admin')];
    await store.save();
    expect((await readTokens(path)).map(({ role }) => role)).toEqual(['admin']);
    expect([store.find(local)?.role, store.find(first)?.role]).toEqual(['worker', 'admin']);
  });
});

/** A visitor's session by a token: from a link into a cookie, and gone when the token is. */
import { describe, expect, it } from 'vitest';
import { readTokens } from '../../../coordinator/server/access/token-file.js';
import { CLOSE } from '../../../shared/protocol/close-codes.js';
import { RawWorker } from '../../support/cluster/raw-worker.js';
import { happened } from '../../support/cluster/small-run.js';
import { type TokenRun, tokenRun } from '../../support/cluster/token-run.js';

const OWN_PAGE = { 'X-Swarmgrad-Admin': '1' };

const open = (run: TokenRun, token: string, headers: Record<string, string> = OWN_PAGE) =>
  fetch(`${run.url}/api/session`, { method: 'POST', headers, body: JSON.stringify({ token }) });

async function cookieOf(run: TokenRun, token: string): Promise<string> {
  return (await open(run, token)).headers.get('set-cookie')!.split(';')[0]!;
}

const session = async (run: TokenRun, cookie: string) =>
  (await fetch(`${run.url}/api/session`, { headers: { Cookie: cookie } })).json();

describe('a session', () => {
  it('keeps the token in a cookie that scripts and other sites cannot use', async () => {
    const run = await tokenRun();
    const response = await open(run, run.tokens.admin);
    expect(await response.json()).toEqual({ auth: 'tokens', roles: ['admin'], refused: null, isOver: false });
    const [pair, ...attributes] = response.headers.get('set-cookie')!.split('; ');
    expect(pair).toMatch(/^swarmgrad-[0-9a-f]{8}=sg_/);
    expect(attributes).toEqual(expect.arrayContaining(['HttpOnly', 'SameSite=Strict', 'Path=/']));
    expect(await session(run, `a=b; ${pair}`)).toMatchObject({ roles: ['admin'] });
    expect((await fetch(`${run.url}/api/status`, { headers: { Cookie: pair! } })).status).toBe(200);
  });

  it('is opened by a link that an admin makes on the page, with the role and for the time that it was made for', async () => {
    const run = await tokenRun();
    const invite = (token: string, body: object) =>
      fetch(`${run.url}/api/admin/invite`, {
        method: 'POST',
        headers: { ...OWN_PAGE, Authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      });
    const made = (await (await invite(run.tokens.admin, { role: 'volunteer', hours: 2 })).json()) as {
      token: string;
    };
    expect(await (await open(run, made.token)).json()).toMatchObject({ roles: ['volunteer'] });
    const stored = (await readTokens(run.tokensFile)).at(-1)!;
    expect(Date.parse(stored.expires!) - Date.parse(stored.created)).toBe(2 * 3600e3);
    expect((await invite(run.tokens.admin, { role: 'king' })).status).toBe(400);
    // A short code, in any case, leads to the join page with its token; a wrong one leads there without.
    const { code, token } = (await (
      await invite(run.tokens.admin, { role: 'volunteer', isShort: true })
    ).json()) as { code: string; token: string };
    const leads = async (code: string) =>
      (await fetch(`${run.url}/j/${code}`, { redirect: 'manual' })).headers.get('location');
    expect(await leads(code.toLowerCase())).toBe(`../join#token=${token}`);
    expect(await leads('AAAAAA')).toBe('../join');
    const admin = await (await invite(run.tokens.admin, { role: 'admin', isShort: true })).json();
    expect(admin).not.toHaveProperty('code');
    for (const role of ['worker', 'volunteer', 'monitor'] as const)
      expect((await invite(run.tokens[role], { role: 'admin' })).status).toBe(403);
  });

  it('is opened and ended by our own pages alone', async () => {
    const run = await tokenRun();
    expect((await open(run, run.tokens.admin, {})).status).toBe(403);
    const elsewhere = { ...OWN_PAGE, Origin: 'https://elsewhere.example' };
    expect((await open(run, run.tokens.admin, elsewhere)).status).toBe(403);
    const ended = await fetch(`${run.url}/api/session`, { method: 'DELETE', headers: OWN_PAGE });
    expect(ended.headers.get('set-cookie')).toContain('Max-Age=0');
  });

  it('is refused for what is no token, in words', async () => {
    const run = await tokenRun();
    const wrong = await open(run, 'sg_wrong');
    expect([wrong.status, await wrong.json()]).toEqual([
      401,
      { auth: 'tokens', roles: [], refused: 'wrong', isOver: false },
    ]);
    expect(wrong.headers.get('set-cookie')).toBeNull();
    const body = await fetch(`${run.url}/api/session`, { method: 'POST', headers: OWN_PAGE, body: '[]' });
    expect(body.status).toBe(400);
    expect(await session(run, '')).toMatchObject({ refused: 'missing' });
  });

  it('lets an admin act with a cookie, and not from another page', async () => {
    const run = await tokenRun();
    const Cookie = await cookieOf(run, run.tokens.admin);
    const act = (headers: Record<string, string>) =>
      fetch(`${run.url}/api/admin/checkpoint`, { method: 'POST', headers: { Cookie, ...headers } });
    expect((await act({ ...OWN_PAGE, Origin: 'https://elsewhere.example' })).status).toBe(403);
    expect((await act({})).status).toBe(403);
    expect((await act(OWN_PAGE)).status).toBe(200);
  });

  it('of a page that watches ends when its token is revoked', async () => {
    const run = await tokenRun();
    const Cookie = await cookieOf(run, run.tokens.monitor);
    const live = await fetch(`${run.url}/api/live`, { headers: { Cookie } });
    const heard = live.text();
    await run.revoke('monitor');
    await expect(heard).rejects.toThrow();
    expect((await fetch(`${run.url}/api/live`, { headers: { Cookie } })).status).toBe(401);
  });
});

describe('a worker with a token', () => {
  it('is trusted by its role, and a tab has its role from its cookie', async () => {
    const run = await tokenRun();
    const tab = await RawWorker.connect(run.url, { Cookie: await cookieOf(run, run.tokens.volunteer) });
    tab.join({ kind: 'browser' });
    await tab.next('welcome');
    const worker = await RawWorker.connect(run.url);
    worker.join({ token: run.tokens.worker });
    await worker.next('welcome');
    expect(run.status().workers.map(({ role }) => role)).toEqual(['volunteer', 'worker']);
  });

  it('is sent away when its token is revoked, and nobody else is', async () => {
    const run = await tokenRun();
    const [volunteer, worker] = [await RawWorker.connect(run.url), await RawWorker.connect(run.url)];
    volunteer.join({ token: run.tokens.volunteer });
    worker.join({ token: run.tokens.worker, name: 'kept' });
    await Promise.all([volunteer.next('welcome'), worker.next('welcome')]);
    await run.revoke('volunteer');
    expect(await volunteer.closed).toEqual({
      code: CLOSE.revoked.code,
      reason: 'its token was revoked',
    });
    expect(run.status().workers.map(({ name }) => name)).toEqual(['kept']);
  });
});

describe('wrong tokens', () => {
  it('are not tried any more after ten, over HTTP and in joins alike, while right ones go on', async () => {
    const run = await tokenRun();
    const status = (token: string) =>
      fetch(`${run.url}/api/status`, { headers: { Authorization: `Bearer ${token}` } });
    expect((await status(run.tokens.monitor)).status).toBe(200);
    const codes: number[] = [];
    for (let at = 0; at < 12; at++) codes.push((await status(`sg_guess-${at}`)).status);
    expect(codes).toEqual([...Array(10).fill(401), 429, 429]);
    const limited = await status('sg_guess-99');
    expect(limited.headers.get('retry-after')).toBe('10');
    const worker = await RawWorker.connect(run.url);
    worker.join({ token: 'sg_guess-100' });
    expect((await worker.closed).code).toBe(CLOSE.tooManyAttempts.code);
    // Even a right one that was never shown from here waits; one that was does not.
    expect((await status(run.tokens.admin)).status).toBe(429);
    expect((await status(run.tokens.monitor)).status).toBe(200);
    expect(await happened(run, ({ type }) => type === 'warning')).toMatchObject({
      text: expect.stringMatching(/^too many wrong tokens from .*127\.0\.0\.1/),
    });
  });
});

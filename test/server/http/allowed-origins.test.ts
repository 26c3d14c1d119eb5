/** Pages of other sites: closed, unless `--allow-origin` names them, and then open for computing alone. */
import { once } from 'node:events';
import { beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { allowedOrigins } from '../../../coordinator/server/network/allowed-origins.js';
import { shared } from '../../support/cluster/small-run.js';
import { type TokenRun, tokenRun } from '../../support/cluster/token-run.js';
import { refusalOf } from '../../support/refusal.js';

const FRIEND = 'https://friend.example';
const STRANGER = 'https://stranger.example';
const OBJECT = `/objects/${'0'.repeat(64)}`;

let closed: TokenRun;
let open: TokenRun;
beforeAll(() =>
  shared(async (onEnd) => {
    [closed, open] = await Promise.all([tokenRun({}, onEnd), tokenRun({ allowOrigin: FRIEND }, onEnd)]);
  }),
);

const ask = (run: TokenRun, origin: string, path: string, more: RequestInit = {}) =>
  fetch(run.url + path, { ...more, headers: { Origin: origin, ...more.headers } });
const sharedWith = async (answer: Promise<Response>) => {
  const response = await answer;
  await response.body?.cancel();
  return response.headers.get('Access-Control-Allow-Origin');
};
async function upgraded({ url }: TokenRun, headers: Record<string, string>): Promise<boolean> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/swarm`, { headers });
  const opened = await once(socket, 'open').then(
    () => true,
    () => false,
  );
  socket.terminate();
  return opened;
}

describe('a page of another origin', () => {
  it('opens a WebSocket only if it is named, to the letter', async () => {
    expect(await upgraded(open, { Origin: FRIEND })).toBe(true);
    for (const Origin of [
      STRANGER,
      `${FRIEND}:8443`,
      `${FRIEND}.evil.example`,
      'http://friend.example',
      'null',
    ])
      expect(await upgraded(open, { Origin }), Origin).toBe(false);
    expect(await upgraded(closed, { Origin: FRIEND })).toBe(false);
  });

  it('reads objects and engines if it is named, and nothing that tells of the run', async () => {
    const headers = { Authorization: `Bearer ${open.tokens.admin}` };
    expect(await sharedWith(ask(open, FRIEND, OBJECT, { headers }))).toBe(FRIEND);
    expect(await sharedWith(ask(open, FRIEND, '/assets/none.wasm'))).toBe(FRIEND);
    for (const path of ['/api/status', '/api/weights', '/api/session', '/metrics', '/', '/join'])
      expect(await sharedWith(ask(open, FRIEND, path, { headers })), path).toBeNull();
    expect(await sharedWith(ask(open, STRANGER, OBJECT))).toBeNull();
    expect(await sharedWith(ask(closed, FRIEND, OBJECT))).toBeNull();
    expect((await ask(open, STRANGER, OBJECT)).headers.get('Vary')).toContain('Origin');
  });

  it('may send a token in a header if it is named, and asks first', async () => {
    const first = { method: 'OPTIONS', headers: { 'Access-Control-Request-Headers': 'authorization' } };
    const { status, headers } = await ask(open, FRIEND, OBJECT, first);
    expect(status).toBe(204);
    expect(headers.get('Access-Control-Allow-Headers')).toBe('Authorization');
    expect(headers.get('Access-Control-Allow-Credentials')).toBeNull();
    expect((await ask(open, STRANGER, OBJECT, first)).status).toBe(405);
    expect((await ask(open, FRIEND, '/api/admin/stop', first)).status).toBe(405);
    expect((await ask(closed, FRIEND, OBJECT, first)).status).toBe(405);
  });

  it('never has the rights of a cookie, which a page on another port of our host would bring', async () => {
    const signedIn = await fetch(`${open.url}/api/session`, {
      method: 'POST',
      headers: { 'X-Swarmgrad-Admin': '1', 'Content-Type': 'application/json' },
      body: JSON.stringify({ token: open.tokens.worker }),
    });
    const Cookie = signedIn.headers.get('Set-Cookie')!.split(';')[0]!;
    expect((await fetch(open.url + OBJECT, { headers: { Cookie } })).status).toBe(404);
    expect((await ask(open, FRIEND, OBJECT, { headers: { Cookie } })).status).toBe(401);
  });
});

describe('--allow-origin', () => {
  it('takes origins, with commas', () => {
    expect([...allowedOrigins(' https://a.example, http://localhost:8000/ ,')]).toEqual([
      'https://a.example',
      'http://localhost:8000',
    ]);
    expect(allowedOrigins(undefined).size).toBe(0);
  });

  it.each([
    ['*', 'any page'],
    ['https://a.example/page', 'as https://a.example'],
    ['a.example', 'is not an origin'],
    ['null', 'is not an origin'],
    ['file:///home', 'is not an origin'],
    ['https://user@a.example', 'is not an origin'],
  ])('refuses %s', async (text, why) => {
    expect(await refusalOf(() => allowedOrigins(text))).toContain(why);
  });
});

/** The table of rights, walked: every route, and the join, for every role, against a real server. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROUTES, routeOf } from '../../../coordinator/server/http/rights.js';
import { CLOSE } from '../../../shared/protocol/close-codes.js';
import { COMPUTE, may, ROLES, type Role } from '../../../shared/protocol/roles.js';
import { RawWorker } from '../../support/cluster/raw-worker.js';
import { shared } from '../../support/cluster/small-run.js';
import { type TokenRun, tokenRun } from '../../support/cluster/token-run.js';

const SERVER = fileURLToPath(new URL('../../../coordinator/server', import.meta.url));

const ASSETS = fileURLToPath(new URL('../../../dist/browser/assets', import.meta.url));

/** What stands for a row with a star. */
const EXAMPLES: Record<string, string> = {
  '/api/admin/*': '/api/admin/nothing',
  '/api/*': '/api/nothing',
  '/assets/*': `/assets/${readdirSync(ASSETS).find((name) => name.endsWith('.js'))}`,
  '/objects/*': `/objects/${'0'.repeat(64)}`,
  '/j/*': '/j/AAAAAA',
  '/*': '/join',
};

let run: TokenRun;
let tokens: Record<Role, string>;

beforeAll(() =>
  shared(async (onEnd) => {
    run = await tokenRun({}, onEnd);
    tokens = run.tokens;
  }),
);

const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { Authorization: `Bearer ${token}` };

/** A request that changes nothing: an admin's action is left before its header is looked at. */
const ask = (method: string, path: string, token: string | undefined) =>
  fetch(run.url + path, { method, headers: bearer(token) });

describe('a route', () => {
  const cases = ROUTES.flatMap((row) =>
    ROLES.map((role) => ({ row, role, path: EXAMPLES[row.path] ?? row.path })),
  );

  it.each(cases)('$path is for $row.may: $role', async ({ row, role, path }) => {
    expect(routeOf(path)).toBe(row);
    for (const method of row.methods) {
      const response = await ask(method, path, tokens[role]);
      await response.body?.cancel();
      const isSteering = row.path.startsWith('/api/admin/');
      if (path === '/api/session') expect([200, 403]).toContain(response.status);
      else if (row.may.length === 0) expect(response.status).toBe(404);
      else if (!may(row.may, [role])) expect(response.status).toBe(403);
      // Let through by the table, and stopped by the wall behind it, which asks for the header.
      else if (isSteering)
        expect(await ask(method, path, tokens[role]).then((r) => r.text())).toMatch(/own pages/);
      else expect([200, 404]).toContain(response.status);
    }
  });

  it.each(ROUTES.map((row) => ({ row, path: EXAMPLES[row.path] ?? row.path })))(
    '$path is for $row.may: without a token, and with a wrong one',
    async ({ row, path }) => {
      for (const token of [undefined, 'sg_wrong']) {
        const response = await ask(row.methods[0]!, path, token);
        await response.body?.cancel();
        if (row.may === 'anyone') expect(response.status).toBe(200);
        else {
          expect(response.status).toBe(401);
          expect(response.headers.get('www-authenticate')).toContain('Bearer');
        }
      }
    },
  );

  it('that any file of the server names has a row of its own', () => {
    const named = readdirSync(SERVER, { recursive: true, encoding: 'utf8' })
      .filter((name) => /(?<!\.test|rights|static)\.ts$/.test(name))
      .flatMap((name) => [
        ...readFileSync(`${SERVER}/${name}`, 'utf8').matchAll(/(?<==== |case |startsWith\()'(\/[^']*)'/g),
      ])
      .map(([, path]) => path!);
    expect(named.length).toBeGreaterThan(7);
    const rows = new Set(ROUTES.map(({ path }) => path));
    for (const path of named) {
      const row = path.length > 1 && path.endsWith('/') ? `${path}*` : path;
      if (path !== '/') expect(rows).toContain(row);
    }
  });

  it('refuses other methods, before it asks who comes', async () => {
    for (const { path, methods } of ROUTES) {
      for (const method of ['PUT', 'PATCH', 'POST', 'DELETE', 'OPTIONS'].filter(
        (m) => !methods.includes(m),
      )) {
        const response = await ask(method, EXAMPLES[path] ?? path, tokens.admin);
        expect([response.status, response.headers.get('allow')]).toEqual([405, methods.join(', ')]);
      }
    }
  });
});

describe('a worker', () => {
  it.each(ROLES)('join is for those that compute: %s', async (role) => {
    const worker = await RawWorker.connect(run.url);
    worker.join({ token: tokens[role] });
    if (may(COMPUTE, [role])) {
      expect((await worker.next('welcome')).type).toBe('welcome');
    } else {
      expect(await worker.closed).toEqual({
        code: CLOSE.forbidden.code,
        reason: `join is not for the role ${role}`,
      });
    }
  });

  it.each([
    ['no token', {}, /asks for a token/],
    ['a wrong token', { token: 'sg_wrong' }, /not valid/],
  ])('join with %s is refused, for good', async (_what, fields, reason) => {
    const worker = await RawWorker.connect(run.url);
    worker.join(fields);
    const closed = await worker.closed;
    expect(closed.code).toBe(CLOSE.unauthorized.code);
    expect(closed.reason).toMatch(reason);
    expect(CLOSE.unauthorized.retry).toBe(false);
  });
});

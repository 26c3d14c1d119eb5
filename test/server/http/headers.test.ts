/**
 * A scan of the headers of every route, on every kind of answer. What is expected follows the OWASP Secure Headers
 * Project (https://owasp.org/www-project-secure-headers/, its lists of headers to add and to remove); the policy itself
 * is judged by Google's CSP Evaluator.
 *
 * Left out of OWASP's list: Clear-Site-Data, which would take the data that a tab has cached; `includeSubDomains` and
 * `upgrade-insecure-requests`, since other names and plain HTTP on loopback are not ours to change.
 */
import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { request as requestSecure } from 'node:https';
import { connect } from 'node:net';
import { CspEvaluator } from 'csp_evaluator/dist/evaluator.js';
import { Severity } from 'csp_evaluator/dist/finding.js';
import { CspParser } from 'csp_evaluator/dist/parser.js';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { RunView } from '../../../coordinator/monitor/views.js';
import { OPEN_AUTHENTICATOR } from '../../../coordinator/server/access/authenticator.js';
import { ROUTES } from '../../../coordinator/server/http/rights.js';
import { listen, type Offered } from '../../../coordinator/server/listen.js';
import { ROLES } from '../../../shared/protocol/roles.js';
import { temporaryFolder } from '../../support/cluster/cluster.js';
import { RawWorker } from '../../support/cluster/raw-worker.js';
import { shared, smallRun } from '../../support/cluster/small-run.js';
import { type TokenRun, tokenRun } from '../../support/cluster/token-run.js';
import { certificateIn } from '../../support/files/certificates.js';

const EXPECTED: Record<string, string | RegExp> = {
  'content-security-policy':
    /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; .*frame-ancestors 'none'$/,
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': /camera=\(\).*geolocation=\(\).*microphone=\(\)/,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-frame-options': 'DENY',
  'x-permitted-cross-domain-policies': 'none',
};
/** They tell what runs here, or allow what is not to be allowed. */
const FORBIDDEN =
  /^(server|x-powered-by|via|x-.*version.*|access-control-.*|x-xss-protection|public-key-pins|expect-ct)$/;
/** The version of the weights, which a page asked for. */
const OWN = 'x-version';

/** The only answers that may be kept, and by whom. */
const KEPT: [RegExp, string][] = [
  [/^\/objects\/[1-9a-f][0-9a-f]{63}$/, 'private, max-age=31536000, immutable'],
  [/^\/assets\//, 'public, max-age=31536000, immutable'],
  [/^\/(join|icon.*)?$/, 'no-cache'],
];

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
}

interface Asking {
  token?: string;
  headers?: Record<string, string>;
  body?: string;
  ca?: string;
}

/** All but the body, which may have no end. */
function ask(url: string, method: string, { token, headers = {}, body, ca }: Asking = {}): Promise<Answer> {
  const send = url.startsWith('https:') ? requestSecure : request;
  const authorization = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const options = {
      method,
      headers: { ...authorization, ...headers },
      agent: false,
      ...(ca ? { ca } : {}),
    };
    const outgoing = send(url, options, (response) => {
      resolve({ status: response.statusCode!, headers: response.headers });
      response.destroy();
    });
    outgoing.on('error', reject).end(body);
  });
}

/** Everything that comes back over a bare socket. */
async function bare(url: string, text: string): Promise<Answer> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
  let heard = '';
  socket.on('data', (data) => {
    heard += data;
  });
  socket.write(text);
  await once(socket, 'close');
  const [first, ...lines] = heard.split('\r\n\r\n')[0]!.split('\r\n');
  const headers = lines.map((line) => line.split(/: (.*)/s) as [string, string]);
  const named = headers.map(([name, value]) => [name.toLowerCase(), value]);
  return { status: Number(first!.split(' ')[1]), headers: Object.fromEntries(named) };
}

function check({ status, headers }: Answer, path: string, isEncrypted = false): void {
  const where = `${status} at ${path}`;
  for (const [name, value] of Object.entries(EXPECTED)) {
    if (typeof value === 'string') expect(headers[name], `${name}, ${where}`).toBe(value);
    else expect(headers[name], `${name}, ${where}`).toMatch(value);
  }
  for (const name of Object.keys(headers).filter((name) => name !== OWN))
    expect(name, where).not.toMatch(FORBIDDEN);
  expect(headers['strict-transport-security'], where).toBe(isEncrypted ? 'max-age=31536000' : undefined);
  const kept = [200, 206, 304].includes(status) && KEPT.find(([pattern]) => pattern.test(path));
  expect(headers['cache-control'], where).toBe(kept ? kept[1] : 'no-store');
  if (headers['content-length'] !== '0' && status !== 304 && status !== 416)
    expect(headers['content-type'], where).toMatch(
      /^(text\/(plain|html|event-stream)|application\/(json|octet-stream))/,
    );
}

const PATHS: Record<string, string[]> = {
  '/api/admin/*': ['/api/admin/nothing'],
  '/api/*': ['/api/nothing'],
  '/objects/*': [`/objects/${'0'.repeat(64)}`, '/objects/zz'],
  '/j/*': ['/j/AAAAAA', '/j/nothing'],
  '/*': ['/', '/join', '/nothing'],
};
const OWN_PAGE = { 'X-Swarmgrad-Admin': '1' };

let run: TokenRun;
beforeAll(() =>
  shared(async (onEnd) => {
    run = await tokenRun({ minWorkers: 9 }, onEnd);
  }),
);

describe('the headers of every answer', () => {
  const paths = ROUTES.flatMap((row) => (PATHS[row.path] ?? [row.path]).map((path) => ({ row, path })));

  it.each(paths)('of $path are those of a page that trusts nobody', async ({ row, path }) => {
    const statuses = new Set<number>();
    const tokens = [undefined, 'sg_wrong', ...ROLES.map((role) => run.tokens[role])];
    for (const token of tokens) {
      for (const method of [...row.methods, 'PUT', 'OPTIONS']) {
        const answer = await ask(run.url + path, method, token === undefined ? {} : { token });
        check(answer, path);
        statuses.add(answer.status);
      }
    }
    expect(statuses).toContain(405);
    if (row.may !== 'anyone') expect(statuses).toContain(401);
    if (row.may !== 'anyone')
      expect([...statuses].some((status) => status === 403 || status === 404)).toBe(true);
  });

  it('of objects are so too: whole, in part, known, and out of range', async () => {
    const worker = await RawWorker.connect(run.url);
    worker.join({ token: run.tokens.worker });
    const path = `/objects/${(await worker.next('welcome')).model}`;
    const token = run.tokens.worker;
    for (const [status, headers] of [
      [200, {}],
      [206, { Range: 'bytes=0-9' }],
      [304, { 'If-None-Match': '*' }],
      [416, { Range: 'bytes=99999999-' }],
    ] as const) {
      const answer = await ask(run.url + path, 'GET', { token, headers });
      expect(answer.status).toBe(status);
      check(answer, path);
    }
  });

  it('of what belongs to the pages are so too', async () => {
    const page = await (await fetch(run.url)).text();
    const assets = [...page.matchAll(/(?:src|href)="\.(\/assets\/[^"]+\.js)"/g)].map(([, asset]) => asset!);
    expect(assets.length).toBeGreaterThan(0);
    for (const asset of assets) {
      const answer = await ask(run.url + asset, 'GET');
      expect(answer.headers['content-type']).toMatch(/^text\/javascript/);
      check({ ...answer, headers: { ...answer.headers, 'content-length': '0' } }, asset);
    }
  });

  it('of refused bodies, and of steering that is done, are so too', async () => {
    const admin = run.tokens.admin;
    for (const [path, body, status] of [
      ['/api/session', '{"token": 1}', 400],
      ['/api/session', JSON.stringify({ token: admin }), 200],
      ['/api/admin/learning-rate', '{"learningRate": "high"}', 400],
      ['/api/admin/pause', 'x'.repeat(2000), 400],
      ['/api/admin/remove-worker', '{"worker": 999999}', 404],
      ['/api/admin/learning-rate', '{"learningRate": 0.5}', 200],
    ] as const) {
      const answer = await ask(run.url + path, 'POST', { token: admin, headers: OWN_PAGE, body });
      expect([path, answer.status]).toEqual([path, status]);
      check(answer, path);
    }
  });

  it('of what never becomes a request, or a connection, are so too', async () => {
    const upgrade = (path: string, ...more: string[]) =>
      [
        `GET ${path} HTTP/1.1`,
        'Host: localhost',
        ...['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'],
        ...['Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', ...more, '', ''],
      ].join('\r\n');
    for (const [status, text] of [
      [400, 'NONSENSE\r\n\r\n'],
      [431, `GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`],
      [404, upgrade('/elsewhere')],
      [403, upgrade('/swarm', 'Origin: https://elsewhere.example')],
    ] as const) {
      const answer = await bare(run.url, text);
      expect(answer.status).toBe(status);
      check(answer, text.slice(0, 20));
    }
    const crowded = await smallRun({ maxConnections: 1 });
    await RawWorker.connect(crowded.url);
    const full = await bare(crowded.url, upgrade('/swarm'));
    expect(full.status).toBe(503);
    check(full, '/swarm');
  });

  it('of an answer that fails are so too; the server lives, and says what has failed', async () => {
    const told: string[] = [];
    const failing = (what: string) => () => {
      throw new Error(what);
    };
    const broken = {
      id: 'run',
      status: failing('no status'),
      monitor: { history: { view: failing('no history') } },
    };
    const served: Offered = {
      authenticator: OPEN_AUTHENTICATOR,
      pages: new Map(),
      dashboard: {
        ...{ server: 'test', runs: [broken as unknown as RunView], live: true, tokens: false },
        join: () => '',
      },
      metrics: () => ({
        contentType: 'text/plain; version=0.0.4; charset=utf-8',
        text: async () => failing('no metrics')(),
      }),
      warn: (text) => told.push(text),
    };
    const server = await listen('127.0.0.1', 0, served);
    onTestFinished(() => server.close());
    for (const path of ['/api/status', '/api/history', '/metrics']) {
      const answer = await ask(server.url + path, 'GET');
      expect(answer.status).toBe(500);
      check(answer, path);
    }
    expect(told).toEqual([
      'GET /api/status failed: no status',
      'GET /api/history failed: no history',
      'GET /metrics failed: no metrics',
    ]);
    expect((await ask(`${server.url}/healthz`, 'GET')).status).toBe(200);
  });

  it('to whoever guesses tokens are so too', async () => {
    const guessed = await tokenRun();
    for (let guess = 0; ; guess++) {
      const answer = await ask(`${guessed.url}/api/status`, 'GET', { token: `sg_${guess}` });
      check(answer, '/api/status');
      if (answer.status === 429) break;
      expect(guess).toBeLessThan(20);
    }
  });

  it('ask encrypted visitors to stay so', async () => {
    const files = await certificateIn(await temporaryFolder());
    const secure = await smallRun({ tlsCert: files.cert, tlsKey: files.key });
    for (const path of ['/', '/healthz', '/api/status', '/nothing', '/objects/zz'])
      check(await ask(secure.url + path, 'GET', { ca: files.pem }), path, true);
  });
});

describe('the policy', () => {
  it("has no weakness that Google's CSP Evaluator knows of", async () => {
    const { headers } = await ask(`${run.url}/`, 'GET');
    const { csp } = new CspParser(headers['content-security-policy'] as string);
    const findings = new CspEvaluator(csp).evaluate();
    // 'self' is enough where nothing that visitors wrote is ever served; a report of Trusted Types is advice.
    const accepted = new Set(["'self'"]);
    const weak = findings.filter(
      ({ severity, value }) => severity <= Severity.MEDIUM_MAYBE && !accepted.has(value ?? ''),
    );
    expect(weak.map(({ directive, description }) => `${directive}: ${description}`)).toEqual([]);
  });
});

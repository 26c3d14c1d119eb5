/** Requests as no honest client sends them, over bare sockets: clients would put them right. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ROUTES } from '../../../coordinator/server/http/rights.js';
import { type SmallRun, shared, smallRun } from '../../support/cluster/small-run.js';

const { servers } = vi.hoisted(() => ({ servers: [] as Server[] }));
vi.mock(import('../../../coordinator/server/network/limits.js'), async (original) => {
  const actual = await original();
  const limitServer: typeof actual.limitServer = (server, limits) => {
    actual.limitServer(server, limits);
    servers.push(server);
  };
  return { ...actual, limitServer };
});

let run: SmallRun;
beforeAll(() =>
  shared(async (onEnd) => {
    run = await smallRun({}, onEnd);
  }),
);

function open(): Socket {
  const { port } = new URL(run.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => undefined);
  return socket;
}

/** Everything that comes back until the other side closes. */
async function exchange(...parts: string[]): Promise<string> {
  const socket = open();
  let heard = '';
  socket.on('data', (data) => {
    heard += data.toString('latin1');
  });
  socket.write(parts.join('\r\n'));
  await once(socket, 'close');
  return heard;
}

const statuses = (heard: string) =>
  [...heard.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, code]) => Number(code));
const HOST = 'Host: localhost';
const CLOSE = ['Connection: close', '', ''];

const CLIMBS = [
  '../../../../../../etc/passwd',
  '..%2f..%2f..%2f..%2fetc%2fpasswd',
  '%2e%2e/%2e%2e/%2e%2e/etc/passwd',
  '..%5c..%5c..%5cetc%5cpasswd',
  '..\\..\\..\\etc\\passwd',
  '....//....//etc/passwd',
  '%252e%252e%252fetc%252fpasswd',
  '..;/..;/etc/passwd',
  '%00/etc/passwd',
  '/etc/passwd',
  '..%c0%af..%c0%afetc/passwd',
  'package.json',
];

describe('a path that climbs', () => {
  const below = [...new Set(ROUTES.map(({ path }) => path.replace(/\/?\*$/, '')))];

  it.each(below)('out of %j finds nothing', async (from) => {
    const targets = CLIMBS.flatMap((climb) => [`${from}/${climb}`, `${from}?run=${climb}`, `/${climb}`])
      // Events have no end.
      .filter((target) => !target.startsWith('/api/live?'));
    await Promise.all(
      targets.map(async (target) => {
        const heard = await exchange(`GET ${target} HTTP/1.1`, HOST, ...CLOSE);
        expect(heard).not.toMatch(/root:.*:0:0|"devDependencies"/);
        // With a query the route itself answers, and no query is a path.
        if (!target.includes('?')) expect([400, 404, 405]).toContain(statuses(heard)[0]);
      }),
    );
  });

  it.each(['http://elsewhere.example/api/status', '*', 'api/status', 'localhost:80'])(
    'or that is none (%s) is answered by no route',
    async (target) => {
      const heard = await exchange(`GET ${target} HTTP/1.1`, HOST, ...CLOSE);
      expect([400, 404]).toContain(statuses(heard)[0]);
    },
  );
});

describe('one request that could be read as two', () => {
  const smuggled = ['GET /api/status HTTP/1.1', HOST, '', ''].join('\r\n');
  const post = 'POST /api/admin/pause HTTP/1.1';
  const admin = 'X-Swarmgrad-Admin: 1';

  it.each<[string, string[]]>([
    ['both lengths', ['Content-Length: 6', 'Transfer-Encoding: chunked', '', '0', '', smuggled]],
    ['two different lengths', ['Content-Length: 0', `Content-Length: ${smuggled.length}`, '', smuggled]],
    ['a negative length', ['Content-Length: -1', '', smuggled]],
    ['a length with a sign', ['Content-Length: +0', '', smuggled]],
    ['a length that is not a number', ['Content-Length: 0x10', '', smuggled]],
    ['an unknown transfer coding', ['Transfer-Encoding: xchunked', '', '0', '', smuggled]],
    ['chunked, but not last', ['Transfer-Encoding: chunked, identity', '', '0', '', smuggled]],
    ['a space before the colon', ['Content-Length : 5', '', smuggled]],
    ['a chunk size that is none', ['Transfer-Encoding: chunked', '', 'zz', '', smuggled]],
    [
      'a folded header',
      ['X-A: 1', ' Content-Length: 9', 'Transfer-Encoding: chunked', 'Content-Length: 3', '', smuggled],
    ],
  ])('by %s is refused, and its connection closed', async (_what, lines) => {
    const heard = await exchange(post, HOST, admin, ...lines);
    // One answer at most is of the first request; none is of the one that was hidden.
    expect(statuses(heard).length).toBeLessThanOrEqual(2);
    expect(statuses(heard).at(-1)).toBe(400);
    expect(heard).not.toContain('"samplesTrained"');
  });

  it('by a bare line feed in a header value is refused', async () => {
    const heard = await exchange('GET /healthz HTTP/1.1', HOST, 'X-A: 1\nX-B: 2\rX-C: 3', ...CLOSE);
    expect(statuses(heard)).toEqual([400]);
  });
});

describe('a request that costs more than it should', () => {
  it('by its headers is refused', async () => {
    const long = await exchange('GET /healthz HTTP/1.1', HOST, `X-A: ${'a'.repeat(20_000)}`, ...CLOSE);
    expect(statuses(long)).toEqual([431]);
    const path = await exchange(`GET /${'a'.repeat(20_000)} HTTP/1.1`, HOST, ...CLOSE);
    expect(statuses(path)).toEqual([431]);
  });

  it('by its body is refused, whatever length it tells', async () => {
    for (const told of [
      ['Content-Length: 5000', '', 'x'.repeat(5000)],
      ['Transfer-Encoding: chunked', '', '1388', 'x'.repeat(5000), '0', '', ''],
    ]) {
      const heard = await exchange(
        'POST /api/admin/pause HTTP/1.1',
        HOST,
        'X-Swarmgrad-Admin: 1',
        'Connection: close',
        ...told,
      );
      expect(statuses(heard)[0]).toBe(400);
    }
  });

  it('by its slowness is given up', async () => {
    const [server] = servers;
    expect(server!.headersTimeout).toBe(10_000);
    // Nobody waits for so long here.
    server!.headersTimeout = 1_000;
    const socket = open();
    let heard = '';
    socket.on('data', (data) => {
      heard += data;
    });
    socket.write('GET /healthz HTTP/1.1\r\n');
    const timer = setInterval(() => socket.write('X-A: 1\r\n'), 100);
    await once(socket, 'close');
    clearInterval(timer);
    server!.headersTimeout = 10_000;
    expect(statuses(heard)).toEqual([408]);
  });
});

describe('a visitor that breaks off', () => {
  it('in the middle of an upgrade, refused or not, ends nothing but itself', async () => {
    for (const target of ['/swarm', '/elsewhere']) {
      for (let again = 0; again < 20; again++) {
        const socket = open();
        await once(socket, 'connect');
        socket.write(
          [
            `GET ${target} HTTP/1.1`,
            HOST,
            'Upgrade: websocket',
            'Connection: Upgrade',
            'Sec-WebSocket-Version: 13',
            'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
            '',
            '',
          ].join('\r\n'),
        );
        socket.resetAndDestroy();
      }
    }
    expect((await fetch(`${run.url}/healthz`)).status).toBe(200);
  });
});

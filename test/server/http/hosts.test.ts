/** A coordinator that asks for no token answers only by its own names: a page whose name was made to point here is no one. */
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type HostOptions, hostCheck } from '../../../coordinator/server/network/hosts.js';
import { dial } from '../../../worker/node/socket.js';
import { edge } from '../../support/cluster/edge.js';
import { RawWorker } from '../../support/cluster/raw-worker.js';
import { smallRun } from '../../support/cluster/small-run.js';
import { refusalOf } from '../../support/refusal.js';

/** The whole answer to a request of these lines. */
async function answerTo(url: string, ...lines: string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.end([...lines, 'Connection: close', '', ''].join('\r\n'));
  let text = '';
  for await (const part of socket.setEncoding('latin1')) text += part;
  return text;
}

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

const called = (host: string | undefined, ...more: string[]) =>
  ({
    headers: { host },
    rawHeaders: [host, ...more].flatMap((name) => (name === undefined ? [] : ['Host', name])),
  }) as unknown as IncomingMessage;

const codeOf = (options: Partial<HostOptions>, host: string | undefined) =>
  hostCheck({ host: '127.0.0.1', auth: 'none', ...options })(called(host))?.code;

describe('a page from elsewhere whose name points to this machine', () => {
  it('opens no WebSocket and reads nothing, though its Origin and Host agree', async () => {
    const run = await smallRun();
    const { port } = new URL(run.url);
    const name = `other.example:${port}`;
    const headers = { Host: name, Origin: `http://${name}` };
    await expect(RawWorker.connect(run.url, headers)).rejects.toThrow(/403/);
    for (const path of [
      '/',
      '/healthz',
      '/api/status',
      '/api/weights',
      '/api/live',
      '/metrics',
      '/objects/x',
    ])
      expect(statusOf(await answerTo(run.url, `GET ${path} HTTP/1.1`, `Host: ${name}`)), path).toBe(403);
    for (const own of [`localhost:${port}`, `127.0.0.1:${port}`, '127.0.0.1', 'LOCALHOST.'])
      expect(statusOf(await answerTo(run.url, 'GET /api/status HTTP/1.1', `Host: ${own}`)), own).toBe(200);
    const metrics = await (await fetch(`${run.url}/metrics`)).text();
    expect(metrics).toContain('swarmgrad_connections_refused_total{reason="foreignHost"} 8\n');
  });

  it('is none where an address is called that is not this machine alone', () => {
    for (const host of ['192.168.1.7:8790', '[2001:db8::7]:8790', 'localhost', '[::1]'])
      expect(codeOf({ host: '0.0.0.0' }, host), host).toBeUndefined();
    for (const host of [
      'other.example',
      '192.168.1.7.nip.io',
      'localhost.other.example',
      '',
      'a b',
      undefined,
    ])
      expect(codeOf({ host: '0.0.0.0' }, host), host).toBe(403);
    // On loopback nobody calls an address of others.
    expect(codeOf({}, '192.168.1.7')).toBe(403);
  });
});

describe('names of a coordinator', () => {
  it('are those of --allowed-hosts and --host, and any where it asks for tokens', () => {
    const allowedHosts = 'train.example.org, gpu-box,2001:db8::7';
    for (const host of ['train.example.org', 'TRAIN.example.org.:443', 'gpu-box:8790', '[2001:db8::7]'])
      expect(codeOf({ allowedHosts }, host), host).toBeUndefined();
    expect(codeOf({ allowedHosts }, 'example.org')).toBe(403);
    expect(codeOf({ host: 'gpu-box' }, 'gpu-box:8790')).toBeUndefined();
    expect(codeOf({ allowedHosts: '*' }, 'other.example')).toBeUndefined();
    expect(codeOf({ auth: 'tokens' }, 'other.example')).toBeUndefined();
  });

  it('are refused where they are none', async () => {
    for (const allowedHosts of ['http://train.example.org', 'a b', '*.example.org'])
      expect(await refusalOf(() => hostCheck({ host: '::1', auth: 'none', allowedHosts }))).toMatch(
        /^--allowed-hosts .* is not a host: /,
      );
  });

  it('are told to a worker that called by another, with the option that allows it', async () => {
    const check = hostCheck({ host: '0.0.0.0', auth: 'none' });
    const { url } = await edge({ hosts: () => check(called('gpu-box:8790')) });
    const why = await new Promise<string>((resolve) => {
      const events = { opened: () => resolve('opened'), received: () => undefined };
      dial(`${url.replace('http', 'ws')}/swarm`, { ...events, closed: (_code, text) => resolve(text) });
    });
    expect(why).toMatch(/^answer 403: .*--allowed-hosts gpu-box/);
  });
});

it('two Host headers are no request', async () => {
  const { url } = await edge({ hosts: hostCheck({ host: '127.0.0.1', auth: 'tokens' }) });
  const twice = ['Host: localhost', 'hOST: other.example'];
  expect(statusOf(await answerTo(url, 'GET /healthz HTTP/1.1', ...twice))).toBe(400);
  const upgrade = [
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==',
  ];
  expect(statusOf(await answerTo(url, 'GET /swarm HTTP/1.1', ...twice, ...upgrade))).toBe(400);
  expect(hostCheck({ host: '127.0.0.1', auth: 'none' })(called('localhost', 'localhost'))?.code).toBe(400);
});

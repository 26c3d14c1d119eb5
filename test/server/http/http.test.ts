import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../../shared/data/manifest.js';
import type { Status } from '../../../shared/status/status.js';
import { RawWorker } from '../../support/cluster/raw-worker.js';
import { type SmallRun, shared, smallRun } from '../../support/cluster/small-run.js';

/** Without the URL normalization of `fetch`. */
function rawRequest(url: string, path: string, method = 'GET'): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, path, method }, (response) => {
      let body = '';
      response.on('data', (text) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode!, body }));
    });
    outgoing.on('error', reject).end();
  });
}

/** One run serves all: nothing here changes it. */
let run: SmallRun;
beforeAll(() =>
  shared(async (onEnd) => {
    run = await smallRun({}, onEnd);
  }),
);

describe('the HTTP side of a coordinator', () => {
  it('answers its health and its status', async () => {
    const health = await fetch(`${run.url}/healthz`);
    expect([health.status, await health.text()]).toEqual([200, 'ok\n']);
    const response = await fetch(`${run.url}/api/status`);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const status = (await response.json()) as Status;
    expect(status).toMatchObject({
      step: 0,
      steps: 4,
      epoch: 1,
      loss: null,
      testAccuracy: null,
      samplesPerSecond: 0,
      workers: [],
      shards: { counted: 0, reissued: 0, rejected: 0, duplicates: 0 },
    });
    expect(['starting', 'waiting']).toContain(status.state);
  });

  it('refuses other methods and unknown paths, and takes no path for a file', async () => {
    expect((await fetch(`${run.url}/api/status`, { method: 'POST' })).status).toBe(405);
    expect((await fetch(`${run.url}/api/status`, { method: 'HEAD' })).status).toBe(200);
    for (const path of [
      '/objects/../package.json',
      '/..%2f..%2fetc/passwd',
      '/objects/',
      '/objects/xyz',
      '//',
      '/%00',
    ]) {
      const { status, body } = await rawRequest(run.url, path);
      expect([400, 404]).toContain(status);
      expect(body).not.toMatch(/root:|swarmgrad"/);
    }
  });

  it('refuses a WebSocket anywhere but at /swarm', async () => {
    await expect(RawWorker.connect(`${run.url}/elsewhere`)).rejects.toThrow(/404/);
  });
});

describe('an object', () => {
  /** The hash of the first chunk of training data, as a worker finds it. */
  async function chunkOf(url: string) {
    const worker = await RawWorker.connect(url);
    const welcome = await worker.ready();
    const manifest = (await (await fetch(`${url}/objects/${welcome.train}`)).json()) as Manifest;
    return { welcome, manifest, chunk: manifest.chunks[0]! };
  }

  it('is what its hash says, for ever', async () => {
    const { chunk } = await chunkOf(run.url);
    const response = await fetch(`${run.url}/objects/${chunk.sha256}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(chunk.sha256);
    expect(bytes.length).toBe(chunk.bytes);
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(response.headers.get('etag')).toBe(`"${chunk.sha256}"`);
  });

  it('is not sent again to who has it', async () => {
    const { chunk } = await chunkOf(run.url);
    const headers = { 'If-None-Match': `W/"x", "${chunk.sha256}"` };
    const response = await fetch(`${run.url}/objects/${chunk.sha256}`, { headers });
    expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([304, 0]);
  });

  it.each([
    ['bytes=0-9', 206, 0, 10],
    ['bytes=5-', 206, 5, undefined],
    ['bytes=-7', 206, -7, undefined],
    ['bytes=0-999999999', 206, 0, undefined],
    ['bytes=1-2,4-5', 200, 0, undefined],
    ['lines=1-2', 200, 0, undefined],
  ])('is sent in part for Range %s', async (range, status, from, to) => {
    const { chunk } = await chunkOf(run.url);
    const whole = Buffer.from(await (await fetch(`${run.url}/objects/${chunk.sha256}`)).arrayBuffer());
    const response = await fetch(`${run.url}/objects/${chunk.sha256}`, { headers: { Range: range } });
    expect(response.status).toBe(status);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(whole.subarray(from, to ?? whole.length));
  });

  it('has no bytes beyond its end, and none under another name', async () => {
    const { chunk } = await chunkOf(run.url);
    const beyond = await fetch(`${run.url}/objects/${chunk.sha256}`, {
      headers: { Range: 'bytes=99999999-' },
    });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${chunk.bytes}`]);
    expect((await fetch(`${run.url}/objects/${'0'.repeat(64)}`)).status).toBe(404);
  });

  it('of the test set is no object of the training set', async () => {
    const { welcome, manifest } = await chunkOf(run.url);
    const test = (await (await fetch(`${run.url}/objects/${welcome.test}`)).json()) as Manifest;
    expect([manifest.split, test.split]).toEqual(['train', 'test']);
    const training = new Set(manifest.chunks.map(({ sha256 }) => sha256));
    expect(test.chunks.some(({ sha256 }) => training.has(sha256))).toBe(false);
  });
});

/** Objects of S3: signed as botocore does (fixtures/make-signatures.py), and read through a server that checks it. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { temporaryFolder } from '../../../../../test/support/files/temporary-folder.js';
import { refusalOf } from '../../../../../test/support/refusal.js';
import { absoluteData, openData, shownData } from '../../sources/sources.js';
import { joinedAddress } from './address.js';
import { s3Request } from './s3.js';

const root = temporaryFolder();
interface Signed {
  address: string;
  env: Record<string, string>;
  url: string;
  headers: Record<string, string>;
}
const fixture = new URL('fixtures/signatures.json', import.meta.url);
const { now, requests }: { now: string; requests: Signed[] } = JSON.parse(
  readFileSync(fileURLToPath(fixture), 'utf8'),
);
const TABLE = Array.from({ length: 20 }, (_, i) => `${i},${i % 2 ? 'odd' : 'even'}\n`).join('');

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** A server of the protocol, which knows one object. */
async function bucket(answer: (authorization: string | undefined) => [status: number, headers?: object]) {
  const asked: { path: string; authorization: string | undefined }[] = [];
  const server = createServer(({ url, headers }, response) => {
    asked.push({ path: url!, authorization: headers.authorization });
    const [status, more] = answer(headers.authorization);
    response.writeHead(status, { ...more }).end(status === 200 ? TABLE : '<Error/>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('SWARMGRAD_DATA_CACHE', join(root, `cache-${Math.random()}`));
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
    vi.stubEnv(name, undefined);
  return asked;
}
const SPEC = 's3://pets/my%20files/t.csv?test=0.5';

describe('an object of S3', () => {
  it.each(requests)('is asked for as botocore asks: $url', async ({ address, env, url, headers }) => {
    vi.useFakeTimers({ now: new Date(now), toFake: ['Date'] });
    const asked = await s3Request(new URL(address), { range: 'bytes=5-' }, env);
    expect(asked.url.href).toBe(url);
    const lower = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const { host: _, ...sent } = asked.headers;
    expect(sent).toEqual({ ...lower, range: 'bytes=5-' });
  });

  it('is data, told by its address', async () => {
    const asked = await bucket(() => [200, { etag: '"1"' }]);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'anna');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    const data = await openData(SPEC);
    expect(data.name).toBe('csv:s3://pets/my%20files/t.csv');
    expect(data.train.count + data.test.count).toBe(20);
    expect(asked[0]!.path).toBe('/pets/my%20files/t.csv');
    expect(asked[0]!.authorization).toContain('Credential=anna/');
    expect([absoluteData(SPEC), shownData(SPEC)]).toEqual([`csv:${SPEC}`, `csv:${SPEC}`]);
  });

  it('is read without a signature where there are no credentials', async () => {
    const asked = await bucket(() => [200]);
    await openData(SPEC);
    expect(asked[0]!.authorization).toBeUndefined();
  });

  it.each<[string, Record<string, string>, [number, object?], string]>([
    [
      'may not be read',
      {},
      [403],
      'answers 403: there is no such file, or it may not be read: set AWS_ACCESS_KEY_ID',
    ],
    ['is not there', {}, [404], 's3://pets/my%20files/t.csv answers 404: there is no such file'],
    ['lies in another region', {}, [301, { 'x-amz-bucket-region': 'eu-west-1' }], 'set AWS_REGION=eu-west-1'],
    [
      'leads elsewhere',
      {},
      [307, { location: 'http://127.0.0.1:1/' }],
      'leads elsewhere (307): set AWS_REGION or',
    ],
    ['lacks half of its key', { AWS_ACCESS_KEY_ID: 'anna' }, [200], 'must both be set, or neither'],
    [
      'has no server',
      { AWS_ENDPOINT_URL: 'somewhere' },
      [200],
      'AWS_ENDPOINT_URL is somewhere, which is no address',
    ],
  ])('that %s is refused in words', async (_what, env, answer, message) => {
    await bucket(() => answer);
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    expect(await refusalOf(openData(SPEC))).toContain(message);
  });

  it('must be named whole', async () => {
    await bucket(() => [200]);
    expect(await refusalOf(openData('csv:s3://pets'))).toBe('s3://pets must be s3://BUCKET/KEY');
    expect(joinedAddress('s3://pets/a', 'b c')).toBe('s3://pets/a/b%20c');
    const missing = () => Promise.reject(new Error('not installed'));
    const env = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
    expect(await refusalOf(s3Request(new URL('s3://a/b'), {}, env, missing as never))).toBe(
      's3://a/b needs aws4fetch: npm install aws4fetch',
    );
  });
});

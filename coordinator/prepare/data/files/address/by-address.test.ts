import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../../../../test/support/files/temporary-folder.js';
import { refusalOf } from '../../../../../test/support/refusal.js';
import { chunkPath } from '../../built/chunk-folder.js';
import { writeBuilt } from '../../built/write-built.js';
import { absoluteData, openData, shownData } from '../../sources/sources.js';
import { download } from './download.js';
import { NotThere } from './request.js';

const root = temporaryFolder();
const TABLE = Array.from({ length: 40 }, (_, i) => `${i},${i % 7},${i % 2 ? 'odd' : 'even'}\n`).join('');

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
let answers: Record<string, Answer> = {};
let asked: IncomingMessage[] = [];
const server = createServer((request, response) => {
  asked.push(request);
  const answer = answers[new URL(request.url!, 'http://h').pathname];
  if (answer) answer(request, response);
  else response.writeHead(404).end();
});
let origin = '';
const gives =
  (body: string | Buffer, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    response.writeHead(200, { 'content-length': Buffer.byteLength(body), ...headers }).end(body);

/** Ends the connection after so many bytes, unless a part is asked for. */
const cutAfter =
  (bytes: number, body: string, headers: Record<string, string> = {}): Answer =>
  (request, response) => {
    const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    if (from !== undefined) {
      const range = `bytes ${from}-${body.length - 1}/${body.length}`;
      response.writeHead(206, { ...headers, 'content-range': range }).end(body.slice(Number(from)));
      return;
    }
    response.writeHead(200, { 'content-length': body.length, ...headers });
    response.write(body.slice(0, bytes), () => response.destroy());
  };

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());
let caches = 0;
beforeEach(() => {
  vi.stubEnv('SWARMGRAD_DATA_CACHE', join(root, `cache-${caches++}`));
  asked = [];
  answers = { '/t.csv': gives(TABLE, { etag: '"1"' }) };
});
afterEach(() => void vi.unstubAllEnvs());

const fetchOne = (address: string, more: object = {}) =>
  download({ address, to: join(root, `to-${caches}`), wait: async () => undefined, ...more });
const fetched = () => readFileSync(join(root, `to-${caches}`), 'utf8');

describe('data at an address', () => {
  it('are those of the file, told by their address, and fetched again only if they have changed', async () => {
    const file = join(root, 't.csv');
    writeFileSync(file, TABLE);
    const local = await openData(`csv:${file}?test=0.5`);
    answers['/t.csv'] = (request, response) =>
      request.headers['if-none-match'] === '"1"'
        ? response.writeHead(304).end()
        : gives(TABLE, { etag: '"1"' })(request, response);
    const told: string[] = [];
    const spec = `${origin}/t.csv?test=0.5`;
    const data = await openData(spec, { preparing: (what) => told.push(what) });
    expect(data.train).toEqual(local.train);
    expect(data.name).toBe(`csv:${origin}/t.csv`);
    expect(data.parts!.train).toBe(local.parts!.train.replace(file, `${origin}/t.csv`));
    expect(told).toEqual([expect.stringMatching(/^fetched http:.*\/t\.csv: 0\.0 MB, kept in /)]);
    expect((await openData(spec)).train).toEqual(local.train);
    expect(asked.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"1"']);
    // A copy that is damaged is not asked after.
    const cache = process.env.SWARMGRAD_DATA_CACHE!;
    writeFileSync(join(cache, readdirSync(cache)[0]!, 't.csv'), 'x');
    expect((await openData(spec)).train).toEqual(local.train);
    answers['/t.csv'] = gives('1,2,a\n3,4,b\n', { etag: '"2"' });
    expect((await openData(spec)).train.count).toBe(1);
    await expect(openData(`csv:${origin}/t.csv?testfile=${origin}/none.csv`)).rejects.toThrow(
      /\/none\.csv answers 404: there is no such file, or it may not be read; check the address$/,
    );
  });

  it('are named in the errors of who reads them', async () => {
    answers['/bad.csv'] = gives('1,2,a\n3,x,b\n');
    expect(await refusalOf(openData(`csv:${origin}/bad.csv?header=false`))).toMatch(
      new RegExp(`^${origin}/bad\\.csv, line 2`),
    );
    expect(await refusalOf(openData(`${origin}/what`))).toBe(
      `--data ${origin}/what: say what lies there, for example csv:${origin}/what`,
    );
    expect(await refusalOf(openData(`module:${origin}/m.mjs`))).toMatch(/taken from a file alone/);
    expect(asked).toHaveLength(1);
  });

  it('may have a query of their own, which is no option, and nothing of it is told', async () => {
    answers['/t.csv'] = (request, response) =>
      request.url === '/t.csv?sig=a%2Fb%2Bc&id=1'
        ? gives(TABLE)(request, response)
        : response.writeHead(403).end();
    const spec = `csv:${origin}/t.csv?sig=a%2Fb%2Bc&id=1`;
    const told: string[] = [];
    const data = await openData(`${spec}?test=0.5`, { preparing: (what) => told.push(what) });
    expect(data.test.count).toBe(20);
    expect((await openData(spec)).test.count).toBe(8);
    expect((await openData(`${spec}?`)).test.count).toBe(8);
    expect(absoluteData(`${spec}?test=0.5`)).toBe(`${spec}?test=0.5`);
    expect(absoluteData(spec)).toBe(`${spec}?`);
    expect(shownData(`${spec}?test=0.5`)).toBe(`csv:${origin}/t.csv?sig=***&id=***?test=0.5`);
    expect(shownData(`csv:${origin.replace('//', '//me:secret@')}/t.csv`)).toBe(
      `csv:${origin.replace('//', '//***@')}/t.csv`,
    );
    const all = JSON.stringify([data.name, data.parts, data.notes, data.warnings, told]);
    expect(all).not.toContain('a%2Fb');
    expect(await refusalOf(openData(`csv:${origin}/t.csv?sig=secret`))).toBe(
      `${origin}/t.csv?sig=*** answers 403: there is no such file, or it may not be read; check the address`,
    );
    expect(await refusalOf(openData(shownData(`${spec}?test=0.5`)))).toMatch(/has lost its credentials/);
  });

  it('ask for user and password of the host alone that they were given for', async () => {
    answers['/t.csv'] = (_, response) =>
      response.writeHead(302, { location: `${origin.replace('127.0.0.1', 'localhost')}/u.csv` }).end();
    answers['/u.csv'] = gives(TABLE);
    await openData(`csv:${origin.replace('//', '//me:a%40b@')}/t.csv`);
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([
      `Basic ${Buffer.from('me:a@b').toString('base64')}`,
      undefined,
    ]);
  });

  it('of a folder are fetched by the names that the source knows', async () => {
    const spec = 'digits?train=2000&test=100';
    const dir = join(root, 'built');
    const source = await openData(spec);
    writeBuilt(source, dir);
    const manifest = JSON.parse(readFileSync(join(dir, 'train.json'), 'utf8'));
    for (const name of ['train.json', 'test.json'])
      answers[`/set/${name}`] = gives(readFileSync(join(dir, name)));
    const { chunks } = JSON.parse(readFileSync(join(dir, 'test.json'), 'utf8'));
    for (const { sha256 } of [...manifest.chunks, ...chunks])
      answers[`/set/${chunkPath(sha256)}`] = gives(readFileSync(join(dir, chunkPath(sha256))));
    const built = await openData(`built:${origin}/set/`);
    expect(built.name).toBe(`built:${origin}/set/`);
    expect(built.stored!.train.chunks).toEqual(manifest.chunks);
    const before = asked.length;
    await openData(`built:${origin}/set`);
    // The copy of the same folder, by another address, and then by the same: chunks are not fetched again.
    asked = [];
    await openData(`built:${origin}/set`);
    expect(asked.map(({ url }) => url)).toEqual(['/set/sequence.json', '/set/train.json', '/set/test.json']);
    expect(before).toBe(3 + manifest.chunks.length + chunks.length);
    answers[`/set/${chunkPath(manifest.chunks[1].sha256)}`] = gives('other bytes');
    vi.stubEnv('SWARMGRAD_DATA_CACHE', join(root, 'fresh'));
    expect(await refusalOf(openData(`built:${origin}/set`))).toMatch(/\/set\/chunks\/.* is damaged/);
  });

  it('of MNIST are found packed or not, and what is missing is told with its statuses', async () => {
    const idx = (magic: number, sizes: number[], body: number[]) =>
      Buffer.from(
        [magic, ...sizes].flatMap((n) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]).concat(body),
      );
    for (const part of ['train', 't10k']) {
      answers[`/mnist/${part}-images-idx3-ubyte`] = gives(idx(0x803, [2, 1, 1], [5, 9]));
      answers[`/mnist/${part}-labels.idx1-ubyte`] = gives(idx(0x801, [2], [0, 1]));
    }
    const data = await openData(`idx:${origin}/mnist`);
    expect([...data.train.x, ...data.train.y]).toEqual([5, 9, 0, 1]);
    delete answers['/mnist/t10k-labels.idx1-ubyte'];
    expect(await refusalOf(openData(`idx:${origin}/mnist`))).toMatch(
      /\/mnist has no t10k-labels-idx1-ubyte \(answers: t10k-labels-idx1-ubyte: 404, .*\): check the address/,
    );
  });
});

describe('a download', () => {
  it('that is cut off goes on where it was, if the server can tell that it is the same file', async () => {
    answers['/cut'] = cutAfter(5, '0123456789', { etag: '"strong"' });
    expect(await fetchOne(`${origin}/cut`)).toMatchObject({ bytes: 10, etag: '"strong"' });
    expect(fetched()).toBe('0123456789');
    expect(asked.map(({ headers }) => [headers.range, headers['if-range']])).toEqual([
      [undefined, undefined],
      ['bytes=5-', '"strong"'],
    ]);
  });

  it('begins anew where it cannot, and fails where the answer is always short', async () => {
    let times = 0;
    answers['/weak'] = (request, response) =>
      times++ < 1
        ? cutAfter(5, '0123456789', { etag: 'W/"1"' })(request, response)
        : gives('abc')(request, response);
    await fetchOne(`${origin}/weak`);
    expect(fetched()).toBe('abc');
    answers['/short'] = (_, response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('0', () => response.destroy());
    };
    expect(await refusalOf(fetchOne(`${origin}/short`))).toMatch(
      /\/short cannot be fetched: .* \(5 attempts, 0\.0 MB fetched\)/,
    );
  });

  it('waits longer each time while the server is busy, and as long as that asks for', async () => {
    let times = 0;
    answers['/busy'] = (request, response) => {
      if (times++ === 3) return gives('here')(request, response);
      response.writeHead(503, times === 2 ? { 'retry-after': '7' } : {}).end();
    };
    const waits: number[] = [];
    await fetchOne(`${origin}/busy`, { wait: async (ms: number) => waits.push(ms) });
    expect(waits).toEqual([500, 7000, 2000]);
    times = -100;
    expect(await refusalOf(fetchOne(`${origin}/busy`))).toMatch(
      /\/busy cannot be fetched: answer 503 \(5 attempts/,
    );
    expect(times).toBe(-95);
  });

  it('follows some redirects, and none in a circle', async () => {
    answers['/a'] = (_, response) => response.writeHead(307, { location: '/b' }).end();
    answers['/b'] = gives('b');
    await fetchOne(`${origin}/a`);
    expect(fetched()).toBe('b');
    answers['/b'] = (_, response) => response.writeHead(301, { location: '/a' }).end();
    expect(await refusalOf(fetchOne(`${origin}/a`))).toMatch(/is redirected more than 5 times/);
    answers['/b'] = (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    expect(await refusalOf(fetchOne(`${origin}/a`))).toMatch(
      /leads to file:\/\/\/etc\/passwd, which is not secure/,
    );
  });

  it('tells other answers at once', async () => {
    await expect(fetchOne(`${origin}/none`)).rejects.toThrow(NotThere);
    for (const [status, words] of [
      [401, /asks for credentials \(401\)/],
      [418, /answers 418: check the address/],
    ] as const) {
      answers['/other'] = (_, response) => response.writeHead(status).end();
      expect(await refusalOf(fetchOne(`${origin}/other`))).toMatch(words);
    }
    const port = new URL(origin).port;
    expect(await refusalOf(fetchOne(`http://127.0.0.1:${Number(port) === 1 ? 2 : 1}/x`))).toMatch(
      /cannot be fetched: .*ECONNREFUSED|cannot be fetched: /,
    );
  });

  it('leaves no half file where it fails', async () => {
    answers['/t.csv'] = (_, response) => response.writeHead(418).end();
    await refusalOf(openData(`csv:${origin}/t.csv`));
    const cache = process.env.SWARMGRAD_DATA_CACHE!;
    const [folder] = readdirSync(cache);
    expect(readdirSync(join(cache, folder!))).toEqual(['.about']);
    expect(readdirSync(join(cache, folder!, '.about'))).toEqual([]);
    const blocked = join(root, 'a-file');
    writeFileSync(blocked, '');
    vi.stubEnv('SWARMGRAD_DATA_CACHE', blocked);
    expect(await refusalOf(openData(`csv:${origin}/t.csv`))).toMatch(
      /cannot be kept in .*SWARMGRAD_DATA_CACHE names another/,
    );
    expect(existsSync(blocked)).toBe(true);
  });
});

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../../test/support/files/temporary-folder.js';
import { openStaticFiles, serveStatic } from './static.js';

const root = temporaryFolder();
const ENGINE = Buffer.from('an engine, in many words '.repeat(1000));
const PAGE = Buffer.from('<p>page</p>'.repeat(200));
mkdirSync(join(root, 'assets'));
const engineFile = join(root, 'assets', 'engine.wasm.br');
writeFileSync(engineFile, brotliCompressSync(ENGINE));
writeFileSync(join(root, 'index.html'), PAGE);
writeFileSync(join(root, 'index.html.gz'), gzipSync(PAGE));

async function served(): Promise<number> {
  const files = openStaticFiles(root);
  const server = createServer((asked, answer) => {
    if (!serveStatic(asked, answer, files)) answer.writeHead(404).end('none');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

function ask(port: number, path: string, encodings: string, method = 'GET') {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>(
    (resolve, reject) => {
      const headers = { 'accept-encoding': encodings, connection: 'close' };
      request({ port, path, method, headers, host: '127.0.0.1' }, async (answer) => {
        const parts: Buffer[] = [];
        for await (const part of answer) parts.push(part);
        resolve({ status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(parts) });
      })
        .on('error', reject)
        .end();
    },
  );
}

describe('an engine, which is there in one compressed form alone,', () => {
  it.each([
    ['gzip, br', 'br', brotliDecompressSync],
    ['gzip', 'gzip', gunzipSync],
    ['identity', undefined, (bytes: Buffer) => bytes],
  ] as const)('is served whole to who takes %s', async (encodings, encoding, decoded) => {
    const port = await served();
    // Also when many ask at once.
    const answers = await Promise.all([1, 2, 3].map(() => ask(port, '/assets/engine.wasm', encodings)));
    for (const { status, headers, body } of answers) {
      expect(status).toBe(200);
      expect(headers['content-encoding']).toBe(encoding);
      expect(headers['content-type']).toBe('application/wasm');
      expect(headers['content-length']).toBe(String(body.length));
      expect(decoded(body).equals(ENGINE)).toBe(true);
    }
    const head = await ask(port, '/assets/engine.wasm', encodings, 'HEAD');
    expect(head.body).toHaveLength(0);
    expect(head.headers['content-length']).toBe(answers[0]!.headers['content-length']);
  });

  it('is answered as not there once its file is gone', async () => {
    const port = await served();
    const kept = brotliCompressSync(ENGINE);
    rmSync(engineFile);
    expect((await ask(port, '/assets/engine.wasm', 'gzip')).status).toBe(404);
    writeFileSync(engineFile, kept);
    expect((await ask(port, '/assets/engine.wasm', 'gzip')).status).toBe(200);
  });
});

describe('a page', () => {
  it('is served under its address as it is, and compressed where there is such a file', async () => {
    const port = await served();
    const plain = await ask(port, '/', 'br');
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.body.equals(PAGE)).toBe(true);
    const zipped = await ask(port, '/', 'gzip, br');
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(zipped.body).equals(PAGE)).toBe(true);
    expect((await ask(port, '/index.html.gz', 'gzip')).status).toBe(404);
  });
});

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { engineAt } from './engine-at.js';

const ENGINE = Buffer.from('an engine');
const hash = `sha256-${createHash('sha256').update(ENGINE).digest('base64')}`;

async function coordinator(files: Record<string, Buffer>): Promise<string> {
  const server = createServer(({ url }, response) => {
    const body = files[url!];
    response.writeHead(body ? 200 : 404).end(body);
  });
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('an engine beside its own scripts is left to ONNX Runtime', async () => {
  const beside = { wasmPaths: { wasm: 'http://here/assets/engine.wasm' } };
  expect(await engineAt('http://here/assets/engine.wasm', 'http://coordinator')).toEqual(beside);
});

it('an engine elsewhere is the very one of its hash, below the path of its coordinator', async () => {
  const url = await coordinator({
    '/path/assets/a.wasm': ENGINE,
    '/path/assets/b.wasm': Buffer.from('another'),
  });
  const { wasmBinary } = (await engineAt(`assets/a.wasm#${hash}`, `${url}/path`)) as {
    wasmBinary: ArrayBuffer;
  };
  expect(Buffer.from(wasmBinary)).toEqual(ENGINE);
  for (const other of ['assets/b.wasm', 'assets/c.wasm'])
    await expect(engineAt(`${other}#${hash}`, `${url}/path`)).rejects.toThrow(
      'need one version of swarmgrad',
    );
});

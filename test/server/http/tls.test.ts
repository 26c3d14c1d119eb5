/** TLS on the coordinator's one port: files that are checked and followed, workers that verify. */
import { X509Certificate } from 'node:crypto';
import { copyFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type KeyPair, TlsFiles } from '../../../coordinator/server/network/tls.js';
import { get } from '../../../worker/node/http.js';
import { startWorker } from '../../../worker/node/start.js';
import { temporaryFolder } from '../../support/cluster/cluster.js';
import { smallRun } from '../../support/cluster/small-run.js';
import { type CertificateFiles, certificateIn } from '../../support/files/certificates.js';
import { refusalOf } from '../../support/refusal.js';

const opened = ({ cert, key }: { cert: string; key: string }) =>
  TlsFiles.open({ tlsCert: cert, tlsKey: key }, () => undefined);

describe('certificate and key', () => {
  it.each<[string, (dir: string, own: CertificateFiles) => Promise<[string, string]>, RegExp]>([
    ['no file', async (dir, { key }) => [join(dir, 'x.crt'), key], /--tls-cert .*x\.crt .*no such file/],
    [
      'the key in place of the certificate',
      async (_, { key }) => [key, key],
      /--tls-cert .*no certificate in PEM/,
    ],
    [
      'the certificate in place of the key',
      async (_, { cert }) => [cert, cert],
      /--tls-key .*no private key/,
    ],
    [
      'the key of another',
      async (dir, { cert }) => [cert, (await certificateIn(dir, 'other')).key],
      /--tls-key .*other\.key is not the key of the certificate .*own\.crt/,
    ],
    [
      'one that has expired',
      async (dir) => {
        const { cert, key } = await certificateIn(dir, 'old', [-3, -1]);
        return [cert, key];
      },
      /--tls-cert .*old\.crt expired on/,
    ],
    [
      'one that is not valid yet',
      async (dir) => {
        const { cert, key } = await certificateIn(dir, 'new', [1, 3]);
        return [cert, key];
      },
      /--tls-cert .*new\.crt holds only from/,
    ],
  ])('are refused in one line: %s', async (_what, choose, words) => {
    const dir = await temporaryFolder();
    const [cert, key] = await choose(dir, await certificateIn(dir));
    expect(await refusalOf(opened({ cert, key }))).toMatch(words);
  });

  it('go together', async () => {
    const files = TlsFiles.open({ tlsCert: 'a', tlsKey: undefined }, () => undefined);
    expect(await refusalOf(files)).toMatch(/give both/);
  });

  it('are read again when both fit together again, and not before', async () => {
    const dir = await temporaryFolder();
    const [own, next] = [await certificateIn(dir), await certificateIn(dir, 'next')];
    const warnings: string[] = [];
    const files = (await TlsFiles.open({ tlsCert: own.cert, tlsKey: own.key }, (text) =>
      warnings.push(text),
    ))!;
    const used: KeyPair[] = [];
    await files.look((pair) => used.push(pair));
    expect(used).toHaveLength(0);
    await copyFile(next.cert, own.cert);
    await files.look((pair) => used.push(pair));
    expect(used).toHaveLength(0);
    expect(warnings).toEqual([expect.stringMatching(/is not the key of .* stays in use$/)]);
    await copyFile(next.key, own.key);
    await files.look((pair) => used.push(pair));
    expect(used.map(({ cert }) => String(cert))).toEqual([next.pem]);
  });
});

/** A run on https, with tokens. */
async function secureRun() {
  const dir = await temporaryFolder();
  const files = await certificateIn(dir);
  const run = await smallRun({ auth: 'tokens', tlsCert: files.cert, tlsKey: files.key });
  const look = (path: string, ca: string | undefined, token?: string) =>
    get(run.url + path, { token, ca, maxBytes: 1 << 20, signal: AbortSignal.timeout(120_000) });
  return { run, files, look };
}

describe('a coordinator with a certificate', () => {
  it('serves https and wss on its one port: a worker that knows its authority trains', async () => {
    const { run, files } = await secureRun();
    expect(run.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const worker = startWorker({
      url: run.url.replace('https', 'wss'),
      engine: 'eager/cpu',
      token: run.firstTokens!.worker,
      ca: files.pem,
    });
    onTestFinished(() => worker.stop());
    expect((await run.finished).status).toBe('finished');
  });

  it('is not believed by who does not know its authority, and that is said', async () => {
    const { run, look } = await secureRun();
    await expect(look('/healthz', undefined)).rejects.toThrow(/self-signed/);
    const told = await new Promise<string>((resolve) => {
      const worker = startWorker({
        url: run.url,
        engine: 'eager/cpu',
        onEvent: ({ text }) => text.includes('certificate') && resolve(text),
      });
      worker.finished.catch(() => undefined);
      onTestFinished(() => worker.stop());
    });
    expect(told).toMatch(/self-signed certificate: give its authority by --ca FILE/);
    expect(run.status().workers).toEqual([]);
  });

  it('marks cookies, and asks browsers to come encrypted from now on', async () => {
    const { run, files } = await secureRun();
    const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
      const outgoing = request(
        `${run.url}/api/session`,
        { method: 'POST', ca: files.pem, headers: { 'X-Swarmgrad-Admin': '1' } },
        (response) => {
          response.resume();
          resolve(response.headers);
        },
      );
      outgoing.on('error', reject).end(JSON.stringify({ token: run.firstTokens!.admin }));
    });
    expect(headers['strict-transport-security']).toBe('max-age=31536000');
    expect(String(headers['set-cookie'])).toMatch(/^__Host-swarmgrad-[0-9a-f]{8}=sg_.*; Secure$/);
  });

  it('speaks no TLS older than 1.2, and gives no answer to plain HTTP', async () => {
    const { run, files, look } = await secureRun();
    const { port } = new URL(run.url);
    const old = connect({ port: Number(port), ca: files.pem, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' });
    await expect(new Promise((_, reject) => old.on('error', reject))).rejects.toThrow();
    await expect(fetch(run.url.replace('https', 'http'))).rejects.toThrow();
    expect((await look('/healthz', files.pem)).status).toBe(200);
  });

  it('has a way of their own for workers on its machine, which asks for a token as well', async () => {
    const dir = await temporaryFolder();
    const { cert, key } = await certificateIn(dir);
    const run = await smallRun({ auth: 'tokens', tlsCert: cert, tlsKey: key, localWorkers: 1 });
    expect(run.localUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const worker = startWorker({ url: run.localUrl, engine: 'eager/cpu', token: run.localToken });
    onTestFinished(() => worker.stop());
    expect((await fetch(`${run.localUrl}/api/status`)).status).toBe(401);
    expect((await run.finished).status).toBe('finished');
  });

  it('shows a renewed certificate to who connects from then on', async () => {
    const { run, files } = await secureRun();
    const shown = () =>
      new Promise<string>((resolve, reject) => {
        const socket: TLSSocket = connect({ port: Number(new URL(run.url).port), rejectUnauthorized: false });
        socket.on('error', reject).on('secureConnect', () => {
          resolve(socket.getPeerX509Certificate()!.fingerprint256);
          socket.destroy();
        });
      });
    expect(await shown()).toBe(new X509Certificate(files.pem).fingerprint256);
    const next = await certificateIn(await temporaryFolder(), 'next');
    await Promise.all([copyFile(next.key, files.key), writeFile(files.cert, next.pem)]);
    const expected = new X509Certificate(next.pem).fingerprint256;
    while ((await shown()) !== expected) await new Promise((resolve) => setTimeout(resolve, 100));
  });
});

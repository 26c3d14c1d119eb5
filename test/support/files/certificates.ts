/** Certificates of our own making, in files. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';

const DAY_MS = 86_400_000;

export interface CertificateFiles {
  cert: string;
  key: string;
  /** The certificate itself, in PEM form: it is its own authority. */
  pem: string;
}

/** Made out to localhost and 127.0.0.1. @param days from when and until when it holds, from now */
export async function certificateIn(
  dir: string,
  name = 'own',
  days: [number, number] = [-1, 2],
): Promise<CertificateFiles> {
  const at = (count: number) => new Date(Date.now() + count * DAY_MS);
  const pair = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: at(days[0]),
    notAfterDate: at(days[1]),
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  const files = { cert: join(dir, `${name}.crt`), key: join(dir, `${name}.key`) };
  await writeFile(files.cert, pair.cert);
  await writeFile(files.key, pair.private);
  return { ...files, pem: pair.cert };
}

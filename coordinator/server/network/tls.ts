/**
 * Certificate and key from their files: checked before they are used, and read again when they change, as
 * they do when they are renewed. Files that do not fit together are not taken: the ones before stay in use.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { messageOf, UserError } from '../../../shared/user-error.js';

const LOOK_MS = 5000;

export interface KeyPair {
  cert: Buffer;
  key: Buffer;
}

export interface TlsOptions {
  tlsCert: string | undefined;
  tlsKey: string | undefined;
}

export class TlsFiles {
  private timer: NodeJS.Timeout | undefined;
  private seen = '';

  private constructor(
    private readonly paths: { cert: string; key: string },
    private readonly warn: (text: string) => void,
    /** The pair in use. */
    public pair: KeyPair,
  ) {}

  /** Undefined where none are given. @throws UserError naming the file, and what is wrong with it */
  static async open({ tlsCert, tlsKey }: TlsOptions, warn: (text: string) => void) {
    if (tlsCert === undefined && tlsKey === undefined) return undefined;
    if (tlsCert === undefined || tlsKey === undefined) {
      throw new UserError('--tls-cert and --tls-key go together: give both', 2);
    }
    const paths = { cert: tlsCert, key: tlsKey };
    const files = new TlsFiles(paths, warn, await readPair(paths, Date.now()));
    files.seen = await files.looks();
    return files;
  }

  /** Calls `use` with each pair that takes the place of the one before. */
  follow(use: (pair: KeyPair) => void): void {
    this.timer = setInterval(() => void this.look(use), LOOK_MS).unref();
  }

  /** Reads the files if they have changed. */
  async look(use: (pair: KeyPair) => void): Promise<void> {
    const looks = await this.looks();
    if (looks === this.seen) return;
    this.seen = looks;
    try {
      this.pair = await readPair(this.paths, Date.now());
      use(this.pair);
    } catch (error) {
      this.warn(`${messageOf(error)}; the certificate before stays in use`);
    }
  }

  close(): void {
    clearInterval(this.timer);
  }

  private async looks(): Promise<string> {
    const { cert, key } = this.paths;
    const both = await Promise.all([cert, key].map((path) => stat(path).catch(() => undefined)));
    return both.map((found) => (found ? [found.ino, found.mtimeMs, found.size].join() : 'absent')).join(' ');
  }
}

async function readPair(paths: { cert: string; key: string }, now: number): Promise<KeyPair> {
  const [cert, key] = [await readPem('--tls-cert', paths.cert), await readPem('--tls-key', paths.key)];
  const certificate = parsed('--tls-cert', paths.cert, 'certificate', () => new X509Certificate(cert));
  const privateKey: KeyObject = parsed('--tls-key', paths.key, 'private key', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new UserError(
      `--tls-key ${paths.key} is not the key of the certificate ${paths.cert}: give those of one pair`,
    );
  }
  const { validFrom, validTo } = certificate;
  if (Date.parse(validTo) <= now)
    throw new UserError(`--tls-cert ${paths.cert} expired on ${validTo}: renew it`);
  if (Date.parse(validFrom) > now) {
    throw new UserError(`--tls-cert ${paths.cert} holds only from ${validFrom} on: is the clock right?`);
  }
  return { cert, key };
}

async function readPem(flag: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UserError(`${flag} ${path} cannot be read: ${isMissing ? 'no such file' : messageOf(error)}`);
  }
}

function parsed<T>(flag: string, path: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    throw new UserError(`${flag} ${path} holds no ${what} in PEM form without a passphrase`);
  }
}

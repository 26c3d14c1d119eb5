/**
 * The tokens in force: those of the file, which is read again when it has changed, and those that were
 * issued for this process alone. Tells who showed a token, and tells connections when theirs is void.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Role } from '../../shared/roles.js';
import { messageOf } from '../../shared/user-error.js';
import { changeTokens, readTokens } from './token-file.js';
import { digestOf, isExpired, newToken, type StoredToken } from './tokens.js';

/** How often the file is looked at, and how late a token can be found to have expired. */
const LOOK_MS = 1000;

export interface Holder {
  /** Of the token. */
  id: string;
  role: Role;
  name: string;
}

export interface KeyringOptions {
  /** Undefined: only tokens that are issued here. */
  path: string | undefined;
  /** Milliseconds since 1970. */
  now(): number;
  warn(text: string): void;
}

export class Keyring {
  private tokens: StoredToken[] = [];
  private readonly issued: StoredToken[] = [];
  /** To be stored once there is a folder for the file. */
  private unsaved: StoredToken[] = [];
  private readonly holders = new Map<() => void, string>();
  private timer: NodeJS.Timeout | undefined;
  /** What the file looked like when it was read. */
  private seen = '';

  constructor(private readonly options: KeyringOptions) {}

  /** Differs between coordinators that browsers reach under one host name. */
  get id(): string {
    return createHash('sha256')
      .update(this.options.path ?? String(process.pid))
      .digest('hex')
      .slice(0, 8);
  }

  get isEmpty(): boolean {
    return this.tokens.length === 0;
  }

  /** Reads the file, and looks at it from now on. @throws UserError */
  async open(): Promise<void> {
    const { path } = this.options;
    if (path !== undefined) {
      this.seen = await looksOf(path);
      this.tokens = await readTokens(path);
    }
    this.timer = setInterval(() => void this.look(), LOOK_MS).unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  /** A token that holds as long as this process. */
  issue(role: Role, name: string): string {
    const { token, stored } = newToken({ role, name }, this.options.now());
    this.issued.push(stored);
    return token;
  }

  /** A token for the file: it holds at once, and lasts once `save` was called. */
  create(role: Role): string {
    const { token, stored } = newToken({ role }, this.options.now());
    this.unsaved.push(stored);
    return token;
  }

  /** @throws UserError */
  async save(): Promise<void> {
    const { path } = this.options;
    if (path === undefined || this.unsaved.length === 0) return;
    await changeTokens(path, (tokens) => [...tokens, ...this.unsaved]);
    this.tokens.push(...this.unsaved);
    this.unsaved = [];
  }

  /** All digests are compared, each in constant time: how long it takes tells nothing of any token. */
  holderOf(token: string): Holder | undefined {
    const digest = digestOf(token);
    let found: StoredToken | undefined;
    for (const stored of this.all()) {
      if (timingSafeEqual(digest, Buffer.from(stored.sha256, 'hex'))) found = stored;
    }
    return found && !isExpired(found, this.options.now()) ? found : undefined;
  }

  /** Calls `lost` once the token is revoked or has expired. @returns what ends that */
  watch({ id }: Holder, lost: () => void): () => void {
    this.holders.set(lost, id);
    return () => this.holders.delete(lost);
  }

  /** Reads the file if it has changed. Called every second. */
  async look(): Promise<void> {
    const { path, warn, now } = this.options;
    if (path !== undefined) {
      const looks = await looksOf(path);
      if (looks !== this.seen) {
        this.seen = looks;
        try {
          this.tokens = await readTokens(path);
        } catch (error) {
          // Nobody is let in or thrown out by a file that somebody has damaged.
          warn(`${messageOf(error)}; the tokens read before stay in force`);
        }
      }
    }
    const inForce = new Set(
      this.all()
        .filter((token) => !isExpired(token, now()))
        .map(({ id }) => id),
    );
    for (const [lost, id] of [...this.holders]) {
      if (inForce.has(id)) continue;
      this.holders.delete(lost);
      lost();
    }
  }

  private all(): StoredToken[] {
    return [...this.tokens, ...this.issued, ...this.unsaved];
  }
}

/** Changes whenever the file does: each change is a new file under its name. */
async function looksOf(path: string): Promise<string> {
  try {
    const { ino, mtimeMs, size } = await stat(path);
    return [ino, mtimeMs, size].join();
  } catch {
    return 'absent';
  }
}

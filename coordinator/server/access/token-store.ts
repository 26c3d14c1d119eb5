/**
 * The tokens in force: those of the file, which is read again when it has changed, and those that were
 * issued for this process alone. Tells who showed a token, and tells connections when theirs is void.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Role } from '../../../shared/protocol/roles.js';
import { messageOf } from '../../../shared/user-error.js';
import { changeTokens, readTokens } from './token-file.js';
import { digestOf, isExpired, newToken, type StoredToken } from './tokens.js';

/** How often the file is looked at, and how late a token can be found to have expired. */
const LOOK_MS = 1000;

export interface HeldToken {
  /** The id of the token. */
  id: string;
  role: Role;
  name: string;
}

/** Called once a token is void. */
export type Lost = (why: 'revoked' | 'expired') => void;

export interface TokenStoreOptions {
  /** Undefined: only tokens that are issued here. */
  path: string | undefined;
  /** Milliseconds since 1970. */
  now(): number;
  warn(text: string): void;
}

export class TokenStore {
  private tokens: StoredToken[] = [];
  private readonly issued: StoredToken[] = [];
  /** Tokens to store once there is a folder for the file. */
  private unsaved: StoredToken[] = [];
  private readonly watchers = new Map<Lost, string>();
  private timer: NodeJS.Timeout | undefined;
  /** What the file looked like when it was read. */
  private seen = '';

  constructor(private readonly options: TokenStoreOptions) {}

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
  create(role: Role, lifeMs?: number): string {
    const { token, stored } = newToken({ role, lifeMs }, this.options.now());
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

  find(token: string): HeldToken | undefined {
    const found = this.match(token);
    return found && !isExpired(found, this.options.now()) ? found : undefined;
  }

  /** Whether it is one of our tokens that has expired, by this machine's clock. */
  hasExpired(token: string): boolean {
    const found = this.match(token);
    return found !== undefined && isExpired(found, this.options.now());
  }

  /** All digests are compared, each in constant time: how long it takes tells nothing of any token. */
  private match(token: string): StoredToken | undefined {
    const digest = digestOf(token);
    let found: StoredToken | undefined;
    for (const stored of this.all()) {
      if (timingSafeEqual(digest, Buffer.from(stored.sha256, 'hex'))) found = stored;
    }
    return found;
  }

  /** Calls `lost` once the token is revoked or has expired. @returns what ends that */
  watch({ id }: HeldToken, lost: Lost): () => void {
    this.watchers.set(lost, id);
    return () => this.watchers.delete(lost);
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
          // A damaged file neither lets anyone in nor throws anyone out.
          warn(`${messageOf(error)}; the tokens read before stay in force`);
        }
      }
    }
    const known = new Map(this.all().map((token) => [token.id, isExpired(token, now())]));
    for (const [lost, id] of [...this.watchers]) {
      const hasExpired = known.get(id);
      if (hasExpired === false) continue;
      this.watchers.delete(lost);
      lost(hasExpired ? 'expired' : 'revoked');
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

/** A small run that asks for tokens, with one token of each role. */
import { onTestFinished } from 'vitest';
import { changeTokens, tokenFile } from '../../../coordinator/server/access/token-file.js';
import { TokenStore } from '../../../coordinator/server/access/token-store.js';
import type { StartCoordinatorOptions } from '../../../coordinator/start.js';
import { ROLES, type Role } from '../../../shared/protocol/roles.js';
import { temporaryFolder } from './cluster.js';
import { type SmallRun, smallRun } from './small-run.js';

export interface TokenRun extends SmallRun {
  tokens: Record<Role, string>;
  tokensFile: string;
  /** Takes all tokens of a role out of the file. */
  revoke(role: Role): Promise<void>;
}

export async function tokenRun(
  options: StartCoordinatorOptions = {},
  onEnd: (end: () => Promise<unknown>) => void = onTestFinished as never,
): Promise<TokenRun> {
  const path = tokenFile(await temporaryFolder(onEnd));
  const store = new TokenStore({ path, now: () => Date.now(), warn: () => undefined });
  const tokens = Object.fromEntries(ROLES.map((role) => [role, store.create(role)])) as Record<Role, string>;
  await store.save();
  const run = await smallRun({ auth: 'tokens', tokens: path, ...options }, onEnd);
  const revoke = (role: Role) => changeTokens(path, (all) => all.filter((token) => token.role !== role));
  return { ...run, tokens, tokensFile: path, revoke };
}

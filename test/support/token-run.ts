/** A small run that asks for tokens, with one token of each role. */
import { onTestFinished } from 'vitest';
import { Keyring } from '../../coordinator/access/keyring.js';
import { changeTokens, tokenFile } from '../../coordinator/access/token-file.js';
import type { StartCoordinatorOptions } from '../../coordinator/start.js';
import { ROLES, type Role } from '../../shared/roles.js';
import { temporaryFolder } from './cluster.js';
import { type SmallRun, smallRun } from './small-run.js';

export interface TokenRun extends SmallRun {
  tokens: Record<Role, string>;
  /** Takes all tokens of a role out of the file. */
  revoke(role: Role): Promise<void>;
}

export async function tokenRun(
  options: StartCoordinatorOptions = {},
  onEnd: (end: () => Promise<unknown>) => void = onTestFinished as never,
): Promise<TokenRun> {
  const path = tokenFile(await temporaryFolder(onEnd));
  const ring = new Keyring({ path, now: () => Date.now(), warn: () => undefined });
  const tokens = Object.fromEntries(ROLES.map((role) => [role, ring.create(role)])) as Record<Role, string>;
  await ring.save();
  const run = await smallRun({ auth: 'tokens', tokens: path, ...options }, onEnd);
  const revoke = (role: Role) => changeTokens(path, (all) => all.filter((token) => token.role !== role));
  return { ...run, tokens, revoke };
}

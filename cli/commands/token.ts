/** `swarmgrad token`: makes, lists and revokes the tokens of a run; a running coordinator follows within a second. */
import type { Command } from 'commander';
import { COORDINATOR_OPTIONS } from '../../coordinator/options/options.js';
import { runFolder } from '../../coordinator/record/folder/run-folder.js';
import { readConfiguration } from '../../coordinator/record/folder/stored-configuration.js';
import { changeTokens, readTokens, tokenFile } from '../../coordinator/server/access/token-file.js';
import { isExpired, newToken, type StoredToken } from '../../coordinator/server/access/tokens.js';
import {
  joinAddress,
  joinLine,
  linkWith,
  reachableByOthers,
} from '../../coordinator/server/network/addresses.js';
import type { Options } from '../../shared/options/option.js';
import { matching, oneOf, text } from '../../shared/options/option-kinds.js';
import { ROLES, type Role } from '../../shared/protocol/roles.js';
import { UserError } from '../../shared/user-error.js';
import { addFlags, givenFlags } from '../input/flags.js';
import { codeOf } from '../output/invitation.js';

const MS = { m: 60e3, h: 3600e3, d: 86_400e3 } as const;
const call = { scope: 'call', default: undefined } as const;

const PLACE = {
  runDir: { ...call, kind: text('DIR'), meaning: 'folder of the run', otherwise: '--tokens is given' },
  tokens: { ...COORDINATOR_OPTIONS.tokens, ...call },
} satisfies Options;

const NEW = {
  role: {
    ...call,
    kind: oneOf('ROLE', ROLES),
    meaning: 'admin: steers; worker: computes, and is trusted; volunteer: computes; monitor: watches',
    otherwise: 'must be given',
  },
  name: { ...call, kind: text('NAME'), meaning: 'whose it is, for people to read', otherwise: 'the role' },
  expires: {
    ...call,
    kind: matching('TIME', 'a whole number with m, h or d, for example 7d', /^[1-9]\d{0,5}[mhd]$/),
    meaning: 'for how long it holds: 90m, 12h, 7d',
    otherwise: 'until it is revoked',
  },
  url: {
    ...call,
    kind: matching('URL', 'an address, http://HOST[:PORT] or https://HOST[:PORT]', /^https?:\/\/[^/]+\/?$/),
    meaning: 'address under which others reach the coordinator, for the link that is shown',
    otherwise: 'host and port of the run',
  },
} satisfies Options;

export function addToken(program: Command): void {
  const token = program.command('token').description('make, list and revoke the tokens of a run');
  const create = token.command('create').description('make a token; it is shown this once');
  addFlags(addFlags(create, NEW), PLACE).action(() => createToken(create));
  const list = token.command('list').description('show what tokens there are, not the tokens themselves');
  addFlags(list, PLACE).action(async () => console.log(tableOf(await readTokens(await pathOf(list)))));
  const revoke = token
    .command('revoke')
    .description('end a token; connections that were made with it are closed')
    .argument('<id-or-name>', 'as `token list` shows it; a name that several have ends them all');
  addFlags(revoke, PLACE).action((which: string) => revokeTokens(which, revoke));
}

async function createToken(command: Command): Promise<void> {
  const { role, name, expires, url } = givenFlags(NEW, command);
  if (role === undefined) throw new UserError(`--role must be given: ${ROLES.join(', ')}`, 2);
  const lifeMs =
    expires === undefined ? undefined : Number.parseInt(expires, 10) * MS[expires.at(-1) as keyof typeof MS];
  const { token, stored } = newToken({ role, name, lifeMs }, Date.now());
  await changeTokens(await pathOf(command), (tokens) => [...tokens, stored]);
  // The token alone on standard output, for scripts.
  console.log(token);
  const address = url?.replace(/\/$/, '') ?? (await addressOfRun(command));
  for (const line of address ? useOf(role, token, address) : []) console.error(line);
}

/** How the token is used, for people. */
function useOf(role: Role, token: string, url: string): string[] {
  if (role === 'worker') return [joinLine(url, true).replace('...', token)];
  const link = linkWith(role === 'volunteer' ? joinAddress(url) : `${reachableByOthers(url)}/`, token);
  return [`link: ${link}`, ...codeOf(link, process.stderr)];
}

/** Undefined where it is not known before the run: there is none yet, or its port is any free one. */
async function addressOfRun(command: Command): Promise<string | undefined> {
  const { runDir } = givenFlags(PLACE, command);
  if (runDir === undefined) return undefined;
  const stored = await readConfiguration(runFolder(runDir)).catch(() => undefined);
  const { host = COORDINATOR_OPTIONS.host.default, port = COORDINATOR_OPTIONS.port.default } = stored ?? {};
  return stored && port !== 0 ? `http://${host}:${port}` : undefined;
}

async function revokeTokens(which: string, command: Command): Promise<void> {
  const path = await pathOf(command);
  let gone: StoredToken[] = [];
  await changeTokens(path, (tokens) => {
    gone = tokens.filter(({ id, name }) => id === which || name === which);
    if (gone.length === 0)
      throw new UserError(`${path} has no token ${which}: \`swarmgrad token list\` shows those it has`);
    return tokens.filter((token) => !gone.includes(token));
  });
  for (const { id, role, name } of gone) console.log(`revoked ${id} (${role}, ${name})`);
}

async function pathOf(command: Command): Promise<string> {
  const { runDir, tokens } = givenFlags(PLACE, command);
  if (tokens !== undefined) return tokens;
  if (runDir === undefined) throw new UserError('give --run-dir DIR or --tokens FILE: whose tokens?', 2);
  const stored = await readConfiguration(runFolder(runDir)).catch(() => undefined);
  return stored?.tokens ?? tokenFile(runDir);
}

function tableOf(tokens: readonly StoredToken[]): string {
  if (tokens.length === 0) return 'no tokens';
  const now = Date.now();
  const rows = tokens.map((token) => [
    token.id,
    token.role,
    token.name,
    token.created.slice(0, 10),
    token.expires === null ? 'never' : `${isExpired(token, now) ? 'expired ' : ''}${token.expires}`,
  ]);
  const all = [['id', 'role', 'name', 'created', 'expires'], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

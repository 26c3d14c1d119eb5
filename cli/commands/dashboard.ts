/** `swarmgrad dashboard RUN_DIR...`: shows runs from their files as these grow, their curves laid over each other. */
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { openStoredRun, type StoredRun } from '../../coordinator/monitor/stored/stored-run.js';
import { COORDINATOR_OPTIONS } from '../../coordinator/options/options.js';
import { openStaticFiles } from '../../coordinator/server/http/static.js';
import { linkWith, reachableByOthers } from '../../coordinator/server/network/addresses.js';
import { DEFAULT_LIMITS } from '../../coordinator/server/network/limits.js';
import { serve } from '../../coordinator/server/serve.js';
import { withDefaults } from '../../shared/options/read-options.js';
import { messageOf } from '../../shared/user-error.js';
import { addFlags, givenFlags } from '../input/flags.js';
import { interrupted } from '../input/interruptions.js';

/** How often the files are looked at. Being told of changes works on some file systems only. */
const LOOK_EVERY_MS = 1000;

const { host, port, auth, anyoneMayJoin, allowedHosts, tlsCert, tlsKey, trustedProxy } = COORDINATOR_OPTIONS;
const OPTIONS = {
  host: { ...host, meaning: 'address to listen on; 0.0.0.0: other machines reach it' },
  port,
  tlsCert,
  tlsKey,
  trustedProxy,
  auth,
  anyoneMayJoin: { ...anyoneMayJoin, meaning: 'no tokens, though other machines reach the port' },
  allowedHosts,
  tokens: {
    ...COORDINATOR_OPTIONS.tokens,
    otherwise: 'none: a token is made for this call, and told',
  },
};

export function addDashboard(program: Command): void {
  const command = program
    .command('dashboard')
    .description('show runs from their files in a browser, their curves laid over each other; until Ctrl-C')
    .argument('<run-dir...>', "the runs' folders");
  addFlags(command, OPTIONS).action((runDirs: string[]) => showDashboard(runDirs, command));
}

async function showDashboard(runDirs: string[], command: Command): Promise<void> {
  const options = withDefaults(OPTIONS, givenFlags(OPTIONS, command));
  const runs: StoredRun[] = [];
  for (const [id, dir] of runDirs.entries()) runs.push(await openStoredRun(dir, String(id)));
  const dashboard = { server: randomUUID(), runs, live: false };
  const routes = { pages: openStaticFiles(), dashboard, join: () => '' };
  const server = await serve({ ...options, ...DEFAULT_LIMITS }, routes, (text) => console.error(text));
  console.log(`swarmgrad dashboard on ${server.url}`);
  const token = options.tokens === undefined && server.issue('monitor', 'this call');
  if (token) console.log(`open it by ${linkWith(`${reachableByOthers(server.url)}/`, token)}`);
  const stopFollowing = follow(runs);
  await interrupted();
  stopFollowing();
  await server.close();
}

/** Returns what ends it. */
function follow(runs: readonly StoredRun[]): () => void {
  const troubled = new Map<StoredRun, string>();
  let isOver = false;
  let timer: NodeJS.Timeout;
  const look = async () => {
    for (const run of runs) {
      try {
        await run.refresh();
        troubled.delete(run);
      } catch (error) {
        // A file that is being replaced, perhaps: what was read before stays, and the trouble is told once.
        const text = messageOf(error);
        if (troubled.get(run) !== text) run.events.warn(text);
        troubled.set(run, text);
      }
    }
    if (!isOver) timer = setTimeout(look, LOOK_EVERY_MS);
  };
  timer = setTimeout(look, LOOK_EVERY_MS);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

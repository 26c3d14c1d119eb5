/** `swarmgrad dashboard RUN_DIR...`: shows runs from their files, their curves laid over each other. */
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { openStoredRun } from '../coordinator/monitor/stored-run.js';
import { listen } from '../coordinator/server/listen.js';
import { openStaticFiles } from '../coordinator/server/static.js';
import { COORDINATOR_OPTIONS } from '../shared/options.js';
import { addFlags, givenFlags } from './flags.js';
import { interrupted } from './interruptions.js';

const OPTIONS = { host: COORDINATOR_OPTIONS.host, port: COORDINATOR_OPTIONS.port };

export function addDashboard(program: Command): void {
  const command = program
    .command('dashboard')
    .description('show finished runs in a browser, their curves laid over each other; until Ctrl-C')
    .argument('<run-dir...>', "the runs' folders");
  addFlags(command, OPTIONS).action((runDirs: string[]) => showDashboard(runDirs, command));
}

async function showDashboard(runDirs: string[], command: Command): Promise<void> {
  const { host = OPTIONS.host.default, port = OPTIONS.port.default } = givenFlags(OPTIONS, command);
  const runs = [];
  for (const [id, dir] of runDirs.entries()) runs.push(await openStoredRun(dir, String(id)));
  const dashboard = { server: randomUUID(), runs, live: false, join: () => '' };
  const server = await listen(host, port, undefined, { pages: openStaticFiles(), dashboard });
  console.log(`swarmgrad dashboard on ${server.url}`);
  await interrupted();
  await server.close();
}

#!/usr/bin/env node
/** The binary `swarmgrad`. */

// Stacks then name the sources. Only what is loaded after this is mapped, and each module takes longer to load.
if (process.argv.includes('--verbose')) process.setSourceMapsEnabled(true);
// A reader that has seen enough, as `| head` has, is no error. What runs for long ends cleanly then, by a listener of its own.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  if (process.stdout.listenerCount('error') === 1) process.exit(141);
});
const { main } = await import('./main.js');

process.exitCode = await main(process.argv.slice(2));

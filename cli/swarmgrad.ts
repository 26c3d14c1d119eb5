#!/usr/bin/env node
/** The binary `swarmgrad`. */

// Stacks then name the sources. Only what is loaded after this is mapped, and each module takes longer to load.
if (process.argv.includes('--verbose')) process.setSourceMapsEnabled(true);
const { main } = await import('./main.js');

process.exitCode = await main(process.argv.slice(2));

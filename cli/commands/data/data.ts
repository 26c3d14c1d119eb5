/** `swarmgrad data`: what can be done with data sets beside training on them. */
import type { Command } from 'commander';
import { addDataBuild } from './build.js';

export function addData(program: Command): void {
  const data = program.command('data').description('data sets: build one ahead of its runs');
  addDataBuild(data);
}

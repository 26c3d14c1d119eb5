/** `swarmgrad data ...`: what is done with data sets alone, without a model or a run. */
import type { Command } from 'commander';
import { addDataBuild } from './build.js';
import { addDataInfo } from './info.js';

export function addData(program: Command): void {
  const data = program.command('data').description('look at data sets, or build them ahead, without a run');
  for (const add of [addDataInfo, addDataBuild]) add(data);
}

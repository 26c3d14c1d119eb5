/** `swarmgrad engines`: what of this machine computes a model, how fast, and why not the rest. */
import type { Command } from 'commander';
import { COORDINATOR_OPTIONS } from '../shared/options.js';
import { readOptions } from '../shared/read-options.js';
import { DASH, known, table } from './format.js';
import type { EnginesResult } from './try-engines.js';

interface Flags {
  data?: string;
  model?: string;
  batchSize?: string;
  json?: true;
}

export function addEngines(program: Command): void {
  program
    .command('engines')
    .description(
      "try every engine of this machine on a model: time of a shard, agreement with TF.js's cpu backend",
    )
    .option('--data <SPEC>', 'data set (default: digits)')
    .option('--model <SPEC>', 'model (default: mlp)')
    .option('--batch-size <N>', "samples of one step (default: the model's own)")
    .option('--json', 'as one JSON object')
    .action(engines);
}

async function engines({ json, ...flags }: Flags): Promise<void> {
  const given = readOptions(COORDINATOR_OPTIONS, flags, { where: 'engines' });
  const { tryEngines } = await import('./try-engines.js');
  const result = await tryEngines(given);
  if (json) console.log(JSON.stringify(result));
  else console.log(enginesText(result));
}

export function enginesText({ data, model, shardSamples, chosen, engines }: EnginesResult): string {
  const rows = engines.map(({ name, engineClass, shardMs, distance, refused }) => [
    name === chosen ? `${name} *` : name,
    known(shardMs, (ms) => ms.toPrecision(3)),
    known(distance, (value) => value.toExponential(1)),
    refused ?? engineClass ?? DASH,
  ]);
  const lines = table(['engine', 'ms a shard', 'off by', 'class, or why not'], rows);
  const note =
    '* what a worker takes; "off by": the largest difference of a gradient from TF.js on cpu, relative';
  return [`${model} on ${data}, shards of ${shardSamples} samples`, '', ...lines, '', note].join('\n');
}

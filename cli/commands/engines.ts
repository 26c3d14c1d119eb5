/** `swarmgrad engines`: which engines of this machine compute a model, how fast, and why the others cannot. */
import type { Command } from 'commander';
import { COORDINATOR_OPTIONS } from '../../coordinator/options/options.js';
import { readOptions } from '../../shared/options/read-options.js';
import { count, DASH, known, table } from '../output/format.js';
import type { EnginesResult } from '../tasks/try-engines.js';

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
  const { tryEngines } = await import('../tasks/try-engines.js');
  const result = await tryEngines(given, (what) => console.error(`${what} ...`));
  if (json) console.log(JSON.stringify(result));
  else console.log(enginesText(result));
}

export function enginesText({ data, model, shardSamples, chosen, engines, speed }: EnginesResult): string {
  const rows = engines.map(({ name, engineClass, shardMs, distance, refused }) => [
    name === chosen ? `${name} *` : name,
    known(shardMs, (ms) => ms.toPrecision(3)),
    known(distance, (value) => value.toExponential(1)),
    refused ?? engineClass ?? DASH,
  ]);
  const lines = table(['engine', 'ms a shard', 'off by', 'class, or why not'], rows);
  const note =
    '* what a worker takes, all its lanes counted; "off by": the largest difference of a gradient from TF.js on cpu, relative';
  const { lanes, ofOne, ofAll } = speed;
  const one = `${chosen}: ${count(ofOne)} samples/s in one lane`;
  const all = lanes === 1 ? one : `${one}, ${count(ofAll)} in ${lanes} (${(ofAll / ofOne).toFixed(2)} times)`;
  return [`${model} on ${data}, shards of ${shardSamples} samples`, '', ...lines, '', note, all].join('\n');
}

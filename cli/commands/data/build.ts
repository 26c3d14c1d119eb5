/** `swarmgrad data build SPEC --to DIR`: reads a data set once, and writes the chunks that runs then take as they are. */
import { type Command, Option } from 'commander';
import type { Manifest } from '../../../shared/data/manifest.js';
import { LOSSES, type LossName } from '../../../shared/numerics/losses.js';
import { count, significant } from '../../output/format.js';

interface Flags {
  to: string;
  model?: string;
  loss?: LossName;
  json?: true;
}

export function addDataBuild(data: Command): void {
  data
    .command('build')
    .description('write a data set as chunks and manifests, for --data built:DIR')
    .argument('<spec>', 'the data set, as --data names it')
    .requiredOption('--to <DIR>', 'a new or empty folder')
    .option('--model <SPEC>', 'scale values as a run of this model does (default: as most models need them)')
    .addOption(new Option('--loss <NAME>', 'the loss of that run').choices(LOSSES))
    .option('--json', 'as one JSON object')
    .action(build);
}

async function build(spec: string, { to, model, loss, json }: Flags): Promise<void> {
  const { buildData } = await import('../../tasks/build-data.js');
  const { train, test, notes } = await buildData({ spec, to, model, loss }, (what) =>
    console.error(`${what} ...`),
  );
  if (json) {
    console.log(JSON.stringify({ to, train: sizesOf(train), test: sizesOf(test), notes }));
    return;
  }
  for (const note of notes) console.error(note);
  const lines = [train, test].map((part) => {
    const { records, chunks, bytes: size } = sizesOf(part);
    return `${part.split}: ${count(records)} records in ${count(chunks)} chunks, ${significant(size / 1e6)} MB`;
  });
  console.log([...lines, `train on it: swarmgrad coordinator --data built:${to}`].join('\n'));
}

const sizesOf = ({ records, chunks }: Manifest) => ({
  records,
  chunks: chunks.length,
  bytes: chunks.reduce((sum, { bytes }) => sum + bytes, 0),
});

/** `swarmgrad data info SPEC`: how a run would read a data set, and what is in it. */
import { type Command, Option } from 'commander';
import { UserError } from '../../../shared/user-error.js';

interface Flags {
  records: number;
  json?: true;
}

export function addDataInfo(data: Command): void {
  data
    .command('info')
    .description('shapes, classes and their balance, scaling, and some records of a data set')
    .argument('<spec>', 'data set, as --data takes it')
    .addOption(
      new Option('--records <N>', 'how many training records are shown').default(3).argParser((text) => {
        if (!/^\d{1,4}$/.test(text))
          throw new UserError(
            `--records must be a whole number from 0 to 9999, not ${JSON.stringify(text)}`,
            2,
          );
        return Number(text);
      }),
    )
    .option('--json', 'as one JSON object')
    .action(info);
}

async function info(spec: string, { records, json }: Flags): Promise<void> {
  const { openData } = await import('../../../coordinator/prepare/data/sources/sources.js');
  const { describeData } = await import('./describe.js');
  const { infoText } = await import('./info-text.js');
  const data = await openData(spec, { preparing: (what) => console.error(`${what} ...`) });
  const description = describeData(data, records);
  console.log(json ? JSON.stringify(description) : infoText(description));
}

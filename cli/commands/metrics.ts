/** `swarmgrad metrics RUN_DIR`: the numbers of a run's steps and evaluations, for other programs. */
import { type Command, InvalidArgumentError } from 'commander';
import { whole } from '../../shared/options/option-kinds.js';
import { UserError } from '../../shared/user-error.js';

interface Flags {
  csv?: true;
  json?: true;
  tensorboard?: string;
  every: number;
}

export function addMetrics(program: Command): void {
  program
    .command('metrics')
    .description(
      'the numbers of all steps and evaluations of a run: as CSV, as JSON lines, or for TensorBoard',
    )
    .argument('<run-dir>', "the run's folder")
    .option('--csv', 'as CSV on standard output: the default')
    .option('--json', 'as one JSON object a line on standard output')
    .option('--tensorboard <DIR>', "as TensorBoard's event files in this folder")
    .option('--every <N>', 'only each N-th step; all evaluations stay', parseEvery, 1)
    .action(metrics);
}

async function metrics(runDir: string, { csv, json, tensorboard, every }: Flags): Promise<void> {
  const asked = Object.entries({ '--csv': csv, '--json': json, '--tensorboard': tensorboard });
  const given = asked.filter(([, value]) => value !== undefined).map(([name]) => name);
  if (given.length > 1) throw new UserError(`${given.join(' and ')} do not go together: give one of them`, 2);
  const { metricsOf, metricsCsv, metricsForTensorBoard } = await import('../tasks/run-metrics.js');
  if (tensorboard !== undefined) {
    const lines = await metricsForTensorBoard(runDir, tensorboard, every);
    console.log(
      `${tensorboard}: ${lines} lines of ${runDir}; look at them by: tensorboard --logdir ${tensorboard}`,
    );
    return;
  }
  const lines = () => metricsOf(runDir, every);
  if (json) for await (const line of lines()) console.log(JSON.stringify(line));
  else for await (const row of metricsCsv(lines)) console.log(row);
}

function parseEvery(text: string): number {
  const { read, must } = whole(1);
  const every = read(text);
  if (every === undefined) throw new InvalidArgumentError(`It must be ${must}.`);
  return every;
}

/** The lines of a run's `metrics.jsonl`, in the forms that other programs read. */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { runFolder } from '../../coordinator/record/folder/run-folder.js';
import { EventFile } from '../../coordinator/record/tensorboard/event-file.js';
import { directoryOf, type MetricsLine, scalarsOf } from '../../coordinator/record/tensorboard/summaries.js';
import { messageOf, UserError } from '../../shared/user-error.js';

/** Events that are encoded before they are written. */
const FLUSH_LINES = 10_000;

/** Steps, evaluations and changes in their order; of the steps each `every`-th. @throws UserError */
export async function* metricsOf(runDir: string, every: number): AsyncGenerator<MetricsLine> {
  const path = metricsFile(runDir);
  const texts = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  let torn: string | undefined;
  for await (const text of texts) {
    // Only the last line may be one that is still being written, or that a crash has cut off.
    if (torn !== undefined) throw new UserError(torn);
    number++;
    const line = parse(text);
    if (!line)
      torn = `${path}, line ${number} is no line of metrics: the file was changed by another program`;
    else if (line.type !== 'step' || (line.step as number) % every === 0) yield line;
  }
}

/** Rows of CSV, the first with the names of all columns. Changes by admins have no row. */
export async function* metricsCsv(lines: () => AsyncIterable<MetricsLine>): AsyncGenerator<string> {
  const columns = new Set<string>();
  for await (const line of rowsOf(lines())) for (const name of Object.keys(line)) columns.add(name);
  const names = [...columns];
  yield names.join(',');
  for await (const line of rowsOf(lines())) yield names.map((name) => line[name] ?? '').join(',');
}

async function* rowsOf(lines: AsyncIterable<MetricsLine>): AsyncGenerator<MetricsLine> {
  for await (const line of lines) if (line.type !== 'change') yield line;
}

/**
 * Writes the scalars of a run for TensorBoard: `dir`/train, `dir`/test, and `dir`/validation where there is one.
 * @returns how many lines were taken
 * @throws UserError where `dir` has event files already: TensorBoard would join them to one curve
 */
export async function metricsForTensorBoard(runDir: string, dir: string, every: number): Promise<number> {
  const { config } = runFolder(runDir);
  metricsFile(runDir);
  const began = statSync(config).birthtimeMs;
  const files = new Map<string, EventFile>();
  let count = 0;
  try {
    for await (const line of metricsOf(runDir, every)) {
      const part = directoryOf(line);
      if (part === undefined) continue;
      const file = files.get(part) ?? (await EventFile.createFirst(`${dir}/${part}`, began));
      files.set(part, file);
      const wallTime = began / 1000 + (line.time as number);
      file.add({ step: line.step as number, wallTime, summary: scalarsOf(line) });
      if (++count % FLUSH_LINES === 0) for (const each of files.values()) await each.flush();
    }
    for (const file of files.values()) await file.flush();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${dir} could not be written: ${messageOf(error)}`);
  } finally {
    for (const file of files.values()) await file.close().catch(() => undefined);
  }
  return count;
}

/** @throws UserError where there is none */
function metricsFile(runDir: string): string {
  const { config, metrics } = runFolder(runDir);
  if (!existsSync(config)) throw new UserError(`${runDir} holds no run: it has no config.json`, 2);
  if (!existsSync(metrics)) throw new UserError(`${runDir} has no metrics yet: it has made no step`);
  return metrics;
}

function parse(text: string): MetricsLine | undefined {
  try {
    const line = JSON.parse(text);
    return typeof line?.type === 'string' && Number.isSafeInteger(line.step) ? line : undefined;
  } catch {
    return undefined;
  }
}

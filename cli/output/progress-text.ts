/** What the progress display says of a status: pure text, for a live terminal and for plain lines. */
import { styleText } from 'node:util';
import { isOver, type Status } from '../../shared/status/status.js';
import { bestText, healthWord } from '../../shared/status/told-figures.js';
import { count, DASH, duration, known, percent, significant, table } from './format.js';

const BAR_CELLS = 24;
/** More workers than this are only counted. */
const WORKERS_SHOWN = 8;

type Style = Parameters<typeof styleText>[0];
/** Paints text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;
export const colored: Paint = (style, text) => styleText(style, text);
export const uncolored: Paint = (_style, text) => text;

/** Some lines that replace each other as the run goes on, none longer than `columns`. */
export function liveText(status: Status, join: string, columns: number, paint: Paint): string {
  const { state, epoch, workers, samplesPerSecond, message, health, step, steps } = status;
  const lines: [string, Style?][] = [
    [`${bar(step, steps)}  ${stepText(status, count)}  epoch ${epoch}  ${timeLeft(status)}`, 'bold'],
    [scores(status)],
    [`${count(samplesPerSecond)} samples/s  ${workerCount(workers.length)}`],
  ];
  // How it ended, and what is left of it, is told below these lines.
  if (!isOver(state)) {
    if (health.state !== 'ok') lines.push([`${healthWord(health)}: ${health.reason}`, 'yellow']);
    if (state !== 'training') lines.push([message || state, 'yellow']);
    if (workers.length <= WORKERS_SHOWN)
      lines.push(...workerRows(status).map((row): [string, Style] => [`  ${row}`, 'dim']));
    lines.push([join, 'dim']);
  }
  // Cut before painting: an escape sequence has no width, and must not be cut in two.
  return lines.map(([line, style]) => paint(style ?? 'reset', line.slice(0, columns - 1))).join('\n');
}

/** The same in one line, for logs. */
export function plainLine(status: Status): string {
  const { state, epoch, workers, samplesPerSecond } = status;
  const parts = [
    stepText(status, String),
    `epoch ${epoch}`,
    scores(status),
    `${count(samplesPerSecond)} samples/s`,
    workerCount(workers.length),
    timeLeft(status),
  ];
  return `${state === 'training' ? '' : `${state}: `}${parts.join('  ')}`;
}

/** `step 3/40`; of a run whose steps are rounds of 20 updates: `round 3/40 of 20 steps`. */
export const stepText = (
  { step, steps, localSteps }: Pick<Status, 'step' | 'steps' | 'localSteps'>,
  number: (value: number) => string,
): string => {
  const at = `${number(step)}/${number(steps)}`;
  return localSteps === null ? `step ${at}` : `round ${at} of ${number(localSteps)} steps`;
};

export function scores({ metric, ...status }: Status): string {
  const [latest, test, validation] =
    metric === 'accuracy'
      ? [status.accuracy, status.testAccuracy, status.validationAccuracy]
      : [status.meanAbsoluteError, status.testMeanAbsoluteError, status.validationMeanAbsoluteError];
  const [name, text] =
    metric === 'accuracy'
      ? ['accuracy', percent]
      : ['mean absolute error', (value: number) => significant(value)];
  // Of a run with a validation set the test set is evaluated at the end.
  const sets = [
    ...(validation === null ? [] : [`validation ${name} ${text(validation)}`]),
    ...(validation === null || test !== null ? [`test ${name} ${known(test, text)}`] : []),
  ];
  const best = status.best ? [bestText(status.best)] : [];
  return [`loss ${known(status.loss, significant)}`, `${name} ${known(latest, text)}`, ...sets, ...best].join(
    '  ',
  );
}

export function workerRows({ workers }: Status): string[] {
  if (workers.length === 0) return [];
  const head = [
    'worker',
    'engine',
    'lanes',
    'state',
    'samples',
    'samples/s',
    'wait ms',
    'compute ms',
    'network ms',
  ];
  const rows = workers.map((worker) => [
    `${worker.name} (${worker.kind})`,
    worker.engine,
    worker.lanes ?? DASH,
    worker.state,
    worker.samples,
    worker.samplesPerSecond,
    worker.waitMs,
    worker.computeMs,
    worker.networkMs,
  ]);
  return table(head, rows);
}

function bar(step: number, steps: number): string {
  const full = steps > 0 ? Math.floor((BAR_CELLS * Math.min(step, steps)) / steps) : 0;
  return '█'.repeat(full) + '░'.repeat(BAR_CELLS - full);
}

const workerCount = (workers: number) => (workers === 1 ? '1 worker' : `${count(workers)} workers`);

const timeLeft = ({ state, secondsLeft }: Status) =>
  isOver(state) ? state : `${known(secondsLeft, duration)} left`;

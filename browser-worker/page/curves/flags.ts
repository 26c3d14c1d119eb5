/** What happened to a run, as flags over its curves, and where it was best. */
import type { LoggedEvent } from '../../../shared/status/events.js';
import type { Change, HistoryView } from '../../../shared/status/monitoring.js';
import { count, significant } from '../data/format.js';

export type FlagKind = 'checkpoint' | 'joined' | 'lost' | 'rate' | 'diverged' | 'resumed';

export interface Flag {
  step: number;
  kind: FlagKind;
  text: string;
}

/** CSS variable of each kind's color, and whether a line goes down from its flag. */
export const FLAGS: Record<FlagKind, { color: string; hasLine: boolean; name: string }> = {
  checkpoint: { color: 'soft', hasLine: false, name: 'checkpoint' },
  joined: { color: 'compute', hasLine: true, name: 'worker joined' },
  lost: { color: 'upload', hasLine: true, name: 'worker left' },
  rate: { color: 'run-4', hasLine: true, name: 'learning rate changed' },
  resumed: { color: 'accent', hasLine: true, name: 'paused or resumed' },
  diverged: { color: 'bad', hasLine: true, name: 'diverged' },
};

/** In the order of steps; what is of one kind and step is one flag. */
export function flagsOf(events: readonly LoggedEvent[], view: HistoryView): Flag[] {
  const flags = [
    ...events.flatMap((event): Flag[] => {
      const { type, after } = event;
      if (type === 'checkpoint' || type === 'resumed')
        return [{ step: event.step, kind: type, text: `${type} at step ${count(event.step)}` }];
      if (after === undefined) return [];
      if (type === 'worker-joined') return [{ step: after, kind: 'joined', text: `${event.worker} joined` }];
      if (type === 'worker-left') return [{ step: after, kind: 'lost', text: `${event.worker} left` }];
      return type === 'banned' ? [{ step: after, kind: 'lost', text: `${event.worker} was banned` }] : [];
    }),
    ...view.changes.map(flagOfChange),
  ];
  const diverged = divergenceOf(view);
  if (diverged !== undefined)
    flags.push({ step: diverged, kind: 'diverged', text: `diverged after step ${count(diverged)}` });
  const byPlace = new Map<string, Flag[]>();
  for (const flag of flags) {
    const place = `${flag.step} ${flag.kind}`;
    byPlace.set(place, [...(byPlace.get(place) ?? []), flag]);
  }
  return [...byPlace.values()].map(merged).sort((a, b) => a.step - b.step);
}

const flagOfChange = (change: Change): Flag =>
  change.what === 'learning-rate'
    ? { step: change.step, kind: 'rate', text: `learning rate ${significant(change.learningRate)}` }
    : { step: change.step, kind: 'resumed', text: change.what === 'pause' ? 'paused' : 'resumed' };

function merged(flags: Flag[]): Flag {
  const last = flags.at(-1)!;
  const isOfWorkers = last.kind === 'joined' || last.kind === 'lost';
  if (flags.length === 1 || !isOfWorkers) return last;
  const what = last.kind === 'joined' ? 'joined' : 'left';
  return { ...last, text: `${count(flags.length)} workers ${what}` };
}

/** Buckets at the beginning whose loss is what a run began with. */
const BEGINNING = 3;

/**
 * The step before a run's loss rose above that of its beginning for good; undefined: it has not, or the curve has too
 * few buckets to tell.
 */
export function divergenceOf({ curve: { step, loss } }: HistoryView): number | undefined {
  const { mean } = loss;
  if (mean.length < 2 * BEGINNING) return undefined;
  const began = Math.max(...mean.slice(0, BEGINNING).filter(Number.isFinite));
  const lastGood = mean.findLastIndex((value) => value <= began);
  const isOver = mean.length - 1 - lastGood < BEGINNING;
  return isOver || lastGood < BEGINNING - 1 ? undefined : step[lastGood];
}

/** The best evaluation: of the least loss or error, or the greatest accuracy; the first of equal ones. */
export function bestOf(
  { metric, evaluations }: HistoryView,
  quantity: 'loss' | 'metric',
): { step: number; value: number } | undefined {
  const values = evaluations[quantity].mean;
  const isBetter = (a: number, b: number) => (quantity === 'metric' && metric === 'accuracy' ? a > b : a < b);
  let best = -1;
  for (const [i, value] of values.entries())
    if (Number.isFinite(value) && (best < 0 || isBetter(value, values[best]!))) best = i;
  return best < 0 ? undefined : { step: evaluations.step[best]!, value: values[best]! };
}

/** What the run hands on to be kept, sent to all who keep it: metrics, the dashboard, and the log that people read. */
import type { EvaluationTotals } from '../../shared/data/evaluation-parts.js';
import { told } from '../../shared/status/events.js';
import type { Change } from '../../shared/status/monitoring.js';
import type { Recorder } from '../run/loop.js';
import type { Run } from '../run/run.js';
import type { EvaluationEntry, MetricsLog, StepEntry } from './folder/metrics.js';

/** Shows what the run keeps, as it happens. */
export interface Watcher {
  step(entry: StepEntry): void;
  evaluation(entry: Omit<EvaluationEntry, 'time'>, totals: EvaluationTotals): void;
  finalTest(entry: { step: number }, totals: EvaluationTotals): void;
  contribution: Recorder['contribution'];
  change(change: Change): void;
}

type Announced = Omit<EvaluationEntry, 'time'>;

export function createRecorder(
  { progress, clock, tell, metric, options }: Run,
  metrics: MetricsLog,
  watcher: Watcher,
  checkpoints: Pick<Recorder, 'checkpoint' | 'settled' | 'best'>,
): Recorder {
  const elapsed = () => progress.seconds(clock.now());
  const announce = ({ samples: _, metric: value, ...entry }: Announced) =>
    tell(told({ type: 'evaluation', ...entry, steps: options.steps, metric: value, metricName: metric }));
  return {
    step: ({ sums, ...entry }) => {
      const means = progress.meansOf(sums);
      const full = { ...entry, ...means, time: elapsed() };
      metrics.step(full);
      watcher.step(full);
    },
    evaluation: ({ totals, ...entry }) => {
      const means = progress.resultOf(entry.set, totals);
      metrics.evaluation({ ...entry, ...means, time: elapsed() });
      watcher.evaluation({ ...entry, ...means }, totals);
      announce({ ...entry, ...means });
    },
    finalTest: ({ totals, ...entry }) => {
      const means = progress.resultOf('test', totals);
      metrics.finalTest({ ...entry, ...means, time: elapsed() });
      watcher.finalTest(entry, totals);
      announce({ ...entry, ...means, set: 'test' });
    },
    contribution: (times) => watcher.contribution(times),
    change: (change) => {
      metrics.change({ ...change, time: elapsed() });
      watcher.change(change);
      tell(told({ type: 'change', ...change }));
    },
    ...checkpoints,
  };
}

/** What the run hands on to be kept, sent to all who keep it: metrics, the monitor, and the log that people read. */
import type { Clock } from '../shared/clock.js';
import type { MetricName } from '../shared/losses.js';
import type { Change } from '../shared/monitoring.js';
import type { RunEvent } from '../shared/status.js';
import type { Monitor } from './monitor/monitor.js';
import { meansOf, type Progress } from './progress.js';
import type { MetricsLog } from './record/metrics.js';
import type { Recorder } from './run.js';

export interface RecorderParts {
  progress: Progress;
  clock: Clock;
  metric: MetricName;
  run: { steps: number };
  monitor: Monitor;
  tell(event: RunEvent): void;
}

export function createRecorder(
  parts: RecorderParts,
  metrics: MetricsLog,
  checkpoints: Pick<Recorder, 'checkpoint' | 'settled'>,
): Recorder {
  const { progress, clock, tell, metric, run, monitor } = parts;
  const elapsed = () => progress.seconds(clock.now());
  return {
    step: ({ sums, ...entry }) => {
      const means = meansOf(sums);
      metrics.step({ ...entry, ...means, time: elapsed() });
      monitor.step({ ...entry, ...means });
    },
    evaluation: ({ totals, ...entry }) => {
      const means = meansOf(totals);
      metrics.evaluation({ ...entry, ...means, time: elapsed() });
      monitor.evaluation({ ...entry, ...means }, totals);
      const shown =
        metric === 'accuracy'
          ? `accuracy ${(100 * means.metric).toFixed(2)} %`
          : `mean error ${means.metric.toPrecision(4)}`;
      const text = `epoch ${entry.epoch}, step ${entry.step} of ${run.steps}: test ${shown}, loss ${means.loss.toFixed(4)}`;
      tell({ type: 'evaluation', ...entry, loss: means.loss, metric: means.metric, text });
    },
    contribution: (times) => monitor.contribution(times),
    change: (change) => {
      metrics.change({ ...change, time: elapsed() });
      monitor.change(change);
      tell({ type: 'change', step: change.step, text: textOf(change) });
    },
    ...checkpoints,
  };
}

function textOf(change: Change): string {
  switch (change.what) {
    case 'pause':
      return `paused by an admin after step ${change.step}`;
    case 'resume':
      return `resumed by an admin after step ${change.step}`;
    case 'learning-rate':
      return `learning rate ${change.learningRate} from step ${change.step + 1} on, by an admin`;
  }
}

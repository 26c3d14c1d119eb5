/** The run at a glance. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { StatusView } from '../../../shared/status/monitoring.js';
import { isOver } from '../../../shared/status/status.js';
import { bestText, bitsText, healthWord } from '../../../shared/status/told-figures.js';
import { bytes, count, duration, percent, steady } from '../data/format.js';

export function Kpis({ status }: { status: StatusView }) {
  const { step, steps, localSteps, epoch, health, reproducible, metric, workerCounts } = status;
  const isAccuracy = metric === 'accuracy';
  const over = isOver(status.state);
  const share = steps > 0 ? step / steps : 0;
  const value = isAccuracy ? percent : steady;
  const [train, test, validation] = isAccuracy
    ? [status.accuracy, status.testAccuracy, status.validationAccuracy]
    : [status.meanAbsoluteError, status.testMeanAbsoluteError, status.validationMeanAbsoluteError];
  // With a validation set the test set is evaluated once, at the end.
  const isValidated = validation !== null && test === null;
  const name = isAccuracy ? 'accuracy' : 'mean error';
  const notes = [
    `train ${value(train)}`,
    ...(validation !== null && !isValidated ? [`validation ${value(validation)}`] : []),
    ...Object.entries(status.metrics[isValidated ? 'validation' : 'test']).map(
      ([name, value]) => `${name} ${steady(value)}`,
    ),
    ...(status.best ? [bestText(status.best)] : []),
  ];
  const wire = useRate(status.bytes.down + status.bytes.up, status.seconds);
  return (
    <section class="kpis" aria-label="At a glance">
      <div class="progress">
        <div class="k">{localSteps === null ? 'Step' : `Round of ${count(localSteps)} steps`}</div>
        <div class="v">
          <span data-testid="step">{count(step)}</span>{' '}
          <small>
            of {count(steps)}, epoch {count(epoch)}
          </small>
        </div>
        <progress class="bar" max={1} value={share} aria-label="Progress of the run">
          {percent(share, 0)}
        </progress>
        <div
          class={`bits ${reproducible?.holds ? 'holds' : ''}`}
          title={reproducible?.why}
          data-testid="bits"
        >
          {reproducible && step > 0 && bitsText(reproducible, over)}
        </div>
      </div>
      <Kpi
        title={over ? 'Time taken' : 'Time left'}
        note={over ? `${count(status.samplesTrained)} samples` : `${duration(status.seconds)} so far`}
      >
        {duration(over ? status.seconds : status.secondsLeft)}
      </Kpi>
      <Kpi title="Training loss" note={`learning rate ${steady(status.learningRate, 3)}`}>
        <span data-testid="loss">{steady(status.loss)}</span>
      </Kpi>
      <Kpi title={`${isValidated ? 'Validation' : 'Test'} ${name}`} note={notes.join(', ')}>
        <span data-testid="test-accuracy">{value(isValidated ? validation : test)}</span>
      </Kpi>
      <Kpi
        title="Samples/s"
        note={over ? `${bytes(status.bytes.down + status.bytes.up)} on the wire` : `${bytes(wire)}/s sent`}
      >
        <span data-testid="samples-per-second">{count(status.samplesPerSecond)}</span>
      </Kpi>
      <Kpi title="Workers" note={kinds(status)}>
        <span data-testid="workers">{count(workerCounts.node + workerCounts.browser)}</span>
      </Kpi>
      <Kpi title="Health" note={health.reason}>
        <span class={`health ${health.state}`} data-testid="health">
          {healthWord(health)}
        </span>
      </Kpi>
    </section>
  );
}

const Kpi = ({ title, note, children }: { title: string; note: string; children: ComponentChildren }) => (
  <div>
    <div class="k">{title}</div>
    <div class="v">{children}</div>
    <div class="n" title={note}>
      {note}
    </div>
  </div>
);

function kinds({ workerCounts: { node, browser } }: StatusView): string {
  if (node + browser === 0) return 'none now';
  return `${count(node)} Node, ${browser === 1 ? '1 tab' : `${count(browser)} tabs`}`;
}

/** Growth a second, over the last few statuses. */
function useRate(total: number, seconds: number): number {
  const seen = useRef<{ total: number; seconds: number }[]>([]);
  useEffect(() => {
    const list = seen.current;
    if (list.length > 0 && list.at(-1)!.total > total) list.length = 0;
    list.push({ total, seconds });
    if (list.length > 8) list.shift();
  }, [total, seconds]);
  const first = seen.current[0];
  return first && seconds > first.seconds ? (total - first.total) / (seconds - first.seconds) : 0;
}

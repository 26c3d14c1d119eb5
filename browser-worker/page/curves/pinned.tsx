/** The step that is looked at: all of its figures beside each other, and what happened there. */
import { count, duration, percent, significant } from '../data/format.js';
import { xOf } from './axis/x-axis.js';
import type { CurveRun } from './curve-data.js';
import type { Flag } from './flags.js';

interface PinnedProps {
  runs: CurveRun[];
  step: number | undefined;
  flags: readonly Flag[];
  pin(step: number | undefined): void;
}

export function Pinned({ runs, step, pin, flags }: PinnedProps) {
  if (step === undefined || runs.length === 0) return null;
  const last = Math.max(...runs.map(({ view }) => view.curve.step.at(-1) ?? 0));
  const { every } = runs[0]!.view;
  const near = flags.filter((flag) => flag.step > step - every && flag.step <= step);
  return (
    <section class="full pinned" aria-labelledby="pinned-title">
      <h2 id="pinned-title">
        Step {count(step)}
        <span class="row">
          <button
            type="button"
            class="small"
            disabled={step <= 1}
            onClick={() => pin(Math.max(1, step - every))}
          >
            Earlier
          </button>
          <button
            type="button"
            class="small"
            disabled={step >= last}
            onClick={() => pin(Math.min(last, step + every))}
          >
            Later
          </button>
          <button type="button" class="small" onClick={() => pin(undefined)}>
            Unpin
          </button>
        </span>
        <small>{near.map(({ text }: Flag) => text).join(', ')}</small>
      </h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="scroll" tabIndex={0} aria-label={`Figures of step ${count(step)}`}>
        <table>
          <thead>
            <tr>
              {runs.length > 1 && <th scope="col">Run</th>}
              {[
                'Loss',
                'Metric',
                'Learning rate',
                'Gradient norm',
                'Evaluated',
                'Samples',
                'Epoch',
                'Time',
              ].map((name) => (
                <th key={name} scope="col" class="num">
                  {name === 'Metric' && runs[0]!.view.metric === 'accuracy'
                    ? 'Accuracy'
                    : name === 'Metric'
                      ? 'Mean absolute error'
                      : name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {runs.map((run) => (
              <Figures key={run.id} run={run} step={step} several={runs.length > 1} />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function Figures({ run, step, several }: { run: CurveRun; step: number; several: boolean }) {
  const { curve, evaluations, metric, evaluatedOn } = run.view;
  const at = curve.step.findIndex((last) => last >= step);
  const score = (value: number | undefined) => (metric === 'accuracy' ? percent(value) : significant(value));
  // The latest that had been made by then.
  const test = evaluations.step.findLastIndex((of) => of <= step);
  return (
    <tr>
      {several && <th scope="row">{run.name}</th>}
      <td class="num">{significant(curve.loss.mean[at])}</td>
      <td class="num">{score(curve.metric.mean[at])}</td>
      <td class="num">{significant(curve.learningRate.mean[at])}</td>
      <td class="num">{significant(curve.gradientNorm.mean[at])}</td>
      <td class="num">
        {test < 0
          ? '–'
          : `${evaluatedOn} ${score(evaluations.metric.mean[test])} at ${count(evaluations.step[test])}`}
      </td>
      <td class="num">{count(xOf(run, 'samples', step))}</td>
      <td class="num">{run.stepsPerEpoch === null ? '–' : xOf(run, 'epoch', step).toFixed(2)}</td>
      <td class="num">{duration(xOf(run, 'time', step))}</td>
    </tr>
  );
}

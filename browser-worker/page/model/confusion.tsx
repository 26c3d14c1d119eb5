/** The confusion matrix of the whole test set. */
import { useEffect, useRef } from 'preact/hooks';
import { countsByClass } from '../../../shared/data/confusion.js';
import type { ModelView } from '../../../shared/status/monitoring.js';
import { count, percent } from '../data/format.js';
import { useScheme } from '../data/scheme.js';
import { className } from './layers.js';

/** More classes than this are drawn without numbers. */
const CLASSES_IN_TABLE = 20;
/** A full cell is this strong: its number must stay readable. */
const STRONGEST = 0.5;

/** Which cell is looked at. */
export interface Cell {
  actual: number;
  predicted: number;
}

interface ConfusionProps {
  model: ModelView;
  chosen: Cell | undefined;
  onChoose(cell: Cell | undefined): void;
}

export function Confusion({ model, chosen, onChoose }: ConfusionProps) {
  const { label, evaluation } = model;
  if (label.kind === 'value' || !evaluation?.confusion) return null;
  if (label.kind === 'multilabel') return <ClassTable model={model} confusion={evaluation.confusion} />;
  const { classes } = label;
  const { confusion } = evaluation;
  const right = Array.from({ length: classes }, (_, i) => confusion[i * (classes + 1)]!).reduce(
    (a, b) => a + b,
    0,
  );
  const all = confusion.reduce((a, b) => a + b, 0);
  return (
    <section class="panel" aria-labelledby="confusion-title">
      <h2 id="confusion-title">
        Confusion{' '}
        <small>
          {count(all - right)} of {count(all)} wrong after step {count(evaluation.step)}
        </small>
      </h2>
      {classes <= CLASSES_IN_TABLE ? (
        <ConfusionTable {...{ model, classes, confusion, chosen, onChoose }} />
      ) : (
        <ConfusionPicture classes={classes} confusion={confusion} />
      )}
    </section>
  );
}

/** Several classes at once have no matrix: of each is told how often it was seen, and missed. */
function ClassTable({ model, confusion }: { model: ModelView; confusion: number[] }) {
  const classes = countsByClass(model.label, confusion);
  const share = (part: number, whole: number) => (whole > 0 ? percent(part / whole, 1) : '–');
  return (
    <section class="panel" aria-labelledby="confusion-title">
      <h2 id="confusion-title">
        Classes <small>after step {count(model.evaluation!.step)}</small>
      </h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="scroll" tabIndex={0} aria-label="Precision and recall of each class">
        <table>
          <thead>
            <tr>
              {['Class', 'Records', 'Precision', 'Recall'].map((title) => (
                <th key={title} scope="col" class={title === 'Class' ? '' : 'num'}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {classes.map(({ right, actual, predicted }, index) => (
              <tr key={className(model, index)}>
                <th scope="row">{className(model, index)}</th>
                <td class="num">{count(actual)}</td>
                <td class="num">{share(right, predicted)}</td>
                <td class="num">{share(right, actual)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

interface Cells {
  classes: number;
  confusion: number[];
}

function ConfusionTable({ model, classes, confusion, chosen, onChoose }: Cells & ConfusionProps) {
  const indices = Array.from({ length: classes }, (_, i) => i);
  const rowSum = (row: number) =>
    indices.reduce((sum, column) => sum + confusion[row * classes + column]!, 0);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="scroll" tabIndex={0} aria-label="Confusion matrix">
      <table class="confusion">
        <caption class="soft">
          Rows: actual. Columns: predicted. A mistake's count shows its pictures.
        </caption>
        <thead>
          <tr>
            <td />
            {indices.map((column) => (
              <th key={column} scope="col">
                {className(model, column)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {indices.map((row) => (
            <tr key={row}>
              <th scope="row">{className(model, row)}</th>
              {indices.map((column) => {
                const cases = confusion[row * classes + column]!;
                const share = cases / Math.max(1, rowSum(row));
                // A few mistakes must be seen beside thousands of right answers.
                const strength =
                  row === column ? STRONGEST * share : cases && STRONGEST * Math.min(1, 0.25 + 4 * share);
                return (
                  <td
                    key={column}
                    class={row === column ? 'right' : 'wrong'}
                    style={{ '--strength': `${Math.round(100 * strength)}%` }}
                  >
                    {row === column || cases === 0 ? (
                      cases > 0 && count(cases)
                    ) : (
                      <button
                        type="button"
                        aria-pressed={chosen?.actual === row && chosen.predicted === column}
                        aria-label={`${count(cases)} of ${className(model, row)} taken for ${className(model, column)}`}
                        onClick={() => onChoose({ actual: row, predicted: column })}
                      >
                        {count(cases)}
                      </button>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function ConfusionPicture({ classes, confusion }: Cells) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useScheme();
  // The color scheme changes what is drawn
  useEffect(() => {
    const context = canvas.current!.getContext('2d')!;
    const style = getComputedStyle(canvas.current!);
    context.clearRect(0, 0, classes, classes);
    for (let row = 0; row < classes; row++) {
      const cells = confusion.slice(row * classes, (row + 1) * classes);
      const sum = Math.max(
        1,
        cells.reduce((a, b) => a + b, 0),
      );
      for (const [column, cases] of cells.entries()) {
        if (cases === 0) continue;
        context.globalAlpha = Math.min(1, row === column ? cases / sum : 0.3 + (4 * cases) / sum);
        context.fillStyle = style.getPropertyValue(row === column ? '--train' : '--test');
        context.fillRect(column, row, 1, 1);
      }
    }
  }, [classes, confusion, scheme]);
  const words = `Confusion matrix of ${classes} classes; rows are what it is, columns what the model says`;
  return (
    <canvas ref={canvas} class="pixels" width={classes} height={classes} role="img" aria-label={words} />
  );
}

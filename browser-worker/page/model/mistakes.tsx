/** The wrong answers that the model was surest of. */
import { useEffect, useRef } from 'preact/hooks';
import type { ModelView, ShownMistake } from '../../../shared/status/monitoring.js';
import { count, percent } from '../data/format.js';
import { paint } from '../data/pictures.js';
import type { Cell } from './confusion.js';
import { className } from './layers.js';

interface MistakesProps {
  model: ModelView;
  /** Only those of one cell of the matrix; undefined: all. */
  of: Cell | undefined;
  onAll(): void;
}

export function Mistakes({ model, of, onAll }: MistakesProps) {
  const { evaluation } = model;
  if (model.label.kind !== 'class' || !evaluation) return null;
  if (evaluation.mistakes.length === 0) return null;
  const mistakes = evaluation.mistakes.filter(
    ({ actual, predicted }) => !of || (of.actual === actual && of.predicted === predicted),
  );
  return (
    <section class="panel" aria-labelledby="mistakes-title">
      <h2 id="mistakes-title">
        Most confident mistakes{' '}
        <small>
          {of
            ? `${className(model, of.actual)} taken for ${className(model, of.predicted)}`
            : `of step ${count(evaluation.step)}`}
        </small>
        {of && (
          <button type="button" class="small" onClick={onAll}>
            Show all
          </button>
        )}
      </h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="scroll" tabIndex={0} aria-label="Pictures of mistakes">
        <ol class="mistakes">
          {mistakes.map((mistake) => (
            <li key={mistake.record}>
              {mistake.x !== null && <Picture model={model} mistake={mistake} />}
              <span class="said">
                said {className(model, mistake.predicted)} <small>{percent(mistake.confidence, 0)}</small>
              </span>
              <small>was {className(model, mistake.actual)}</small>
            </li>
          ))}
        </ol>
        {mistakes.length === 0 && (
          <p class="empty">
            None of these is among the {count(evaluation.mistakes.length)} most confident mistakes, which are
            kept.
          </p>
        )}
      </section>
    </section>
  );
}

function Picture({ model, mistake }: { model: ModelView; mistake: ShownMistake }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (mistake.x !== null) paint(canvas.current!, mistake.x, model.x);
  }, [mistake.x, model.x]);
  return (
    <canvas
      ref={canvas}
      class="pixels"
      role="img"
      aria-label={`Test record ${mistake.record}, ${className(model, mistake.actual)}`}
    />
  );
}

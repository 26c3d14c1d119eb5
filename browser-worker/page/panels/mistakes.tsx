/** The wrong answers that the model was surest of. */
import { useEffect, useRef } from 'preact/hooks';
import type { ModelView, ShownMistake } from '../../../shared/status/monitoring.js';
import { count, percent } from '../data/format.js';
import { paint } from '../data/pictures.js';
import { className } from './model.js';

export function Mistakes({ model }: { model: ModelView }) {
  const { evaluation } = model;
  if (model.label.kind !== 'class' || !evaluation) return null;
  const { mistakes } = evaluation;
  if (mistakes.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="mistakes-title">
      <h2 id="mistakes-title">
        Surest mistakes <small>of step {count(evaluation.step)}</small>
      </h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="scroll" tabIndex={0} aria-label="Pictures of mistakes">
        <ol class="mistakes">
          {mistakes.map((mistake) => (
            <li key={mistake.record}>
              {mistake.x !== null && <Picture model={model} mistake={mistake} />}
              <span class="said">
                {className(model, mistake.predicted)} <small>{percent(mistake.confidence, 0)}</small>
              </span>
              <small>is {className(model, mistake.actual)}</small>
            </li>
          ))}
        </ol>
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

/** Draw a digit, and this browser asks the run's current model what it is. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ModelView } from '../../../../shared/status/monitoring.js';
import { count, percent } from '../../data/format.js';
import { digitOf, pictureOf } from '../../data/pictures.js';
import { className } from '../layers.js';
import { Predictor } from './predictor.js';
import type { TryItProps } from './try-it-props.js';

const PAPER_PX = 280;
const PEN_PX = 22;
/** Newer weights are fetched this often, while there is a drawing; larger models, when a new one is begun. */
const UPDATE_MS = 3000;
const SMALL_MODEL = 2_000_000;
const CLASSES_SHOWN = 10;

export function TryPicture({ run, model, step }: TryItProps) {
  const paper = useRef<HTMLCanvasElement>(null);
  const predictor = useRef<Predictor | undefined>(undefined);
  const record = useRef<Float32Array | undefined>(undefined);
  const [said, setSaid] = useState<{ probabilities: number[]; version: number }>();
  const [problem, setProblem] = useState('');
  const [isLoading, setLoading] = useState(false);
  const latestStep = useRef(step);
  latestStep.current = step;
  const isGray = model.x.shape[2] === 1;

  useEffect(() => () => predictor.current?.close(), []);

  /** Asks the model; fetches newer weights first if `fresh`. */
  const ask = async (fresh: boolean) => {
    if (!record.current) return;
    const isFirst = !predictor.current;
    predictor.current ??= new Predictor(run, 'cpu');
    const own = predictor.current;
    setLoading(isFirst);
    try {
      if (isFirst || (fresh && own.version < latestStep.current)) await own.update();
      if (!record.current) return;
      setSaid({ probabilities: await own.predict(record.current, model), version: own.version });
      setProblem('');
    } catch (error) {
      setProblem((error as Error).message);
    }
    setLoading(false);
  };
  const latestAsk = useRef(ask);
  latestAsk.current = ask;

  useEffect(() => {
    if (model.parameters > SMALL_MODEL) return;
    const timer = setInterval(() => !document.hidden && void latestAsk.current(true), UPDATE_MS);
    return () => clearInterval(timer);
  }, [model.parameters]);

  const clear = () => {
    wipe(paper.current!);
    record.current = undefined;
    setSaid(undefined);
  };
  useEffect(clear, []);

  return (
    <section class="panel" aria-labelledby="try-title">
      <h2 id="try-title">
        Try it{' '}
        <small>
          {said
            ? `your browser asked the model of step ${count(said.version)}`
            : isGray
              ? 'draw a digit; your browser asks the model'
              : 'choose a picture; your browser asks the model'}
        </small>
      </h2>
      <div class="try">
        <div>
          <canvas
            ref={paper}
            class={isGray ? 'paper ink' : 'paper'}
            width={PAPER_PX}
            height={PAPER_PX}
            role="img"
            aria-label="Paper to draw a digit on"
            data-testid="paper"
            {...(isGray
              ? penOf(paper, () => {
                  record.current = digitOf(paper.current!, model.x.shape);
                  void ask(false);
                })
              : {})}
          />
          <div class="row">
            <button type="button" class="small" onClick={clear}>
              Clear
            </button>
            {!isGray && (
              <input
                type="file"
                accept="image/*"
                aria-label="Picture"
                onChange={async ({ currentTarget: { files } }) => {
                  if (!files?.[0]) return;
                  record.current = await pictureOf(files[0], paper.current!, model.x.shape).catch(
                    () => undefined,
                  );
                  if (record.current) void ask(true);
                  else setProblem('this file is not a picture that the browser can read');
                }}
              />
            )}
          </div>
        </div>
        <Probabilities model={model} probabilities={said?.probabilities} />
      </div>
      <p class="soft note" role="status">
        {problem || (isLoading ? 'Loading the model…' : '')}
      </p>
    </section>
  );
}

function Probabilities({ model, probabilities }: { model: ModelView; probabilities: number[] | undefined }) {
  const classes = model.label.kind === 'value' ? 0 : model.label.classes;
  const values = probabilities ?? new Array<number>(classes).fill(0);
  const best = probabilities ? values.indexOf(Math.max(...values)) : -1;
  const isSeveral = model.label.kind === 'multilabel';
  const indices = values.map((_, i) => i);
  // Of many classes the likeliest are shown.
  const shown =
    classes <= CLASSES_SHOWN
      ? indices
      : indices.sort((a, b) => values[b]! - values[a]!).slice(0, CLASSES_SHOWN);
  return (
    <ol
      class="probabilities"
      data-testid="prediction"
      data-class={best >= 0 ? className(model, best) : undefined}
    >
      {shown.map((i) => (
        <li key={i} class={(isSeveral ? values[i]! > 0.5 : i === best) ? 'top' : ''}>
          <span>{className(model, i)}</span>
          <span class="bar">
            <i class="share" style={{ width: `${100 * values[i]!}%` }} />
          </span>
          <span class="num">{probabilities ? percent(values[i], 1) : ''}</span>
        </li>
      ))}
    </ol>
  );
}

function wipe(paper: HTMLCanvasElement): void {
  const context = paper.getContext('2d', { willReadFrequently: true })!;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, paper.width, paper.height);
}

/** Draws with mouse, pen or finger; `drawn` is called as the drawing grows. */
function penOf(paper: { current: HTMLCanvasElement | null }, drawn: () => void) {
  const line = (event: PointerEvent, begins: boolean) => {
    const canvas = paper.current!;
    const { left, top, width } = canvas.getBoundingClientRect();
    const context = canvas.getContext('2d', { willReadFrequently: true })!;
    const scale = canvas.width / width;
    const [x, y] = [(event.clientX - left) * scale, (event.clientY - top) * scale];
    if (begins) {
      context.beginPath();
      context.moveTo(x, y);
    }
    context.lineWidth = PEN_PX;
    context.lineCap = context.lineJoin = 'round';
    context.strokeStyle = '#111';
    context.lineTo(x, y);
    context.stroke();
  };
  return {
    onPointerDown: (event: PointerEvent) => {
      paper.current!.setPointerCapture(event.pointerId);
      line(event, true);
      drawn();
    },
    onPointerMove: (event: PointerEvent) => {
      if (event.buttons === 0) return;
      line(event, false);
      drawn();
    },
  };
}

/** Recall of each class now, and over the evaluations so far: the weakest first. */
import type { ModelView } from '../../../shared/status/monitoring.js';
import { count, percent } from '../data/format.js';
import { className } from './layers.js';

interface RecallProps {
  model: ModelView;
  /** How many of the weakest are shown; undefined: all. */
  most?: number;
}

export function Recall({ model, most }: RecallProps) {
  const recalls = model.recalls ?? null;
  if (!recalls || recalls.step.length === 0) return null;
  const first = recalls.step[0]!;
  const rows = recalls.classes
    .map((values, index) => ({ name: className(model, index), values, now: values.at(-1) ?? null }))
    .filter(({ now }) => now !== null)
    .sort((a, b) => a.now! - b.now!)
    .slice(0, most);
  const several = recalls.step.length > 1;
  return (
    <section class="panel" aria-labelledby="recall-title">
      <h2 id="recall-title">
        Recall by class <small>{several ? `now, and since step ${count(first)}` : ''}</small>
      </h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="scroll" tabIndex={0} aria-label="Recall of each class, the weakest first">
        <table class="recalls">
          <thead class="hidden">
            <tr>
              {['Class', 'Course', 'Recall', 'Since the first'].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, values, now }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td class="course">
                  {several ? <Course values={values} name={name} /> : <Bar share={now!} />}
                </td>
                <td class="num">{percent(now, 1)}</td>
                <td class="num">{several && <Since then={values[0] ?? null} now={now!} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

const Bar = ({ share }: { share: number }) => (
  <span class="bar">
    <i class="compute" style={{ width: `${100 * share}%` }} />
  </span>
);

function Since({ then, now }: { then: number | null; now: number }) {
  if (then === null) return <span class="soft">–</span>;
  const points = 100 * (now - then);
  if (Math.abs(points) < 0.05) return <span class="soft">±0</span>;
  return (
    <span class={points > 0 ? 'gained' : 'lost'}>
      {points > 0 ? '▲' : '▼'} {Math.abs(points).toFixed(1)}
    </span>
  );
}

const [WIDTH, HEIGHT] = [160, 22];

/** From 0 to 1, so that classes can be compared. */
function Course({ values, name }: { values: readonly (number | null)[]; name: string }) {
  const points = values.flatMap((value, i) => {
    if (value === null) return [];
    const x = (i / Math.max(1, values.length - 1)) * WIDTH;
    return [`${x.toFixed(1)},${(1 + (HEIGHT - 2) * (1 - value)).toFixed(1)}`];
  });
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Recall of ${name} over ${count(values.length)} evaluations, from ${percent(values[0], 0)} to ${percent(values.at(-1), 0)}`}
    >
      <polyline points={points.join(' ')} fill="none" vector-effect="non-scaling-stroke" />
    </svg>
  );
}

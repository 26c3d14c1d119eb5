/** The latest losses as one small line: enough to see that it falls. The dashboard has the real curves. */
import type { LossPoint } from '../../contribution-state.js';
import { significant } from '../data/format.js';

const [WIDTH, HEIGHT] = [240, 44];

export function LossLine({ losses }: { losses: readonly LossPoint[] }) {
  if (losses.length < 2) return null;
  const values = losses.map(({ loss }) => Math.log(Math.max(loss, 1e-6)));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [first, last] = [losses[0]!, losses.at(-1)!];
  const points = losses.map(({ step }, i) => {
    const x = ((step - first.step) / (last.step - first.step)) * WIDTH;
    const y = 2 + (HEIGHT - 4) * (high === low ? 0.5 : (high - values[i]!) / (high - low));
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  const label = `Loss went from ${significant(first.loss, 3)} to ${significant(last.loss, 3)}`;
  return (
    <svg
      class="loss-line"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <polyline points={points.join(' ')} fill="none" vector-effect="non-scaling-stroke" />
    </svg>
  );
}

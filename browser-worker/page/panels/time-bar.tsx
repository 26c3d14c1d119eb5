/** Where a worker's time goes, as one bar. */
import type { TimeShares } from '../../../shared/status/monitoring.js';
import { percent } from '../data/format.js';

const PARTS = [
  ['download', 'download'],
  ['compute', 'compute'],
  ['upload', 'upload'],
  ['wait', 'waiting'],
] as const;

export const TimeLegend = () => (
  <span class="legend">
    {PARTS.map(([part, text]) => (
      <span key={part}>
        <i class={`key ${part}`} />
        {text}
      </span>
    ))}
  </span>
);

export function TimeBar({ shares }: { shares: TimeShares | undefined }) {
  if (!shares) return <span class="soft">–</span>;
  const words = PARTS.map(([part, text]) => `${text} ${percent(shares[part], 0)}`).join(', ');
  return (
    <span class="bar" role="img" aria-label={words} title={words}>
      {PARTS.map(([part]) => (
        <i key={part} class={part} style={{ width: `${100 * shares[part]}%` }} />
      ))}
    </span>
  );
}

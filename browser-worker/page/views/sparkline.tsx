/** A few values as one small line: enough to see whether they rise or fall. */
interface SparklineProps {
  values: readonly number[];
  /** What it shows, in words; its ends are added. */
  label: string;
  height?: number;
}

const WIDTH = 240;

export function Sparkline({ values, label, height = 32 }: SparklineProps) {
  const known = values.filter(Number.isFinite);
  if (known.length < 2) return <p class="empty">Two values make a line.</p>;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const points = known.map((value, i) => {
    const x = (i / (known.length - 1)) * WIDTH;
    const y = 2 + (height - 4) * (high === low ? 0.5 : (high - value) / (high - low));
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${height}`}
      height={height}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${label}, from ${Math.round(known[0]!)} to ${Math.round(known.at(-1)!)}`}
    >
      <polyline points={points.join(' ')} fill="none" vector-effect="non-scaling-stroke" />
    </svg>
  );
}

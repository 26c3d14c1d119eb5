/** How weights and gradients are spread, a small chart for each weight of the model. */
import { useMemo, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { HistogramView, ModelView, WeightHistograms } from '../../../shared/status/monitoring.js';
import { Chart } from '../curves/chart.js';
import { count, significant } from '../data/format.js';

const SHOWN = 8;

export function Histograms({ model }: { model: ModelView }) {
  const [all, setAll] = useState(false);
  if (!model.histograms || model.histograms.weights.length === 0) return null;
  const { step, weights } = model.histograms;
  const shown = all ? weights : weights.slice(0, SHOWN);
  return (
    <section class="panel widest" aria-labelledby="histograms-title">
      <h2 id="histograms-title">
        Weights and gradients <small>sampled at step {count(step)}</small>
        <span class="legend">
          <span>
            <i class="key train" />
            weights
          </span>
          <span>
            <i class="key test" />
            gradients
          </span>
        </span>
      </h2>
      <div class="histograms">
        {shown.map((weight) => (
          <figure key={weight.name}>
            <figcaption>
              {weight.name} <span class="soft">{weight.shape.join(' × ')}</span>
            </figcaption>
            <div class="pair">
              <Bars weight={weight} what="weights" color="train" />
              <Bars weight={weight} what="gradients" color="test" />
            </div>
          </figure>
        ))}
      </div>
      {weights.length > SHOWN && (
        <button type="button" class="small" onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show all ${count(weights.length)}`}
        </button>
      )}
    </section>
  );
}

interface BarsProps {
  weight: WeightHistograms;
  what: 'weights' | 'gradients';
  color: string;
}

function Bars({ weight, what, color }: BarsProps) {
  const histogram = weight[what];
  const data = useMemo(
    (): uPlot.AlignedData => (histogram ? [centersOf(histogram), histogram.counts] : [[], []]),
    [histogram],
  );
  if (!histogram) return <span class="soft empty">no {what} yet</span>;
  const { mean, deviation, min, max } = histogram;
  const options = (resolve: (name: string) => string): Omit<uPlot.Options, 'width' | 'height'> => ({
    legend: { show: false },
    cursor: { show: false },
    padding: [4, 2, 0, 2],
    scales: {
      x: { time: false, range: (_plot, low, high) => (high > low ? [low, high] : [low - 1, high + 1]) },
    },
    axes: [{ show: false }, { show: false }],
    series: [
      {},
      {
        stroke: 'transparent',
        fill: resolve(color),
        paths: uPlot.paths.bars!({ size: [1], gap: 0 }),
        points: { show: false },
      },
    ],
  });
  const range = `${significant(min, 2)} to ${significant(max, 2)}`;
  return (
    <div>
      <Chart
        data={data}
        options={options}
        shape={color}
        height={52}
        label={`${weight.name}, ${what}: ${range}, mean ${significant(mean, 3)}, standard deviation ${significant(deviation, 3)}`}
      />
      <div class="ends">
        <span>{significant(min, 2)}</span>
        <span>± {significant(deviation, 2)}</span>
        <span>{significant(max, 2)}</span>
      </div>
    </div>
  );
}

function centersOf({ min, max, counts }: HistogramView): number[] {
  const width = (max - min) / counts.length || 1;
  return counts.map((_, bin) => min + (bin + 0.5) * width);
}

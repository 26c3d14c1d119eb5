/** What the model gets wrong, how its weights are spread, and of which layers it is. */
import { useState } from 'preact/hooks';
import type { ModelView as Model } from '../../../shared/status/monitoring.js';
import { type Cell, Confusion } from '../model/confusion.js';
import { Histograms } from '../model/histograms.js';
import { Layers } from '../model/layers.js';
import { Mistakes } from '../model/mistakes.js';
import { Recall } from '../model/recall.js';

export function ModelView({ model }: { model: Model | undefined }) {
  const [chosen, choose] = useState<Cell>();
  if (!model) return <p class="full empty">Reading the model…</p>;
  const toggle = (cell: Cell | undefined) =>
    choose(cell && cell.actual === chosen?.actual && cell.predicted === chosen.predicted ? undefined : cell);
  return (
    <div class="full about-model">
      <Confusion model={model} chosen={chosen} onChoose={toggle} />
      <Mistakes model={model} of={chosen} onAll={() => choose(undefined)} />
      <Recall model={model} />
      <Layers model={model} />
      <Histograms model={model} />
    </div>
  );
}

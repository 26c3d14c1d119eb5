/** The model: its layers, and where it is wrong. */
import type { ModelView } from '../../../shared/status/monitoring.js';
import { count } from '../data/format.js';

export function Layers({ model }: { model: ModelView }) {
  return (
    <section class="panel" aria-labelledby="layers-title">
      <h2 id="layers-title">
        Model <small>{model.name}</small>
      </h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="scroll" tabIndex={0} aria-label="Table of layers">
        <table>
          <thead>
            <tr>
              <th scope="col">Layer</th>
              <th scope="col">Output</th>
              <th scope="col" class="num">
                Parameters
              </th>
            </tr>
          </thead>
          <tbody>
            {model.layers.map((layer) => (
              <tr key={layer.name}>
                <th scope="row">
                  {layer.name} <span class="soft">{layer.type}</span>
                </th>
                <td class="code">{shapeText(layer.outputShape)}</td>
                <td class="num">{count(layer.parameters)}</td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row" colSpan={2}>
                All{' '}
                <span class="soft">
                  {model.trainable < model.parameters && `${count(model.trainable)} of them trained`}
                </span>
              </th>
              <td class="num">{count(model.parameters)}</td>
            </tr>
          </tfoot>
        </table>
      </section>
    </section>
  );
}

/** `[null,26,26,32]` as `26 × 26 × 32`. */
const shapeText = (shape: string): string =>
  shape
    .replace(/[[\]\s]/g, '')
    .split(',')
    .filter((length) => length !== 'null' && length !== '')
    .join(' × ');

export const className = ({ label }: ModelView, index: number): string =>
  (label.kind !== 'value' && label.names?.[index]) || String(index);

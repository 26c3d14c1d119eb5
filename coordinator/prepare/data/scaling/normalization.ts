/** How pixels are scaled: by engines, as they are fed to the model, since 8 bits travel better than 32. */
import type { Normalization, RecordArray, Scaling } from '../../../../shared/data/manifest.js';
import { choiceOption } from '../options.js';
import type { DataShapes, Reader } from '../source.js';
import type { SpecOptions } from '../spec.js';

/** What is stored is what is fed. */
export const FED_AS_STORED: Normalization = { scale: 1, mean: [0], std: [1] };

/**
 * Mean and standard deviation of the training pixels in shares of 255, one for each channel, unless `normalize=none`
 * is given, or the model's first layer takes values as they are.
 * @throws UserError
 */
export async function pixelNormalization(
  pixels: RecordArray,
  shapes: DataShapes,
  options: SpecOptions,
  { endsOf, trained }: Reader,
): Promise<{ normalisation: Normalization; notes: string[] }> {
  if (trained) return { normalisation: trained.normalisation, notes: [] };
  const given = choiceOption(options, 'normalize', ['auto', 'standard', 'none'], 'auto');
  const { input } = (await endsOf?.(shapes)) ?? {};
  if (given === 'none') return { normalisation: FED_AS_STORED, notes: ['pixels are not normalized'] };
  if (given === 'auto' && input) {
    const text = `pixels are not normalized, since layer ${input.layer} takes ${input.takes} (normalize=standard does it all the same)`;
    return { normalisation: FED_AS_STORED, notes: [text] };
  }
  return { normalisation: standardized(pixels, shapes.x.shape.at(-1)!), notes: [] };
}

function standardized(pixels: RecordArray, channels: number): Normalization {
  const scalings = Array.from({ length: channels }, (_, channel) =>
    scalingOfPixels(pixels, channels, channel),
  );
  return { scale: 1 / 255, mean: scalings.map(({ mean }) => mean), std: scalings.map(({ std }) => std) };
}

/**
 * From a histogram, so that the sums are exact. Rounded to 6 decimals, since they are told to people, unless the
 * deviation is so small that these would not tell it. A channel that never changes keeps its scale.
 */
function scalingOfPixels(pixels: RecordArray, channels: number, channel: number): Scaling {
  const counts = new Float64Array(256);
  for (let i = channel; i < pixels.length; i += channels) counts[pixels[i]!]!++;
  const count = counts.reduce((total, here) => total + here, 0);
  const mean = counts.reduce((total, here, value) => total + here * value, 0) / count;
  const variance = counts.reduce((total, here, value) => total + here * (value - mean) ** 2, 0) / count;
  const std = Math.sqrt(variance) / 255;
  const rounded = (value: number) => Number(value.toFixed(6));
  if (std > 0 && std < 1e-3) return { mean: mean / 255, std };
  return { mean: rounded(mean / 255), std: rounded(std) || 1 };
}

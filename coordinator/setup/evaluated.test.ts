import { describe, expect, it } from 'vitest';
import type { FigureName } from '../run/watch/figures.js';
import type { Configuration } from './configure.js';
import { watchOptionsOf } from './evaluated.js';

const OUTPUTS = [
  { name: 'species', loss: 'categoricalCrossentropy', weight: 1 },
  { name: 'age', loss: 'meanSquaredError', weight: 0.5 },
] as const;
const watched = (monitor: FigureName, outputs?: typeof OUTPUTS) =>
  watchOptionsOf({ monitor, minDelta: 0 } as Configuration, 'accuracy', outputs);

describe('what --monitor watches', () => {
  it.each(['age_loss', 'age_meanAbsoluteError', 'species_accuracy', 'loss'] as const)(
    'may be a figure of one of several outputs, or of all: %s',
    (monitor) => expect(watched(monitor, OUTPUTS).best).toMatchObject({ figure: monitor }),
  );

  it('is no figure of an output that there is not, or of another loss', () => {
    const there =
      'give loss or accuracy or species_loss or species_accuracy or age_loss or age_meanAbsoluteError';
    for (const monitor of ['height_loss', 'age_accuracy'] as const)
      expect(() => watched(monitor, OUTPUTS)).toThrow(
        `--monitor ${monitor}: evaluations of this run have no ${monitor}; ${there}`,
      );
    expect(() => watched('age_loss')).toThrow('have no age_loss; give loss or accuracy');
  });
});

/** What a run learns from its evaluations, one after the other: its best weights, when to end, when to learn more slowly. */
import { heard, isSpent, nothingWatched, type Watched } from './early-stopping.js';
import { type FigureName, figureOf, type Means } from './figures.js';
import { lowered, noPlateau, type Plateau, type PlateauOptions, weighed } from './plateau.js';

/** By what the best weights are known, and when the run ends before its last step. */
export interface WatchOptions {
  figure: FigureName;
  minDelta: number;
  /** Evaluations in a row without a better figure after which the run ends; undefined: it makes all steps. */
  patience: number | undefined;
}

/** Means over samples, with their number. */
type Result = Means & { samples: number };

/** What a checkpoint keeps of it: nothing in a run that is not watched. */
export interface StoredWatching {
  watched?: Watched;
  /** The evaluation that was the best of what is watched. */
  atBest?: Result;
  plateau?: Plateau;
}

export class Watching {
  watched: Watched | undefined;
  atBest: Result | undefined;
  private plateau: Plateau | undefined;
  private lowers = false;

  constructor(
    private readonly options: { best?: WatchOptions | undefined; plateau?: PlateauOptions | undefined },
  ) {
    const { best, plateau } = options;
    if (best) this.watched = nothingWatched(best.figure);
    if (plateau) this.plateau = noPlateau(plateau.figure);
  }

  /** @returns whether the run keeps these weights as its best */
  hear(step: number, means: Result): boolean {
    const { best, plateau } = this.options;
    if (plateau) {
      const value = figureOf(plateau.figure).of(means);
      ({ plateau: this.plateau, lowers: this.lowers } = weighed(this.plateau!, value, plateau));
    }
    if (!best) return false;
    const { higherIsBetter, of } = figureOf(best.figure);
    this.watched = heard(this.watched!, { step, value: of(means) }, { ...best, higherIsBetter });
    const isBest = this.watched.best?.step === step;
    if (isBest) this.atBest = means;
    return isBest;
  }

  /** @returns the learning rate that takes the place of `rate` after the latest evaluation; undefined: none does */
  nextRate(rate: number): number | undefined {
    const { lowers } = this;
    this.lowers = false;
    return lowers ? lowered(rate, this.options.plateau!) : undefined;
  }

  /** Why a run at `step` makes no further one although some are left; undefined: it does. */
  spentAt(step: number): string | undefined {
    const { watched, options } = this;
    const { figure, patience } = options.best ?? {};
    if (!watched || !figure || patience === undefined || !isSpent(watched, patience)) return undefined;
    const much = patience === 1 ? '1 evaluation' : `${patience} evaluations`;
    const at = watched.best ? `best at step ${watched.best.step}` : 'none was a number';
    return `no better ${figureOf(figure).called} for ${much}: stopped at step ${step}, ${at}`;
  }

  store(): StoredWatching {
    const { watched, atBest, plateau } = this;
    return {
      ...(watched ? { watched } : {}),
      ...(atBest ? { atBest } : {}),
      ...(plateau ? { plateau } : {}),
    };
  }

  /** The best by one figure says nothing of the best by another. */
  restore({ watched, atBest, plateau }: StoredWatching): void {
    const { best, plateau: lowering } = this.options;
    if (watched?.figure === best?.figure) {
      this.watched = watched ?? this.watched;
      this.atBest = atBest;
    }
    if (plateau && plateau.figure === lowering?.figure) this.plateau = plateau;
  }
}

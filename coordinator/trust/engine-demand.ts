/**
 * Decides which engine class a worker must have. Work that is audited by its bits must be of a class that the
 * coordinator knows by itself: otherwise an audited worker would choose, by the class it claims, how it is compared.
 */
import { engineOf, UNIVERSAL_ENGINE } from '../../shared/engines/engines.js';

export interface Demand {
  /** `any`, an engine's name, or a whole class. */
  engineClass: string;
  /** Whether a name is not enough: nothing would say which bits it must give. */
  isWhole: boolean;
}

/**
 * @param wanted `--engine-class`
 * @param universal the universal class as the coordinator has it; undefined where it cannot compute the model
 * @param comparesBits whether no class but that will do for who is audited, whatever is wanted
 */
export function demandOf(
  wanted: string,
  isAudited: boolean,
  universal: string | undefined,
  comparesBits = false,
): Demand {
  if (isAudited && comparesBits) return { engineClass: universal ?? UNIVERSAL_ENGINE, isWhole: true };
  const known = wanted === UNIVERSAL_ENGINE ? (universal ?? wanted) : wanted;
  if (wanted === 'auto') return { engineClass: (isAudited && universal) || 'any', isWhole: isAudited };
  return { engineClass: known, isWhole: isAudited };
}

/** Why a worker that says that it has `engineClass` may not take part; undefined if it may. */
export function refusalOf({ engineClass: wanted, isWhole }: Demand, engineClass: string): string | undefined {
  if (wanted === 'any' || engineClass === wanted) return undefined;
  const demand = `this run demands engine class ${wanted}, the worker has ${engineClass}`;
  if (wanted.includes('@') || engineOf(engineClass) !== wanted) return demand;
  if (!isWhole) return undefined;
  return `${demand}: of a volunteer it must demand a whole class (swarmgrad engines shows it) or ${UNIVERSAL_ENGINE}`;
}

/** `--loss OUT=NAME,...` and `--loss-weights OUT=X,...`: what is said of each of several outputs, by its name. */
import { LOSSES, type LossName } from '../../../../shared/numerics/losses.js';
import { didYouMean } from '../../../../shared/options/closest.js';
import { UserError } from '../../../../shared/user-error.js';

/** `OUT=NAME,...` with names of losses alone. */
export type LossPerOutput = `${string}=${string}`;

const isLoss = (text: unknown): text is LossName => (LOSSES as readonly unknown[]).includes(text);

const pairsOf = (text: string): [string, string][] =>
  text.split(',').map((pair) => {
    const equals = pair.lastIndexOf('=');
    return equals < 1 ? ['', pair] : [pair.slice(0, equals), pair.slice(equals + 1)];
  });

/** Whether a loss is given for each of several outputs. */
export const isLossPerOutput = (loss: unknown): loss is LossPerOutput =>
  typeof loss === 'string' && pairsOf(loss).every(([output, name]) => output !== '' && isLoss(name));

/** An object of a program, as the option's text. @returns undefined for what is none */
export function lossTextOf(value: unknown): LossPerOutput | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const text = Object.entries(value).map(([output, loss]) => `${output}=${loss}`);
  const joined = text.join(',');
  return isLossPerOutput(joined) ? joined : undefined;
}

/**
 * The loss that is asked for each output; undefined: none is.
 * @param loss one for all outputs, or `OUT=NAME,...`
 * @throws UserError for an output that the model has not
 */
export function lossesAsked(
  loss: LossName | LossPerOutput | undefined,
  outputs: readonly string[],
): (LossName | undefined)[] {
  if (!isLossPerOutput(loss)) return outputs.map(() => loss);
  const asked = byOutput('--loss', pairsOf(loss), outputs);
  return outputs.map((output) => asked.get(output) as LossName | undefined);
}

/** What each output's loss counts; undefined: it is not said. @throws UserError */
export function lossWeightsAsked(
  text: string | undefined,
  outputs: readonly string[],
): (number | undefined)[] {
  if (text === undefined) return outputs.map(() => undefined);
  const asked = parseLossWeights(text);
  byOutput('--loss-weights', [...asked], outputs);
  const weights = outputs.map((output) => asked.get(output));
  if (weights.every((weight) => weight === 0))
    throw new UserError('--loss-weights gives every output 0: nothing would be learned', 2);
  return weights;
}

/** A list, or a JSON object. @throws UserError */
export function parseLossWeights(text: string): Map<string, number> {
  const refuse = (problem: string): never => {
    throw new UserError(`--loss-weights ${problem}: give OUTPUT=X,... with numbers of at least 0`, 2);
  };
  const weights = new Map<string, number>();
  for (const [output, given] of text.startsWith('{') ? entriesOf(text, refuse) : pairsOf(text)) {
    const weight = given === '' ? Number.NaN : Number(given);
    if (output === '') refuse(`has ${given}, which names no output`);
    if (!(Number.isFinite(Math.fround(weight)) && weight >= 0)) refuse(`gives ${output} ${given}`);
    if (weights.has(output)) refuse(`has ${output} twice`);
    weights.set(output, weight);
  }
  return weights;
}

function entriesOf(text: string, refuse: (problem: string) => never): [string, unknown][] {
  try {
    return Object.entries(JSON.parse(text));
  } catch {
    return refuse(`is no JSON object: ${text}`);
  }
}

function byOutput<T>(
  flag: string,
  pairs: readonly (readonly [string, T])[],
  outputs: readonly string[],
): Map<string, T> {
  for (const [at, [name]] of pairs.entries()) {
    if (!outputs.includes(name))
      throw new UserError(
        `${flag}: the model has no output ${name}: it has ${outputs.join(', ')}${didYouMean(name, outputs)}`,
        2,
      );
    if (pairs.findIndex(([other]) => other === name) !== at)
      throw new UserError(`${flag} has ${name} twice: leave one of them out`, 2);
  }
  return new Map(pairs);
}

/** Made-up reviews of several lengths: their mood is that of a word, which a `not` before it turns around. */
import { Random } from '../../../shared/numerics/random.js';

const GOOD = ['good', 'great', 'lovely', 'superb', 'charming'];
const BAD = ['bad', 'awful', 'dull', 'poor', 'boring'];
const OTHERS = [
  'the',
  'film',
  'plot',
  'actor',
  'was',
  'and',
  'a',
  'scene',
  'music',
  'of',
  'it',
  'in',
  'we',
  'saw',
];

export interface Review {
  text: string;
  mood: 'good' | 'bad';
}

/** Mostly short ones, as such texts are: 3 to 40 words. */
export function reviews(count: number, seed = 1): Review[] {
  const random = new Random(seed);
  const pick = (words: readonly string[]) => words[random.below(words.length)]!;
  return Array.from({ length: count }, () => {
    const isGood = random.below(2) === 0;
    const isTurned = random.below(3) === 0;
    const others = Math.floor(3 + 37 * random.float() ** 2);
    const at = random.below(others);
    const words = Array.from({ length: others }, () => pick(OTHERS));
    const word = pick(isGood === isTurned ? BAD : GOOD);
    words.splice(at, 0, ...(isTurned ? ['not', word] : [word]));
    return { text: words.join(' '), mood: isGood ? 'good' : 'bad' };
  });
}

export const reviewsAsCsv = (all: readonly Review[]): string =>
  ['text,mood', ...all.map(({ text, mood }) => `"${text}",${mood}`)].join('\n');

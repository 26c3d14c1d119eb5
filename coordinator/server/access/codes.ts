/**
 * Short codes that stand for tokens: a room types what a projector shows. They hold as long as this process, and their
 * token no longer than it does.
 */
import { randomInt } from 'node:crypto';

/** Without letters and digits that look alike. */
const LETTERS = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789';
/** 900 million: wrong ones are counted as wrong tokens are, so that nobody tries them all. */
const LENGTH = 6;
const MOST_CODES = 1000;
const CODE = new RegExp(`^[${LETTERS}]{${LENGTH}}$`, 'i');

/** Whether it may be one. */
export const isCode = (text: string): boolean => CODE.test(text);

export class Codes {
  private readonly tokens = new Map<string, string>();

  /** The oldest is forgotten where there are too many. */
  make(token: string): string {
    let code: string;
    do code = Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('');
    while (this.tokens.has(code));
    this.tokens.set(code, token);
    if (this.tokens.size > MOST_CODES) this.tokens.delete(this.tokens.keys().next().value!);
    return code;
  }

  /** In any case. */
  tokenOf(code: string): string | undefined {
    return this.tokens.get(code.toUpperCase());
  }
}

/** What texts of a column look like, where they are no categories. */

/** `2024-01-31`, `31.1.2024 12:30`, `1/31/24`, `Jan 31, 2024`, and what stands behind a date: a time, a zone. */
const DATE =
  /^(\d{4}[-/]\d{1,2}|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}[ -.]+[a-z]{3,9}\.?,?[ -]+\d{2,4}|[a-z]{3,9}\.? \d{1,2},? \d{4})([ t,]+\d{1,2}:\d{2}.*)?$/i;
const TIME = /^\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[ap]m)?$/i;

export const looksLikeDate = (text: string): boolean => DATE.test(text) || TIME.test(text);

/** Sentences have many words; names of categories mostly few. */
const [WORDS, CHARACTERS] = [6, 80];

export const looksLikeSentence = (text: string): boolean =>
  text.length > CHARACTERS || text.split(/\s+/).length >= WORDS;

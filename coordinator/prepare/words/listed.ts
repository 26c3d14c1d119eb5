/** Names in a sentence: of many, the first ones. */

/** Names of columns, weights or classes that are told; there may be thousands. */
const LISTED = 40;

/** Some names, and how many there are besides. */
export const listed = (names: readonly unknown[], most = LISTED): string =>
  names.length <= most
    ? names.join(', ')
    : `${names.slice(0, most).join(', ')} and ${names.length - most} more`;

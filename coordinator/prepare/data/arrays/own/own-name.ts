/** What stands in place of a spec where a program has given the data itself: `own:` and the SHA-256 of what it gave. */

/** The scheme of such names. */
export const OWN = 'own';

export const isOwnData = (spec: string): boolean => spec.startsWith(`${OWN}:`);

export const ownName = (sha256: string): string => `${OWN}:${sha256}`;

export const hashInName = (name: string): string => name.slice(OWN.length + 1);

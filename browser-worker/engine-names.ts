/** Engines as people name them. */

/** `auto`, a candidate's name, or its last part: `webgl` means `eager/webgl`. Unknown ones are left as they are. */
export function engineNamed(text: string, candidates: readonly { name: string }[]): string {
  return candidates.find(({ name }) => name === text || name.endsWith(`/${text}`))?.name ?? text;
}

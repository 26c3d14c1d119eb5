/** Engines as people name them. */

/** `auto`, one of `names`, or its last part: `webgl` means `eager/webgl`. Unknown ones are left as they are. */
export function engineNamed(text: string, names: readonly string[]): string {
  return names.find((name) => name === text || name.endsWith(`/${text}`)) ?? text;
}

/** What is found by a few letters of it: each word of the search stands somewhere in the text, in any case. */
export function matches(text: string, search: string): boolean {
  const said = text.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => said.includes(word));
}

/**
 * A contract: cases that every adapter of one kind must pass, whatever runtime it is for. They run inside
 * that runtime, so they know no test library.
 */
export type Contract<Subject> = Record<string, (subject: Subject) => Promise<void>>;

/** @throws Error unless both are equal as JSON */
export function equal(actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${a}, expected ${b}`);
}

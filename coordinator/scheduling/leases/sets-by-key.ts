/** Sets of items, found by a key that several items share; a set that is empty is not kept. */
export class SetsByKey<K, T> {
  private readonly sets = new Map<K, Set<T>>();

  add(key: K, item: T): void {
    const same = this.sets.get(key);
    if (same) same.add(item);
    else this.sets.set(key, new Set([item]));
  }

  remove(key: K, item: T): void {
    const same = this.sets.get(key);
    same?.delete(item);
    if (same?.size === 0) this.sets.delete(key);
  }

  /** In the order in which they were added. */
  of(key: K): Iterable<T> {
    return this.sets.get(key) ?? [];
  }
}

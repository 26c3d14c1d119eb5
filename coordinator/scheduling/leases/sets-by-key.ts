/** Sets of items, found by a key that several items share; a set that is empty is not kept, and one of one item is that item. */
export class SetsByKey<K, T extends object> {
  private readonly sets = new Map<K, T | Several<T>>();

  add(key: K, item: T): void {
    const same = this.sets.get(key);
    if (same === undefined) this.sets.set(key, item);
    else if (same instanceof Several) same.add(item);
    else if (same !== item) this.sets.set(key, new Several([same, item]));
  }

  remove(key: K, item: T): void {
    const same = this.sets.get(key);
    if (same === item) this.sets.delete(key);
    else if (same instanceof Several && same.delete(item) && same.size === 0) this.sets.delete(key);
  }

  /** In the order in which they were added. */
  of(key: K): Iterable<T> {
    const same = this.sets.get(key);
    if (same === undefined) return [];
    return same instanceof Several ? same : [same];
  }

  /** Calls `act` for each, in that order. */
  each(key: K, act: (item: T) => void): void {
    const same = this.sets.get(key);
    if (same instanceof Several) same.forEach(act);
    else if (same !== undefined) act(same);
  }
}

/** More than one. */
class Several<T> extends Set<T> {}

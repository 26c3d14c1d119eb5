/**
 * What the two ends of a connection within one process hand to each other: in order, and never while the other end is in
 * the middle of something. After something long the rest waits until others have had their turn.
 */
export class Turns {
  private readonly waiting: { act: () => void; isLong: boolean }[] = [];
  private isUnderWay = false;

  /** Must not throw. @param isLong whether it takes as long as a chunk of a gradient */
  add(act: () => void, isLong = false): void {
    this.waiting.push({ act, isLong });
    if (this.isUnderWay) return;
    this.isUnderWay = true;
    queueMicrotask(this.go);
  }

  private readonly go = (): void => {
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
      next.act();
      if (!next.isLong || this.waiting.length === 0) continue;
      setImmediate(this.go);
      return;
    }
    this.isUnderWay = false;
  };
}

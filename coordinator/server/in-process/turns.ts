/**
 * What the two ends of a connection within one process hand to each other: in order, and never while the other end is in
 * the middle of something. Between two long things others have their turn.
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
    let wasLong = false;
    for (let next = this.waiting[0]; next; next = this.waiting[0]) {
      if (wasLong && next.isLong) return void setImmediate(this.go);
      this.waiting.shift();
      next.act();
      wasLong ||= next.isLong;
    }
    this.isUnderWay = false;
  };
}

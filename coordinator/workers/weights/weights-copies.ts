/**
 * Copies of the weights for readers that fetch them. All readers of a version share one; a reader that takes its time
 * keeps it in memory, so there are few of them at once, and a reader that comes while all are being read gets the newest.
 */
const MOST_COPIES = 4;

export interface WeightsOf {
  version: number;
  copy(): Float32Array;
}

interface Copy {
  version: number;
  body: Buffer;
  readers: number;
}

export class WeightsCopies {
  /** That are being read, the newest last. */
  private copies: Copy[] = [];

  /** @returns the bytes, and what is to be called once they are sent, or no reader waits for them any more */
  take({ version, copy }: WeightsOf): { version: number; body: Buffer; done(): void } {
    let shared = this.copies.find((one) => one.version === version);
    if (!shared && this.copies.length < MOST_COPIES) {
      const { buffer, byteOffset, byteLength } = copy();
      shared = { version, body: Buffer.from(buffer, byteOffset, byteLength), readers: 0 };
      this.copies.push(shared);
    }
    const taken = shared ?? this.copies.at(-1)!;
    taken.readers++;
    const done = () => {
      if (--taken.readers === 0) this.copies = this.copies.filter((one) => one !== taken);
    };
    return { version: taken.version, body: taken.body, done };
  }
}

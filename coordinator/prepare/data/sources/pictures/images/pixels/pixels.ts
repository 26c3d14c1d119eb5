/** The pixels of all pictures in one array, each picture in its place. */
import { UserError } from '../../../../../../../shared/user-error.js';
import type { Look, Picture } from './decode.js';

/** What a coordinator holds of one data set: chunks of it are served from memory. */
const MAX_BYTES = 4 * 2 ** 30;

export interface Size {
  width: number;
  height: number;
}

export class Pixels {
  private array: Uint8Array | undefined;
  private size: Size | undefined;
  /** Of the picture whose size decides. */
  private title = '';
  private readonly present: boolean[];

  /** @throws UserError for more than memory is to hold */
  constructor(
    private readonly count: number,
    private readonly look: Look,
  ) {
    this.present = Array.from({ length: count }, () => false);
    if (look.size) this.begin(look.size);
  }

  /** Undefined until one picture is there. */
  get each(): Size | undefined {
    return this.size;
  }

  has(place: number): boolean {
    return this.present[place]!;
  }

  /** @param title what the picture is called. @throws UserError for one of another size than the first */
  put(place: number, title: string, { width, height, pixels }: Picture): void {
    if (!this.size) {
      this.title = title;
      this.begin({ width, height });
    }
    const { size, array } = this;
    if (width !== size!.width || height !== size!.height)
      throw new UserError(
        `${title} has ${width}x${height} pixels, ${this.title} ${size!.width}x${size!.height}: size=WIDTHxHEIGHT makes all alike (size=64x64, say)`,
        2,
      );
    array!.set(pixels, place * pixels.length);
    this.present[place] = true;
  }

  /** Those of the places from `from` to `to`, without those that stayed empty. Moves them: called once for a place. */
  between(from: number, to: number): Uint8Array {
    const record = this.size!.width * this.size!.height * this.look.channels;
    const part = this.array!.subarray(from * record, to * record);
    let filled = 0;
    for (let at = 0; at < to - from; at++) {
      if (!this.present[from + at]) continue;
      if (filled < at) part.copyWithin(filled * record, at * record, (at + 1) * record);
      filled++;
    }
    return part.subarray(0, filled * record);
  }

  private begin({ width, height }: Size): void {
    const { count, look } = this;
    const bytes = count * width * height * look.channels;
    if (bytes > MAX_BYTES) {
      const grey = look.channels === 3 ? ', or grey=1' : '';
      throw new UserError(
        `${count.toLocaleString('en-US')} pictures of ${width}x${height} take ${(bytes / 2 ** 30).toFixed(1)} GiB, more than 4: give a smaller size=WIDTHxHEIGHT${grey}`,
        2,
      );
    }
    this.size = { width, height };
    this.array = new Uint8Array(bytes);
  }
}

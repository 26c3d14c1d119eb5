/**
 * How a node of several shards is shared out over lanes: cut into pieces, subtrees of one size, whose values are
 * added over the tree above them as they come. Pure: it says what is to be computed and added, and owns no memory.
 *
 * The pieces are the leaves of a heap of their own: m pieces, of which piece i has the number m + i, and the node
 * has number 1. An empty piece (no samples) has no value, and its sibling's value moves up unchanged.
 */
import { firstShard, leafCount, type Node, parentOf, ROOT, siblingOf } from '../../shared/numerics/tree.js';
import type { NodeSums } from '../compute.js';
import type { Shard } from '../engine.js';

/**
 * Shards of a piece: so many that the last lane is done as early as possible; of equals the most, since an engine may
 * compute neighbors in one run.
 * @param shards a power of two
 */
export function pieceSize(shards: number, lanes: number): number {
  let best = shards;
  let least = shards;
  for (let size = shards; size >= 1; size /= 2) {
    const time = Math.ceil(shards / size / lanes) * size;
    if (time < least) [best, least] = [size, time];
  }
  return best;
}

/** The value of a number of the heap: where it lies, and its sums. */
export interface Value<Slot> {
  slot: Slot;
  sums: NodeSums;
}

export interface Piece {
  number: Node;
  shards: readonly Shard[];
}

/** Asks for left + right, which is the value of `number`. */
export interface Addition<Slot> {
  number: Node;
  left: Value<Slot>;
  right: Value<Slot>;
}

export class PieceTree<Slot> {
  private readonly count: number;
  private readonly isEmpty: boolean[];
  private readonly values = new Map<Node, Value<Slot>>();

  constructor(
    private readonly shards: readonly Shard[],
    lanes: number,
  ) {
    this.count = shards.length / pieceSize(shards.length, lanes);
    this.isEmpty = Array.from({ length: 2 * this.count }, (_, number) =>
      number === 0 ? true : this.under(number).every(({ batch }) => batch.count === 0),
    );
  }

  /** Those with samples, in their order. */
  get pieces(): Piece[] {
    return Array.from({ length: this.count }, (_, i) => this.count + i)
      .filter((number) => !this.isEmpty[number])
      .map((number) => ({ number, shards: this.under(number) }));
  }

  /** Whether the value of `number` is the value of the whole node. */
  isWhole(number: Node): boolean {
    return this.risen(number) === ROOT;
  }

  /** The value of a piece or of an addition is here. @returns the addition that it makes possible */
  put(number: Node, value: Value<Slot>): Addition<Slot> | undefined {
    const at = this.risen(number);
    this.values.set(at, value);
    const other = this.values.get(siblingOf(at));
    if (at === ROOT || !other) return undefined;
    this.values.delete(at);
    this.values.delete(siblingOf(at));
    const [left, right] = at < siblingOf(at) ? [value, other] : [other, value];
    return { number: parentOf(at), left, right };
  }

  /** The values that are here and have not been added: of the whole node one. */
  get present(): Value<Slot>[] {
    return [...this.values.values()];
  }

  /** The highest number that has the same value, as all that it would be added to is empty. */
  private risen(number: Node): Node {
    let at = number;
    while (at !== ROOT && this.isEmpty[siblingOf(at)]) at = parentOf(at);
    return at;
  }

  private under(number: Node): readonly Shard[] {
    const { length } = this.shards;
    const first = firstShard(length, number);
    return this.shards.slice(first, first + leafCount(length, number));
  }
}

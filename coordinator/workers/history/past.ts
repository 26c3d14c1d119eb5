/**
 * What workers that have left have given, by name, kind and engine class. They choose all three themselves, and the
 * table is in every checkpoint: so it has a bounded number of rows, of which one identity has only a few. What comes
 * beyond counts under "others". Adding takes the same short time however many there are.
 */
import { keyOf, type Totals } from '../../scheduling/totals.js';

const MOST_ROWS = 1000;
const MOST_ROWS_OF_ONE = 32;
const OTHERS = { name: 'others', kind: 'node', engine: 'various', engineClass: 'various' } as const;

export class Past {
  private readonly table = new Map<string, Totals>();
  /** Rows that each identity has begun. */
  private readonly begunBy = new Map<string, number>();
  private readonly others: Totals = { ...OTHERS, samples: 0, contributions: 0 };

  /** @param identity the worker's identity, under any name; undefined: read from a checkpoint */
  add({ name, kind, engine, engineClass, samples, contributions }: Totals, identity?: string): void {
    if (contributions === 0) return;
    const key = keyOf({ name, kind, engineClass });
    let row = this.table.get(key);
    if (!row && this.mayBegin(identity)) {
      row = { name, kind, engine, engineClass, samples: 0, contributions: 0 };
      this.table.set(key, row);
    }
    row ??= this.others;
    row.samples += samples;
    row.contributions += contributions;
  }

  rows(): Totals[] {
    return [...this.table.values(), ...(this.others.contributions > 0 ? [this.others] : [])];
  }

  private mayBegin(identity: string | undefined): boolean {
    if (this.table.size >= MOST_ROWS) return false;
    if (identity === undefined) return true;
    const begun = this.begunBy.get(identity) ?? 0;
    if (begun >= MOST_ROWS_OF_ONE) return false;
    this.begunBy.set(identity, begun + 1);
    return true;
  }
}

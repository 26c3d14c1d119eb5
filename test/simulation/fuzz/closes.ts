/** Names of the codes with which hostile connections are closed. */
import { CLOSE } from '../../../shared/protocol/close-codes.js';

const NAMES = new Map<number, string>([
  ...Object.entries(CLOSE).map(([name, { code }]): [number, string] => [code, name]),
  // Those of WebSockets themselves (PROTOCOL.md).
  [1002, 'a broken WebSocket frame'],
  [1007, 'text that is no UTF-8'],
  [1009, 'a message that is too long'],
]);

/** How often connections were closed for what. */
export class Closes {
  readonly byName = new Map<string, number>();

  /** @throws Error for a code that has no name */
  count(code: number): void {
    const name = NAMES.get(code);
    if (!name) throw new Error(`closed with ${code}, which has no name`);
    this.byName.set(name, (this.byName.get(name) ?? 0) + 1);
  }

  toString(): string {
    const rows = [...this.byName].sort((a, b) => b[1] - a[1]);
    return rows.map(([name, count]) => `${name} ${count}`).join(', ');
  }
}

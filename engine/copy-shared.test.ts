import { expect, it } from 'vitest';
import { copyShared } from './copy-shared.js';

it('copies what `set` would, wherever both lie', () => {
  const values = Float32Array.from({ length: 40_001 }, (_, i) => Math.sin(i));
  for (const memory of [ArrayBuffer, SharedArrayBuffer])
    for (const start of [0, 1])
      for (const at of [0, 1, 2, 3]) {
        const into = new Float32Array(new memory(4 * 40_010), 4 * start, 40_009);
        const source = values.subarray(start === 0 ? at % 2 : 0);
        copyShared(into, source, at);
        expect(source.every((value, i) => into[at + i] === value)).toBe(true);
        expect(into[at + source.length]).toBe(0);
        if (at > 0) expect(into[at - 1]).toBe(0);
      }
});

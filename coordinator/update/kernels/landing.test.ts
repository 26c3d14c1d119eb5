import { describe, expect, it } from 'vitest';
import { createKernels } from '../../../shared/numerics/update/kernels/create.js';
import { GradientPool } from './gradient-pool.js';
import { Landing, mostLandings } from './landing.js';

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

function setup(most = 2) {
  const kernels = createKernels({ capacityFloats: 1000, kind: 'wasm' });
  const landing = new Landing(kernels, 2);
  const pool = new GradientPool(kernels, most);
  let given = 0;
  const giveBack = () => {
    given++;
  };
  return { landing, pool, giveBack, given: () => given };
}

describe('what a chunk from a socket is read to', () => {
  it('is lent to a few at a time, beside what is borrowed, and again once it is taken or given back', () => {
    const { landing, pool, giveBack } = setup();
    landing.borrow(bytesOf(pool.allocate(10)!), giveBack);
    const [first, second] = [landing.lend(40)!, landing.lend(40)!];
    expect(landing.lend(40)).toBeUndefined();
    landing.take(first);
    expect(landing.lend(40)).toHaveLength(40);
    expect(landing.lend(40)).toBeUndefined();
    landing.giveBack(second);
    landing.giveBack(second);
    expect(landing.lend(40)).toHaveLength(40);
    expect(landing.lend(40)).toBeUndefined();
  });

  it('is lent to as many as fit into 64 MiB, to 32 at least and 1024 at most', () => {
    expect([1, 64 << 10, 512 << 10, 16 << 20].map(mostLandings)).toEqual([1024, 1024, 128, 32]);
  });
});

describe('a chunk that a worker of this process has written', () => {
  it('is taken where it lies, and given back when it is freed', () => {
    const { landing, pool, giveBack, given } = setup();
    const chunk = pool.allocate(100)!.subarray(0, 40).fill(7);
    expect(landing.borrow(bytesOf(chunk), giveBack)).toBe(true);
    const vector = landing.take(bytesOf(chunk))!;
    vector[3] = 8;
    expect(chunk[3]).toBe(8);
    landing.giveBack(bytesOf(chunk));
    expect(given()).toBe(0);
    landing.free(vector);
    expect(given()).toBe(1);
  });

  it('is given back at once where nobody wants it', () => {
    const { landing, pool, giveBack, given } = setup();
    const chunk = pool.allocate(100)!;
    landing.borrow(bytesOf(chunk), giveBack);
    landing.giveBack(bytesOf(chunk));
    expect(given()).toBe(1);
    expect(landing.take(bytesOf(chunk))).toBeUndefined();
  });

  it('is not borrowed from other memory, which others may write to', () => {
    const { landing, giveBack } = setup();
    expect(landing.borrow(new Uint8Array(new SharedArrayBuffer(64)), giveBack)).toBe(false);
  });

  it('lies in one of a few vectors, which are used again', () => {
    const { pool } = setup();
    const [first, second] = [pool.allocate(10)!, pool.allocate(10)!];
    expect(pool.allocate(10)).toBeUndefined();
    pool.release(second);
    pool.release(new Float32Array(10));
    expect(pool.allocate(10)!.byteOffset).toBe(second.byteOffset);
    expect(first.byteOffset).not.toBe(second.byteOffset);
  });
});

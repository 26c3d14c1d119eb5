import { describe, expect, it } from 'vitest';
import { Cleanup } from './cleanup.js';

describe('what is put together part by part', () => {
  it('is ended from the latest part to the first, once', async () => {
    const cleanup = new Cleanup();
    const ended: string[] = [];
    cleanup.defer(() => ended.push('first'));
    cleanup.defer(async () => ended.push('second'));
    await cleanup.run();
    await cleanup.run();
    expect(ended).toEqual(['second', 'first']);
  });

  it('is ended as a whole where one part fails to end, which is told', async () => {
    const cleanup = new Cleanup();
    const ended: string[] = [];
    cleanup.defer(() => ended.push('first'));
    cleanup.defer(() => Promise.reject(new Error('broken')));
    await expect(cleanup.run()).rejects.toThrow('broken');
    expect(ended).toEqual(['first']);
  });
});

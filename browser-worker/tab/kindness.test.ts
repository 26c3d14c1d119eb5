/** When a tab rests, what it tells of its browser, and how it keeps its cache within bounds. No browser needed. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AwakeTime } from '../../engine/lanes/awake-time.js';
import { engineNamed } from '../compute/engine-names.js';
import { restOf } from '../compute/lanes/duty-cycle.js';
import { type Conditions, DEFAULT_SETTINGS } from '../contribution-state.js';
import { BudgetedCache, type ByteStore } from '../storage/budgeted-cache.js';
import { memoryBudget } from '../storage/memory-budget.js';
import { missingCapabilities } from './conditions/capabilities.js';
import { reasonToPause } from './conditions/conditions.js';
import { Rate } from './rate.js';

const FINE: Conditions = { online: true, hidden: false, saveData: false, battery: null };

describe('a tab', () => {
  it('pauses on a low battery, but not while it charges', () => {
    const at = (level: number, charging: boolean) =>
      reasonToPause({ ...FINE, battery: { level, charging } }, DEFAULT_SETTINGS);
    expect(at(0.19, false)).toBe('Paused: the battery is at 19 %. It goes on above 20 %, or when charging.');
    expect(at(0.19, true)).toBeUndefined();
    expect(at(0.2, false)).toBeUndefined();
  });

  it('pauses to save data, and while hidden only if its owner wishes so', () => {
    expect(reasonToPause({ ...FINE, saveData: true }, DEFAULT_SETTINGS)).toMatch(/saves data/);
    expect(reasonToPause({ ...FINE, hidden: true }, DEFAULT_SETTINGS)).toBeUndefined();
    expect(reasonToPause({ ...FINE, hidden: true }, { ...DEFAULT_SETTINGS, pauseWhenHidden: true })).toMatch(
      /hidden/,
    );
    expect(reasonToPause(FINE, { ...DEFAULT_SETTINGS, pauseWhenHidden: true })).toBeUndefined();
  });

  it('says what its browser lacks, and what to do', () => {
    const webGl = { renderer: 'ANGLE (Mesa, llvmpipe)', isSoftware: false };
    const all = { secureContext: true, webGl, webAssembly: true, simd: true };
    expect(missingCapabilities(all)).toEqual([]);
    expect(missingCapabilities({ ...all, simd: false })).toEqual([
      expect.stringMatching(/no WebAssembly SIMD.*newer browser/),
    ]);
    expect(missingCapabilities({ ...all, webGl: { ...webGl, isSoftware: true } })).toEqual([
      expect.stringMatching(/draws by the processor \(ANGLE.*llvmpipe\)\).*hardware acceleration/),
    ]);
    expect(
      missingCapabilities({ secureContext: false, webGl: undefined, webAssembly: false, simd: false }),
    ).toHaveLength(3);
  });

  it('takes an engine by its name or the last part of it', () => {
    const names = ['compiled/wasm', 'eager/webgl', 'eager/wasm'];
    expect(engineNamed('webgl', names)).toBe('eager/webgl');
    expect(engineNamed('eager/wasm', names)).toBe('eager/wasm');
    expect(engineNamed('auto', names)).toBe('auto');
    expect(engineNamed('cuda', names)).toBe('cuda');
  });
});

describe('the duty cycle', () => {
  it('leaves the wanted share of the time to computing', () => {
    expect(restOf(100, 0, 1)).toBe(0);
    expect(restOf(100, 0, 0.5)).toBe(100);
    expect(restOf(100, 0, 0.1)).toBeCloseTo(900);
    expect(restOf(100, 40, 0.5)).toBe(60);
    expect(restOf(100, 400, 0.5)).toBe(0);
  });

  it('never rests so long that the run would take its work away', () => {
    expect(restOf(60_000, 0, 0.1)).toBe(10_000);
  });
});

describe('time awake', () => {
  it('stands still while the tab is frozen, and tells for how long that was', () => {
    const slept: number[] = [];
    const rung: string[] = [];
    const time = new AwakeTime((ms) => slept.push(ms));
    time.after(3000, () => rung.push('a'));
    time.after(2000, () => rung.push('b'))();
    time.tick(1000);
    time.tick(600_000);
    expect([slept, rung]).toEqual([[600_000], []]);
    time.tick(1000);
    expect(rung).toEqual(['a']);
  });
});

describe('a rate', () => {
  it('is that of the last seconds', () => {
    const rate = new Rate();
    expect(rate.perSecond(0)).toBe(0);
    for (let second = 0; second <= 30; second++) rate.add(second < 20 ? 1000 : 50, 1000 * second);
    expect(rate.perSecond(30_000)).toBe(50);
    expect(rate.perSecond(90_000)).toBe(0);
  });
});

describe('the cache of a browser', () => {
  const sha256 = async (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

  /** A disk with room for so many bytes. */
  function disk(room: number): ByteStore & { files: Map<string, Uint8Array> } {
    const files = new Map<string, Uint8Array>();
    return {
      files,
      read: async (name) => files.get(name),
      async write(name, bytes) {
        const used = [...files].reduce((sum, [other, { length }]) => sum + (other === name ? 0 : length), 0);
        if (used + bytes.length > room) throw new DOMException('full', 'QuotaExceededError');
        files.set(name, bytes);
      },
      remove: async (name) => void files.delete(name),
      list: async () => [...files].map(([name, { length }]) => ({ name, bytes: length })),
    };
  }

  it('shrinks when the browser has less room than it promised, and goes on', async () => {
    const store = disk(3500);
    const warnings: string[] = [];
    const warn = (text: string) => warnings.push(text);
    let now = 0;
    const cache = new BudgetedCache({ store, budgetBytes: 1e6, sha256, now: () => now++, warn });
    const all = Array.from({ length: 6 }, (_, i) => new Uint8Array(1000).fill(i));
    for (const bytes of all) await cache.put(await sha256(bytes), bytes);
    const found = await Promise.all(
      all.map(async (bytes) => (await cache.get(await sha256(bytes))) !== undefined),
    );
    expect(found.at(-1)).toBe(true);
    expect(found.filter(Boolean).length).toBeGreaterThanOrEqual(2);
    expect(warnings).toEqual([]);
  });

  it('says once that it cannot keep anything, and never rejects', async () => {
    const warnings: string[] = [];
    const broken: ByteStore = {
      read: async () => undefined,
      write: async () => {
        throw new Error('the disk is on fire');
      },
      remove: async () => undefined,
      list: async () => [],
    };
    const cache = new BudgetedCache({
      store: broken,
      budgetBytes: 1e6,
      sha256,
      now: () => 0,
      warn: (text) => warnings.push(text),
    });
    for (const i of [1, 2, 3]) {
      const bytes = Uint8Array.of(i);
      await cache.put(await sha256(bytes), bytes);
      expect(await cache.get(await sha256(bytes))).toBeUndefined();
    }
    expect(warnings).toEqual(['data is not kept for the next visit: the disk is on fire']);
  });
});

describe('the memory that data may take', () => {
  it('is a share of the device, and that of a phone where the browser does not tell', () => {
    expect([0.5, 2, 8].map((gib) => memoryBudget(gib) / 2 ** 20)).toEqual([32, 128, 512]);
    expect(memoryBudget(undefined)).toBe(memoryBudget(2));
  });
});

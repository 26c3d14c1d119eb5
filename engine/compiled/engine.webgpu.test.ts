/**
 * WebGPU on a software Vulkan driver, such as Debian's package chromium carries. Skipped where there is none; set
 * VK_ICD_FILENAMES to use another.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { TSX } from '../../test/support/compiled/processes.js';
import { freshSeed } from '../../test/support/seeds.js';

const DRIVER = process.env.VK_ICD_FILENAMES ?? '/usr/lib/chromium/vk_swiftshader_icd.json';
const isThere = existsSync(DRIVER);

/** A driver that computes on the processor takes all of it for 20 seconds: one of both in each run, at night both. */
const BOTH = ['mlp', 'cnn'];
const MODELS = process.env.PARITY_RUNS ? BOTH : [BOTH[freshSeed('PARITY_SEED') % 2]!];

interface Answer {
  engineClass: string;
  distance: number;
  hashes: string[];
}

/** In a process of its own: the driver is read when the first device is made. */
function onWebGpu(model: string): Answer {
  const script = fileURLToPath(new URL('../../test/support/compiled/on-webgpu.ts', import.meta.url));
  // Chromium's loader of Vulkan stands beside its driver.
  const env = { LD_LIBRARY_PATH: dirname(DRIVER), ...process.env, VK_ICD_FILENAMES: DRIVER };
  const answer = execFileSync(process.execPath, [...TSX, script, model], { encoding: 'utf8', env });
  return JSON.parse(answer.trim().split('\n').at(-1)!) as Answer;
}

describe.skipIf(!isThere)(
  `compiled/webgpu ${isThere ? '' : `(skipped: no Vulkan driver at ${DRIVER})`}`,
  () => {
    it.each(MODELS)('agrees with eager TF.js on %s, and joins shards with the same bits', (model) => {
      const { distance, engineClass, hashes } = onWebGpu(model);
      expect(distance).toBeLessThan(1e-4);
      expect(engineClass).toMatch(/^compiled\/webgpu@[\d.]+\+linux-\w+\+\S+$/);
      expect(hashes).toEqual([hashes[0], hashes[0], hashes[0]]);
    });
  },
);

describe('a machine without what WebGPU needs', () => {
  it.skipIf(process.platform !== 'linux')('says what is missing, in the words of whoever misses it', () => {
    const script = `
      import { gpuRuntime, startCompiledGpu } from '${new URL('../node/compiled.ts', import.meta.url)}';
      try { await startCompiledGpu({ model: { weights: [] } , manifest: {}, shardSamples: 1 }, 'webgpu'); }
      catch (error) { console.log(error.message); }
      process.exit(0);`;
    const env = { ...process.env, LD_LIBRARY_PATH: '/nowhere', VK_ICD_FILENAMES: '/nowhere/icd.json' };
    const args = [...TSX, '--input-type=module', '--eval', script];
    const said = execFileSync(process.execPath, args, { encoding: 'utf8', env, stdio: 'pipe' });
    expect(said).toMatch(
      /Vulkan's loader, in Debian's package libvulkan1: libvulkan|drivers for Vulkan here: \/nowhere/,
    );
  });
});

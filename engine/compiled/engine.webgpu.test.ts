/**
 * WebGPU on a software Vulkan driver, such as Debian's package chromium carries. Skipped where there is none; set
 * VK_ICD_FILENAMES to use another.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const DRIVER = process.env.VK_ICD_FILENAMES ?? '/usr/lib/chromium/vk_swiftshader_icd.json';
const isThere = existsSync(DRIVER);

describe.skipIf(!isThere)(
  `compiled/webgpu ${isThere ? '' : `(skipped: no Vulkan driver at ${DRIVER})`}`,
  () => {
    it.each(['mlp', 'cnn'])('agrees with eager TF.js on %s', (model) => {
      // In a process of its own: the driver is read when the first device is made.
      const script = fileURLToPath(new URL('../../test/support/compiled/on-webgpu.ts', import.meta.url));
      // Chromium's loader of Vulkan stands beside its driver.
      const env = { LD_LIBRARY_PATH: dirname(DRIVER), ...process.env, VK_ICD_FILENAMES: DRIVER };
      const answer = execFileSync(process.execPath, ['--import', 'tsx', script, model], {
        encoding: 'utf8',
        env,
      });
      const { distance } = JSON.parse(answer.trim().split('\n').at(-1)!) as { distance: number };
      expect(distance).toBeLessThan(1e-4);
    });
  },
);

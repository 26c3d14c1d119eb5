/** Which graphics processors this machine has: their makes decide bits, and so belong to the engine class. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where NVIDIA's driver for Linux tells of them. Others tell nothing without a tool of their own. */
const NVIDIA = '/proc/driver/nvidia/gpus';
/** Engine classes are no longer than 200 characters. */
const MOST_CHARACTERS = 100;

/** `NVIDIA-H200`, several joined by commas; `unknown` if no driver tells. */
export function gpuNames(folder = NVIDIA): string {
  try {
    const models = readdirSync(folder).map((gpu) => {
      const [, model = ''] =
        /^Model:\s*(.+)$/m.exec(readFileSync(join(folder, gpu, 'information'), 'utf8')) ?? [];
      return model.trim().replace(/[\s+@]+/g, '-');
    });
    const names = [...new Set(models)].filter(Boolean).sort().join(',');
    return names.slice(0, MOST_CHARACTERS) || 'unknown';
  } catch {
    return 'unknown';
  }
}

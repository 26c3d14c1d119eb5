/** Which graphics processors this machine has: their makes decide bits, and so belong to the engine class. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { namedDrivers } from './devices.js';

/** Engine classes are no longer than 200 characters. */
const MOST_CHARACTERS = 100;

/** Vulkan on the processor. Without one of its own description in the environment it cannot be told from here. */
const SOFTWARE: readonly (readonly [RegExp, string])[] = [
  [/swiftshader/i, 'SwiftShader'],
  [/lvp_|lavapipe/i, 'lavapipe'],
];

interface Sources {
  /** Where NVIDIA's driver for Linux tells of its processors. */
  nvidia?: string;
  /** Where the kernel tells of devices that render: each with the numbers of its maker and its make. */
  drm?: string;
  environment?: NodeJS.ProcessEnv;
  /** Names, a line each, by NVIDIA's tool: in containers its driver's own files may be hidden. */
  askNvidia?(): string;
}

/** `NVIDIA-H200`, several joined by commas; `unknown` if no driver tells. */
export function gpuNames({
  nvidia = '/proc/driver/nvidia/gpus',
  drm = '/sys/class/drm',
  environment = process.env,
  askNvidia = nvidiaTool,
}: Sources = {}): string {
  const driver = namedDrivers(environment);
  const software = driver && SOFTWARE.find(([pattern]) => pattern.test(driver))?.[1];
  if (software) return software;
  const ways = [() => ofNvidia(nvidia), () => askNvidia().split('\n'), () => ofKernel(drm)];
  for (const way of ways) {
    const names = attempt(way).map((name) => name.trim().replace(/[\s+@]+/g, '-'));
    const known = [...new Set(names)].filter(Boolean).sort().join(',');
    if (known) return known.slice(0, MOST_CHARACTERS);
  }
  return 'unknown';
}

function attempt(way: () => string[]): string[] {
  try {
    return way();
  } catch {
    return [];
  }
}

const ofNvidia = (folder: string): string[] =>
  readdirSync(folder).map((gpu) => {
    const text = readFileSync(join(folder, gpu, 'information'), 'utf8');
    return /^Model:\s*(.+)$/m.exec(text)?.[1] ?? '';
  });

function nvidiaTool(): string {
  if (!existsSync('/dev/nvidiactl')) return '';
  const question = ['--query-gpu=name', '--format=csv,noheader'];
  return execFileSync('nvidia-smi', question, { encoding: 'utf8', timeout: 10_000, stdio: 'pipe' });
}

/** `pci-1002:744c`: as good as a name. */
const ofKernel = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => /^renderD\d+$/.test(name))
    .map((name) => {
      const [maker, make] = ['vendor', 'device'].map((part) =>
        readFileSync(join(folder, name, 'device', part), 'utf8')
          .trim()
          .replace(/^0x/, ''),
      );
      return `pci-${maker}:${make}`;
    });

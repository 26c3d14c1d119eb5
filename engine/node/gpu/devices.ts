/** Whether this machine shows a graphics processor, found out without loading any library of its driver. */
import { readdirSync } from 'node:fs';

/** What Linux shows: NVIDIA's own driver, the kernel's drivers for rendering, AMD's for computing, Windows' for WSL. */
const DEVICES = /^(nvidia\d+|kfd|dxg)$/;
const RENDERERS = /^renderD\d+$/;

interface Machine {
  platform?: NodeJS.Platform;
  /** Where device files are. */
  devices?: string;
  environment?: NodeJS.ProcessEnv;
}

/** The file, or files, by which the environment names Vulkan's drivers instead of those that are installed. */
export const namedDrivers = (environment: NodeJS.ProcessEnv): string | undefined =>
  environment.VK_DRIVER_FILES || environment.VK_ICD_FILENAMES || undefined;

/** True where it cannot be told: Metal and D3D12 come with the system. A driver named by hand counts as one. */
export function showsGpu({
  platform = process.platform,
  devices = '/dev',
  environment = process.env,
}: Machine = {}): boolean {
  if (platform !== 'linux' || namedDrivers(environment)) return true;
  return (
    filesIn(devices).some((name) => DEVICES.test(name)) ||
    filesIn(`${devices}/dri`).some((name) => RENDERERS.test(name))
  );
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

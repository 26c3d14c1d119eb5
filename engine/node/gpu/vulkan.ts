/** Why WebGPU does not start on Linux: it needs Vulkan's loader, and through it a driver. */
import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { messageOf } from '../../../shared/user-error.js';
import { namedDrivers } from './devices.js';

const LOADER = 'libvulkan.so.1';

/** Where the loader looks for descriptions of drivers. */
const FOLDERS = ['/etc', '/usr/local/etc', '/usr/local/share', '/usr/share', join(homedir(), '.local/share')];

/** Undefined if the loader is there. Its absence, told here first, is else a warning of the provider's for each try. */
export function missingLoader(library = LOADER): string | undefined {
  try {
    process.dlopen({ exports: {} }, library);
  } catch (error) {
    // A library that was opened is no addon of Node's, which it then complains about.
    if (!/did not self-register/.test(messageOf(error))) return messageOf(error);
  }
  return undefined;
}

/** The descriptions of drivers that the loader reads, by their files' names. */
export function vulkanDrivers(
  environment: NodeJS.ProcessEnv,
  folders: readonly string[] = FOLDERS,
): string[] {
  const named = namedDrivers(environment);
  if (named) return named.split(':');
  const found = folders.flatMap((folder) => descriptionsIn(join(folder, 'vulkan/icd.d')));
  return [...new Set(found)].sort();
}

function descriptionsIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => basename(name));
  } catch {
    return [];
  }
}

// What of Vulkan a machine has, and the environment in which it is found: containers often bring NVIDIA's driver
// without a loader, and its description where no loader looks.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDERS = ['/etc', '/usr/local/etc', '/usr/local/share', '/usr/share'].map(
  (folder) => `${folder}/vulkan/icd.d`,
);
const NVIDIA_FOLDERS = ['/usr/local/nvidia/share/vulkan/icd.d'];
const LIBRARIES = [
  '/usr/local/nvidia/lib64',
  '/usr/local/nvidia/lib',
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib64',
];
/** NVIDIA's driver for Vulkan, without a display first. */
const DRIVERS = ['libEGL_nvidia.so.0', 'libGLX_nvidia.so.0'];

/**
 * @param packed the folder of the loader that came along
 * @param out where a description may be written
 * @returns environment variables to set, and what was found, a line each
 */
export function vulkanOf({ packed, out, environment = process.env }) {
  const found = [];
  const set = {};
  const libraries = (environment.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean);
  libraries.push(...LIBRARIES.slice(0, 2).filter((folder) => existsSync(folder)));
  if (hasLoader()) found.push("loader: the machine's");
  else if (existsSync(join(packed, 'libvulkan.so.1'))) {
    libraries.push(packed);
    found.push('loader: the one that came along');
  } else found.push('loader: none');
  set.LD_LIBRARY_PATH = libraries.join(':');
  const named = environment.VK_DRIVER_FILES || environment.VK_ICD_FILENAMES;
  const drivers = named ? [] : descriptions(FOLDERS);
  if (named) found.push(`driver: ${named}, by the environment`);
  else if (drivers.length > 0) found.push(`drivers: ${drivers.join(', ')}`);
  else {
    const own = descriptions(NVIDIA_FOLDERS)[0] ?? describe(out);
    if (own) set.VK_DRIVER_FILES = set.VK_ICD_FILENAMES = own;
    found.push(own ? `driver: ${own}, where no loader looks` : 'driver: none');
  }
  return { set, found };
}

function hasLoader() {
  try {
    process.dlopen({ exports: {} }, 'libvulkan.so.1');
  } catch (error) {
    // A library that was opened is no addon of Node's.
    return /did not self-register/.test(error.message);
  }
  return true;
}

const descriptions = (folders) =>
  folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((path) => path.endsWith('.json'));

/** Describes a driver that nobody has described. */
function describe(out) {
  const library = LIBRARIES.flatMap((folder) => DRIVERS.map((name) => join(folder, name))).find(existsSync);
  if (!library) return undefined;
  const file = join(out, 'nvidia_icd.json');
  const ICD = { library_path: library, api_version: '1.3.0' };
  writeFileSync(file, JSON.stringify({ file_format_version: '1.0.0', ICD }));
  return file;
}

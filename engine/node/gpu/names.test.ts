import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/support/cluster/cluster.js';
import { showsGpu } from './devices.js';
import { gpuNames } from './names.js';
import { missingLoader, vulkanDrivers } from './vulkan.js';

/** A machine whose drivers tell nothing. */
const silent = { nvidia: '/nowhere', drm: '/nowhere', environment: {}, askNvidia: () => '' };

it('engine classes of graphics processors name their makes, or say that they are unknown', async () => {
  const folder = await temporaryFolder();
  expect(gpuNames(silent)).toBe('unknown');
  for (const [slot, model] of ['NVIDIA H200', 'NVIDIA A10+G', 'NVIDIA H200'].entries()) {
    await mkdir(join(folder, `0000:0${slot}:00.0`));
    const text = `Model: \t\t ${model}\nIRQ:   \t\t 42\n`;
    await writeFile(join(folder, `0000:0${slot}:00.0`, 'information'), text);
  }
  expect(gpuNames({ ...silent, nvidia: folder })).toBe('NVIDIA-A10-G,NVIDIA-H200');
});

it("a container that hides the driver's files asks NVIDIA's tool, and without it the kernel", async () => {
  const drm = await temporaryFolder();
  await mkdir(join(drm, 'renderD128/device'), { recursive: true });
  await mkdir(join(drm, 'card0'));
  await writeFile(join(drm, 'renderD128/device/vendor'), '0x1002\n');
  await writeFile(join(drm, 'renderD128/device/device'), '0x744c\n');
  expect(gpuNames({ ...silent, drm, askNvidia: () => 'NVIDIA H200\nNVIDIA H200\n' })).toBe('NVIDIA-H200');
  const failing = () => {
    throw new Error('no such program');
  };
  expect(gpuNames({ ...silent, drm, askNvidia: failing })).toBe('pci-1002:744c');
});

it('Vulkan on the processor is named as such, whatever else the machine has', () => {
  const hasNvidia = { ...silent, askNvidia: () => 'NVIDIA H200' };
  const withDriver = (VK_DRIVER_FILES: string) =>
    gpuNames({ ...hasNvidia, environment: { VK_DRIVER_FILES } });
  expect(withDriver('/usr/lib/chromium/vk_swiftshader_icd.json')).toBe('SwiftShader');
  expect(withDriver('/usr/share/vulkan/icd.d/lvp_icd.x86_64.json')).toBe('lavapipe');
  expect(withDriver('/opt/nvidia_icd.json')).toBe('NVIDIA-H200');
});

it('a machine shows a graphics processor by its device files, or by a driver named in the environment', async () => {
  const devices = await temporaryFolder();
  const linux = { platform: 'linux', devices, environment: {} } as const;
  await writeFile(join(devices, 'nvidiactl'), '');
  expect(showsGpu(linux)).toBe(false);
  expect(showsGpu({ ...linux, environment: { VK_ICD_FILENAMES: '/some.json' } })).toBe(true);
  expect(showsGpu({ ...linux, platform: 'darwin' })).toBe(true);
  await mkdir(join(devices, 'dri'));
  await writeFile(join(devices, 'dri/renderD128'), '');
  expect(showsGpu(linux)).toBe(true);
  const other = await temporaryFolder();
  await writeFile(join(other, 'nvidia0'), '');
  expect(showsGpu({ ...linux, devices: other })).toBe(true);
});

it("Vulkan's drivers are those of the environment, or those that are installed", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'vulkan/icd.d'), { recursive: true });
  for (const name of ['b.json', 'a.json', 'README']) await writeFile(join(folder, 'vulkan/icd.d', name), '');
  expect(vulkanDrivers({}, ['/nowhere', folder])).toEqual(['a.json', 'b.json']);
  expect(vulkanDrivers({ VK_DRIVER_FILES: '/x.json:/y.json' }, [folder])).toEqual(['/x.json', '/y.json']);
});

it('a missing library is told in the words of the system', () => {
  expect(missingLoader('libnowhere.so.9')).toMatch(/libnowhere\.so\.9.*(No such file|not found)/);
});

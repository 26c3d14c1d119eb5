import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../test/support/cluster/cluster.js';
import { gpuNames } from './gpu-names.js';

it('engine classes of graphics processors name their makes, or say that they are unknown', async () => {
  const folder = await temporaryFolder();
  expect(gpuNames(join(folder, 'nowhere'))).toBe('unknown');
  for (const [slot, model] of ['NVIDIA H200', 'NVIDIA A10+G', 'NVIDIA H200'].entries()) {
    await mkdir(join(folder, `0000:0${slot}:00.0`));
    const text = `Model: \t\t ${model}\nIRQ:   \t\t 42\n`;
    await writeFile(join(folder, `0000:0${slot}:00.0`, 'information'), text);
  }
  expect(gpuNames(folder)).toBe('NVIDIA-A10-G,NVIDIA-H200');
});

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (path: string) => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));
const packages: Record<string, { hasInstallScript?: boolean }> = read('package-lock.json').packages;
const { allowScripts } = read('package.json');

/** npm 10 knows from this mark alone that there is a script to run, and npm 11 obeys `allowScripts`. */
it('installation never downloads the CUDA libraries of ONNX Runtime, whichever npm runs it', () => {
  expect(
    packages['node_modules/onnxruntime-node'],
    'delete "hasInstallScript" of onnxruntime-node from package-lock.json: npm 10 would fetch hundreds of megabytes',
  ).not.toHaveProperty('hasInstallScript');
  expect(allowScripts['onnxruntime-node']).toBe(false);
});

it('package.json decides for each install script whether npm 11 runs it, so that npm has nothing to warn of', () => {
  const undecided = Object.entries(packages)
    .filter(([path, { hasInstallScript }]) => path !== '' && hasInstallScript)
    .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
    .filter((name) => !(name in allowScripts));
  expect(undecided, 'none of our dependencies needs its script: add them to "allowScripts" as false').toEqual(
    [],
  );
});

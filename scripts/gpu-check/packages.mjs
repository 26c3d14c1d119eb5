// Which files of the packages that run travel: those that Node opens on this system, and no others.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const DOCUMENTS = /\.(map|md|ts|mts|cts)$|\/(LICENSE|CHANGELOG)[^/]*$/;
const OWN_PLATFORM = `${process.platform}/${process.arch}`;

/** Packages of which Node opens a part: what of a path within them is wanted. */
const PARTS = [
  [/^@tensorflow\/tfjs[^/]*\/dist\//, (path) => /\.(node\.js|wasm)$/.test(path)],
  [
    /^onnxruntime-web\/dist\//,
    (path) => /^(ort\.node\.min\.(m?js)|ort-wasm-simd-threaded\.(mjs|wasm))$/.test(basename(path)),
  ],
  [/^onnxruntime-node\/bin\/napi-v\d+\/[^/]+\/[^/]+\//, (path) => path.includes(`/${OWN_PLATFORM}/`)],
];

/** @returns `from`: a folder below `root`; `isWanted`: whether a path in it travels */
export function travelling(root) {
  const { packages } = JSON.parse(readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([path, { dev, devOptional }]) => path.startsWith('node_modules/') && !dev && !devOptional)
    .map(([from]) => ({ from, isWanted: (path) => isWanted(path.slice(root.length + 1)) }));
}

function isWanted(path) {
  const within = path.replace(/^.*node_modules\//, '');
  if (DOCUMENTS.test(path)) return false;
  const [, test] = PARTS.find(([pattern]) => pattern.test(within)) ?? [];
  return !test || !/\.\w+$/.test(within) || test(within);
}

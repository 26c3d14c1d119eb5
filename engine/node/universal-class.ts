/** The universal engine class as this installation has it, without loading its engine. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { classOf, UNIVERSAL_ENGINE } from '../../shared/engines/engines.js';

export function universalClass(): string {
  // The package does not export its package.json, which stands one folder above its entry.
  const entry = createRequire(import.meta.url).resolve('onnxruntime-web');
  const { version } = JSON.parse(readFileSync(join(dirname(entry), '../package.json'), 'utf8'));
  return classOf(UNIVERSAL_ENGINE, version);
}

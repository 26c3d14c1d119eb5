// Builds everything: AssemblyScript kernels -> an embedded module, TypeScript -> dist/ and its chunks, pages -> dist/browser/.
// What is built already is not built again. `node scripts/build.mjs NAME...` builds these parts alone.
import { parts } from './parts.mjs';
import { ifChanged } from './sources.mjs';

const wanted = process.argv.slice(2);
for (const part of parts) if (wanted.length === 0 || wanted.includes(part.name)) await ifChanged(part);

/**
 * RUN_DIR/built.jsonl: what took TF.js seconds when the run was started, the admission probe and the model's graphs,
 * so that a coordinator that goes on need not load it. Only a copy: it counts for the same model, data, sizes and
 * code (prepare/build-key.ts), and if it is whole; otherwise all is built again.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import type { BuildCache } from '../../prepare/build-key.js';
import { atomically } from './atomic-file.js';

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const header = z.object({ format: z.literal(1), key: hex, probe: hex, program: hex });

export const builtFile = (path: string): BuildCache => ({
  async read(key) {
    const text = await readFile(path, 'utf8').catch(() => '');
    const [first = '', probe = '', program = ''] = text.split('\n');
    const told = parse(first);
    const documents = { probe: Buffer.from(probe), program: Buffer.from(program) };
    const isWhole = told?.probe === sha256(documents.probe) && told.program === sha256(documents.program);
    return isWhole && told.key === key ? documents : undefined;
  },
  async write(key, { probe, program }) {
    const first = { format: 1, key, probe: sha256(probe), program: sha256(program) };
    const text = [JSON.stringify(first), probe.toString(), program.toString(), ''].join('\n');
    await atomically(path, (file) => file.writeFile(text));
  },
});

function parse(text: string): z.infer<typeof header> | undefined {
  try {
    return header.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * Finds out whether an ONNX Runtime accepts MLAS's blocked operators in a graph, and how large its blocks are. They
 * are internal to the runtime and depend on the processor (16 channels with AVX-512, 8 with AVX2), so this is
 * found out by running one.
 */
import { NCHWC } from './lower/blocks.js';
import { OnnxBuilder } from './onnx/builder.js';
import { encodeModel } from './onnx/encode.js';
import type { Runtime } from './runtime.js';

/** Sizes that the lowering is tested with. */
const KNOWN_SIZES = [8, 16];

/** @returns 0 where the runtime has no such operators, or blocks of a size that is not known */
export async function probeBlockSize({
  ort,
  session: options,
}: Pick<Runtime, 'ort' | 'session'>): Promise<number> {
  const shape = [1, 2 * Math.max(...KNOWN_SIZES), 1, 2];
  const values = Float32Array.from({ length: 64 }, (_, i) => i);
  const builder = new OnnxBuilder();
  const from = builder.emit('ReorderInput', ['x'], {}, NCHWC);
  const x = { name: 'x', type: 'float32', shape } as const;
  const model = encodeModel(builder.finish([x], [{ ...x, name: 'y', from }]));
  try {
    const session = await ort.InferenceSession.create(model, { ...options, logSeverityLevel: 4 });
    try {
      const { y } = await session.run({ x: new ort.Tensor('float32', values, shape) });
      // The second pixel of the first channel stands behind the first pixel's block of channels.
      const size = (y!.data as Float32Array).indexOf(1);
      return KNOWN_SIZES.includes(size) ? size : 0;
    } finally {
      await session.release();
    }
  } catch {
    return 0;
  }
}
